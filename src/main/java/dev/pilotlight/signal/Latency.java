package dev.pilotlight.signal;

import dev.pilotlight.engine.Histogram;
import java.util.Optional;
import java.util.OptionalDouble;

/** Mean and 95th percentile of a latency over the last window, in seconds; absent when nothing ended in it. */
public record Latency(OptionalDouble mean, OptionalDouble p95) {
    public static final Latency UNKNOWN = new Latency(OptionalDouble.empty(), OptionalDouble.empty());

    static Latency between(Optional<Histogram> earlier, Optional<Histogram> later) {
        if (earlier.isEmpty() || later.isEmpty()) {
            return UNKNOWN;
        }
        Histogram window = later.get().since(earlier.get());
        return new Latency(window.mean(), window.quantile(0.95));
    }
}
