package dev.pilotlight.gpu.dcgm;

import dev.pilotlight.http.Http;
import dev.pilotlight.http.Http.Answer;
import dev.pilotlight.prometheus.Limits;
import dev.pilotlight.prometheus.PrometheusText;
import java.time.Duration;
import java.time.Instant;

/** Fetches the exporter's page over HTTP, bounded in time and size. */
public final class DcgmPages implements PageSource {
    private final Http http;
    private final String path;
    private final Duration timeout;
    private PrometheusText text = new PrometheusText(DcgmMetrics.WANTED, Limits.DEFAULT);

    /** @param path of the page, from the root of the server */
    public DcgmPages(Http http, String path, Duration timeout) {
        this.http = http;
        this.path = path;
        this.timeout = timeout;
    }

    @Override
    public Page fetch(Instant now) {
        text.begin();
        return switch (http.get(path, timeout, text::feed)) {
            case Answer.Got got
            when got.status() == 200 && got.encoded().isPresent() ->
                new Page.Failed(got.encoded().get());
            case Answer.Got got when got.status() == 200 -> new Page.Fetched(text.end());
            case Answer.Got got -> new Page.Failed(got.redirect().orElse("answered " + got.status()));
            case Answer.Lost lost -> {
                // The wire may still hold on to the old one.
                text = new PrometheusText(DcgmMetrics.WANTED, Limits.DEFAULT);
                yield new Page.Failed(
                        switch (lost.cause()) {
                            case REFUSED -> "connection refused";
                            case TIMED_OUT -> "no answer within " + timeout.toMillis() + " ms";
                            case BROKEN, TLS, NAME -> lost.why();
                        });
            }
        };
    }
}
