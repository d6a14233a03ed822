package dev.pilotlight.metrics;

import dev.pilotlight.drain.DrainGate;
import dev.pilotlight.loop.ControlLoop;
import dev.pilotlight.loop.Picture;
import dev.pilotlight.loop.SteadyClock;
import dev.pilotlight.metrics.MetricsText.Format;
import io.vertx.core.Handler;
import io.vertx.core.buffer.Buffer;
import io.vertx.ext.web.RoutingContext;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.time.Instant;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/** The page for Prometheus: written once for each picture, however many ask for it. */
@Singleton
public final class MetricsPage implements Handler<RoutingContext> {
    /** The ages on the page grow while the picture stays. */
    private static final Duration FRESH = Duration.ofMillis(250);

    private final ControlLoop loop;
    private final DrainGate drains;
    private final SteadyClock clock;
    private final String version;
    private volatile Page plain = new Page(null, Instant.MIN, Buffer.buffer());
    private volatile Page open = plain;

    private record Page(Picture of, Instant at, Buffer text) {}

    MetricsPage(
            ControlLoop loop,
            DrainGate drains,
            SteadyClock clock,
            @ConfigProperty(name = "quarkus.application.version") String version) {
        this.loop = loop;
        this.drains = drains;
        this.clock = clock;
        this.version = version;
    }

    @Override
    public void handle(RoutingContext context) {
        String accept = context.request().getHeader("Accept");
        boolean isOpen = accept != null && accept.contains("application/openmetrics-text");
        context.response()
                .putHeader("Content-Type", (isOpen ? Format.OPEN_METRICS : Format.PLAIN).contentType)
                .end(page(isOpen).text());
    }

    private Page page(boolean isOpen) {
        Page last = isOpen ? open : plain;
        Picture picture = loop.board().picture();
        Instant now = clock.now();
        if (last.of() == picture && Duration.between(last.at(), now).compareTo(FRESH) < 0) {
            return last;
        }
        Page next = new Page(
                picture,
                now,
                Buffer.buffer(MetricsText.of(
                        picture, drains.refusals(), version, now, isOpen ? Format.OPEN_METRICS : Format.PLAIN)));
        if (isOpen) {
            open = next;
        } else {
            plain = next;
        }
        return next;
    }
}
