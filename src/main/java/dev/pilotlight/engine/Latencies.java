package dev.pilotlight.engine;

import java.util.Optional;

/** vLLM's latency histograms, in seconds; each absent where the page has none. */
public record Latencies(
        Optional<Histogram> firstToken,
        Optional<Histogram> interToken,
        Optional<Histogram> endToEnd,
        Optional<Histogram> queueTime) {
    public static final Latencies NONE =
            new Latencies(Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty());

    public boolean isEmpty() {
        return firstToken.isEmpty() && interToken.isEmpty() && endToEnd.isEmpty() && queueTime.isEmpty();
    }
}
