package dev.pilotlight.signal;

import java.util.OptionalDouble;

/**
 * What a request is like these days: tokens that it generates and computes, the share of the KV cache that it holds. Means over a few
 * hundred requests, and over the last ones alone as soon as those are clearly of another kind.
 */
record RequestMix(Sums slow, Sums fast) {
    static final RequestMix UNKNOWN = new RequestMix(Sums.NONE, Sums.NONE);

    private static final double REQUESTS_REMEMBERED = 400;
    private static final double SHORTEST_MEMORY_SECONDS = 60;
    private static final double LONGEST_MEMORY_SECONDS = 600;
    private static final double FAST_SECONDS = 15;
    /** A change of a mean by this factor (e^0.35) is worth a jump, if so many requests say it that it is not chance. */
    private static final double LEAST_SHIFT = 0.35;

    private static final double DEVIATIONS = 5;
    /** Below this the gauge's own rounding hides what a request holds. */
    private static final double LEAST_CACHE_USE = 0.002;

    /**
     * Sums that fade.
     *
     * @param passed requests, counted half when they enter the batch and half when they end: while traffic rises or falls, either
     *     count alone is out of step with the tokens
     * @param admitted requests that entered the batch
     * @param places requests in the batch times seconds
     * @param cache share of the whole cache in use times seconds
     */
    record Sums(double passed, double admitted, double generated, double prompt, double places, double cache) {
        static final Sums NONE = new Sums(0, 0, 0, 0, 0, 0);

        Sums add(Interval seen, double keep) {
            boolean holds = seen.cacheUse().isPresent()
                    && seen.cacheUse().getAsDouble() > LEAST_CACHE_USE
                    && seen.running() >= 1;
            double grown = seen.running() - seen.runningBefore();
            return new Sums(
                    Math.max(0, passed * keep + seen.finished() + grown / 2),
                    Math.max(0, admitted * keep + seen.finished() + grown),
                    generated * keep + seen.generated(),
                    Math.max(0, prompt * keep + seen.prompt()),
                    places * keep + (holds ? seen.running() * seen.seconds() : 0),
                    cache * keep + (holds ? seen.cacheUse().getAsDouble() * seen.seconds() : 0));
        }

        double outputTokens() {
            return passed > 0 ? generated / passed : 0;
        }

        double promptTokens() {
            return admitted > 0 ? prompt / admitted : 0;
        }
    }

    RequestMix advance(Interval seen, double arrivalsPerSecond) {
        double memory = Math.clamp(
                REQUESTS_REMEMBERED / Math.max(arrivalsPerSecond, 1e-9),
                SHORTEST_MEMORY_SECONDS,
                LONGEST_MEMORY_SECONDS);
        Sums quick = fast.add(seen, Math.exp(-seen.seconds() / FAST_SECONDS));
        Sums steady = slow.add(seen, Math.exp(-seen.seconds() / memory));
        return new RequestMix(isOfAnotherKind(quick, steady) ? quick : steady, quick);
    }

    private static boolean isOfAnotherKind(Sums quick, Sums steady) {
        return isApart(quick.promptTokens(), steady.promptTokens(), quick.admitted)
                || isApart(quick.outputTokens(), steady.outputTokens(), quick.passed);
    }

    /** Lengths vary about as much as their mean, so a mean of n strays by 1/sqrt(n) of it. */
    private static boolean isApart(double mean, double before, double requests) {
        return mean > 0
                && before > 0
                && Math.abs(Math.log(mean / before)) > Math.max(LEAST_SHIFT, DEVIATIONS / Math.sqrt(requests));
    }

    boolean isKnown() {
        return slow.passed > 0 && slow.generated + slow.prompt > 0;
    }

    /** Requests that the means are made of. */
    double requests() {
        return slow.passed;
    }

    double outputTokens() {
        return slow.outputTokens();
    }

    /** Those that had to be computed. */
    double promptTokens() {
        return slow.promptTokens();
    }

    /** The share of the whole KV cache that one running request holds: weighed by time, so that the long ones count for more. */
    OptionalDouble cacheShare() {
        return slow.places > 0 && slow.cache > 0 ? OptionalDouble.of(slow.cache / slow.places) : OptionalDouble.empty();
    }

    /** Request-seconds that the share was seen over. */
    double shareEvidence() {
        return slow.places;
    }
}
