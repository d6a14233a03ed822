package dev.pilotlight.gpu.dcgm;

import dev.pilotlight.prometheus.PageReading;
import java.time.Instant;

/** Fetches the exporter's page, read for {@link DcgmMetrics#WANTED}; it throws nothing and keeps its own timeout. */
@FunctionalInterface
public interface PageSource {
    Page fetch(Instant now);

    /** What fetching gave. */
    sealed interface Page {
        record Fetched(PageReading reading) implements Page {}

        /** The reason without the URL: "connection refused", "answered 404", "no answer within 2 s". */
        record Failed(String why) implements Page {}
    }
}
