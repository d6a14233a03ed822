package dev.pilotlight.signal;

import java.util.OptionalDouble;

/**
 * What a request is like these days: tokens that it generates and computes, the share of the KV cache that it holds. Means over a few
 * hundred requests, and over the last ones alone as soon as those are clearly heavier.
 *
 * @param slow what the means are made of
 * @param fast the last seconds
 * @param made tokens generated in the last minutes, whoever waited for them
 * @param delivered tokens of them that belong to requests which finished
 * @param inBatch requests in the batch
 */
record RequestMix(Sums slow, Sums fast, double made, double delivered, double inBatch) {
    static final RequestMix UNKNOWN = new RequestMix(Sums.NONE, Sums.NONE, 0, 0, 0);

    private static final double REQUESTS_REMEMBERED = 400;
    private static final double SHORTEST_MEMORY_SECONDS = 60;
    private static final double LONGEST_MEMORY_SECONDS = 600;
    private static final double FAST_SECONDS = 15;
    /** A mean that rose by this factor (e^0.35) is worth a jump, if so many requests say it that it is not chance. */
    private static final double LEAST_SHIFT = 0.35;

    private static final double DEVIATIONS = 5;
    /** While the batch grows by more than this share of what passes, the short requests come out first. */
    private static final double STEADY_GROWTH = 0.25;
    /** Below this the gauge's own rounding hides what a request holds. */
    private static final double LEAST_CACHE_USE = 0.002;
    /** More tokens than this over those delivered were made for clients that hung up: vLLM counts these as no requests. */
    private static final double LEAST_WASTE = 1.15;

    private static final double MOST_WASTE = 4;
    private static final double ENOUGH_TO_SEE_WASTE = 100;

    /**
     * Sums that fade.
     *
     * @param finished requests
     * @param answered tokens that these had got
     * @param grown requests by which the batch grew
     * @param generated tokens, for whatever request
     * @param prompt tokens computed
     * @param places requests in the batch times seconds
     * @param cache share of the whole cache in use times seconds
     */
    record Sums(
            double finished,
            double answered,
            double grown,
            double generated,
            double prompt,
            double places,
            double cache) {
        static final Sums NONE = new Sums(0, 0, 0, 0, 0, 0, 0);

        Sums add(Interval seen, double keep) {
            boolean holds = seen.cacheUse().isPresent()
                    && seen.cacheUse().getAsDouble() > LEAST_CACHE_USE
                    && seen.running() >= 1;
            return new Sums(
                    finished * keep + seen.finished(),
                    answered * keep + seen.answered().orElse(0),
                    grown * keep + seen.running() - seen.runningBefore(),
                    generated * keep + seen.generated(),
                    Math.max(0, prompt * keep + seen.prompt()),
                    places * keep + (holds ? seen.running() * seen.seconds() : 0),
                    cache * keep + (holds ? seen.cacheUse().getAsDouble() * seen.seconds() : 0));
        }

        /** Requests that entered the batch. */
        double admitted() {
            return Math.max(0, finished + grown);
        }

        /** Where the page does not say what was answered: a request counts half when it enters, half when it ends. */
        double outputTokens() {
            double passed = Math.max(0, finished + grown / 2);
            return answered > 0 && finished > 0 ? answered / finished : passed > 0 ? generated / passed : 0;
        }

        double promptTokens() {
            return admitted() > 0 ? prompt / admitted() : 0;
        }
    }

    RequestMix advance(Interval seen, double arrivalsPerSecond) {
        double memory = Math.clamp(
                REQUESTS_REMEMBERED / Math.max(arrivalsPerSecond, 1e-9),
                SHORTEST_MEMORY_SECONDS,
                LONGEST_MEMORY_SECONDS);
        Sums quick = fast.add(seen, Math.exp(-seen.seconds() / FAST_SECONDS));
        Sums steady = slow.add(seen, Math.exp(-seen.seconds() / memory));
        double keep = Math.exp(-seen.seconds() / LONGEST_MEMORY_SECONDS);
        return new RequestMix(
                isHeavier(quick, steady) ? quick : steady,
                quick,
                made * keep + seen.generated(),
                delivered * keep + seen.answered().orElse(seen.generated()),
                seen.running());
    }

    /** Heavier requests are news at once; lighter ones show as the others fade, lest a pod be taken away too soon. */
    private static boolean isHeavier(Sums quick, Sums steady) {
        boolean growsSlowly = Math.abs(quick.grown) < STEADY_GROWTH * quick.finished;
        return isHeavier(quick.promptTokens(), steady.promptTokens(), quick.admitted())
                || growsSlowly && isHeavier(quick.outputTokens(), steady.outputTokens(), quick.finished);
    }

    /** Lengths vary about as much as their mean, so a mean of n strays by 1/sqrt(n) of it. */
    private static boolean isHeavier(double mean, double before, double requests) {
        return mean > 0
                && before > 0
                && Math.log(mean / before) > Math.max(LEAST_SHIFT, DEVIATIONS / Math.sqrt(requests));
    }

    boolean isKnown() {
        return slow.finished > 0 && slow.generated + slow.prompt > 0;
    }

    /** With its share of the tokens made for clients that hung up. */
    double outputTokens() {
        double perRequest = slow.outputTokens();
        double waste = made / Math.max(1, delivered + inBatch * perRequest / 2);
        boolean isSure = waste > LEAST_WASTE && delivered > ENOUGH_TO_SEE_WASTE * perRequest;
        return isSure ? perRequest * Math.min(waste, MOST_WASTE) : perRequest;
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
