package dev.pilotlight.engine;

import java.util.Optional;

/** vLLM's latency histograms, in seconds; each absent where the page has none. */
public record Latencies(Optional<Histogram> firstToken, Optional<Histogram> interToken) {
    public static final Latencies NONE = new Latencies(Optional.empty(), Optional.empty());

    public boolean isEmpty() {
        return firstToken.isEmpty() && interToken.isEmpty();
    }

    /** Of two servers together; without those that cannot be added up. */
    Latencies plus(Latencies other) {
        return new Latencies(plus(firstToken, other.firstToken), plus(interToken, other.interToken));
    }

    private static Optional<Histogram> plus(Optional<Histogram> one, Optional<Histogram> other) {
        return one.isEmpty() ? other : other.isEmpty() ? one : one.get().plus(other.get());
    }
}
