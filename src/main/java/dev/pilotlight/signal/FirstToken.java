package dev.pilotlight.signal;

import java.time.Duration;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * The time to first token of an empty pod, where an objective is set for it.
 *
 * @param seconds 95th percentile; believed to be none until seen
 */
record FirstToken(double seconds) {
    static final FirstToken NONE = new FirstToken(0);

    /** Long against the first minutes of a start, in which prompts of each new length wait for their kernels. */
    private static final double MEMORY_SECONDS = 300;
    /** Near saturation the first token waits for the queue, which says little of an empty pod. */
    private static final double FAR_FROM_FULL = 0.9;
    /** An objective that an empty pod can hardly meet is not met by more pods either. */
    private static final double LEAST_WITHIN = 0.5;

    /**
     * @param p95 of the last minute
     * @param load beside which it was
     * @param elapsed seconds
     */
    FirstToken advance(OptionalDouble p95, double load, Optional<Duration> slo, double elapsed) {
        if (slo.isEmpty() || p95.isEmpty() || load > FAR_FROM_FULL) {
            return this;
        }
        double empty = Math.min(p95.getAsDouble() * (1 - load), seconds(slo.get()) * (1 - LEAST_WITHIN));
        return new FirstToken(seconds + (empty - seconds) * -Math.expm1(-elapsed / MEMORY_SECONDS));
    }

    /** The load at which the first token comes just in time, where that has to. */
    double within(Optional<Duration> slo) {
        return slo.isPresent() ? Math.clamp(1 - seconds / seconds(slo.get()), LEAST_WITHIN, 1) : 1;
    }

    private static double seconds(Duration duration) {
        return duration.toNanos() / 1e9;
    }
}
