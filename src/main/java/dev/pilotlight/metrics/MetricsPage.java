package dev.pilotlight.metrics;

import dev.pilotlight.loop.ControlLoop;
import dev.pilotlight.loop.Picture;
import dev.pilotlight.loop.SteadyClock;
import io.prometheus.client.Collector.MetricFamilySamples;
import io.prometheus.client.exporter.common.TextFormat;
import io.vertx.core.Handler;
import io.vertx.core.buffer.Buffer;
import io.vertx.ext.web.RoutingContext;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.List;

/** The page for Prometheus: written once for each picture, however many ask for it. */
@Singleton
public final class MetricsPage implements Handler<RoutingContext> {
    /** The ages on the page grow while the picture stays. */
    private static final Duration FRESH = Duration.ofMillis(250);

    private static final String OPEN_METRICS = TextFormat.CONTENT_TYPE_OPENMETRICS_100;
    private static final String PLAIN = TextFormat.CONTENT_TYPE_004;

    private final ControlLoop loop;
    private final PictureMeters meters;
    private final SteadyClock clock;
    private volatile Page plain = new Page(null, Instant.MIN, Buffer.buffer());
    private volatile Page open = plain;

    private record Page(Picture of, Instant at, Buffer text) {}

    MetricsPage(ControlLoop loop, PictureMeters meters, SteadyClock clock) {
        this.loop = loop;
        this.meters = meters;
        this.clock = clock;
    }

    @Override
    public void handle(RoutingContext context) {
        String accept = context.request().getHeader("Accept");
        boolean isOpen = accept != null && accept.contains("application/openmetrics-text");
        context.response()
                .putHeader("Content-Type", isOpen ? OPEN_METRICS : PLAIN)
                .end(page(isOpen).text());
    }

    private Page page(boolean isOpen) {
        Page last = isOpen ? open : plain;
        Picture picture = loop.board().picture();
        Instant now = clock.now();
        if (last.of() == picture && Duration.between(last.at(), now).compareTo(FRESH) < 0) {
            return last;
        }
        Page next = new Page(picture, now, text(meters.collect(), isOpen ? OPEN_METRICS : PLAIN));
        if (isOpen) {
            open = next;
        } else {
            plain = next;
        }
        return next;
    }

    private static Buffer text(List<MetricFamilySamples> families, String type) {
        StringWriter text = new StringWriter(8 << 10);
        try {
            TextFormat.writeFormat(type, text, Collections.enumeration(families));
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        return Buffer.buffer(text.toString());
    }
}
