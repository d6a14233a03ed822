package dev.pilotlight.signal;

import java.util.OptionalDouble;

/**
 * What one request costs, as seen: sums that fade, of what was used and of who used it.
 *
 * @param podSeconds the share of the pod that was in use, times seconds
 * @param requests that passed through the batch
 * @param ended of these
 * @param slotSeconds requests in the batch times seconds
 */
record Price(double podSeconds, double requests, double ended, double slotSeconds, Cache cache, Tokens tokens) {
    static final Price UNKNOWN = new Price(0, 0, 0, 0, new Cache(0, 0), new Tokens(0, 0, 0));

    /**
     * What requests hold of the KV cache, while it was seen in use.
     *
     * @param slotSeconds requests in the batch times seconds
     * @param usedSeconds share of the whole cache in use times seconds
     */
    record Cache(double slotSeconds, double usedSeconds) {
        /** Request-seconds after which the share of the cache that a request holds is known. */
        private static final double ENOUGH_EVIDENCE = 60;
        /** Below this the gauge's own rounding hides what a request holds. */
        private static final double LEAST_USE = 0.002;

        Cache advance(Interval seen, double keep) {
            double running = seen.requests().running();
            double use = seen.cacheUse().orElse(0);
            boolean holds = use > LEAST_USE && running >= 1;
            return new Cache(
                    slotSeconds * keep + (holds ? running * seen.seconds() : 0),
                    usedSeconds * keep + (holds ? use * seen.seconds() : 0));
        }

        OptionalDouble share() {
            return slotSeconds > 0 && usedSeconds > 0
                    ? OptionalDouble.of(usedSeconds / slotSeconds)
                    : OptionalDouble.empty();
        }

        double evidence() {
            return Math.min(1, slotSeconds / ENOUGH_EVIDENCE);
        }
    }

    /**
     * What the steps of the engine were for.
     *
     * @param generated tokens
     * @param prompt tokens computed
     * @param reading of the cache, in tokens that could have been computed meanwhile
     */
    record Tokens(double generated, double prompt, double reading) {
        Tokens advance(Interval seen, double keep) {
            double use = seen.cacheUse().orElse(0);
            return new Tokens(
                    generated * keep + seen.work().map(Interval.Work::generated).orElse(0.0),
                    Math.max(
                            0,
                            prompt * keep
                                    + seen.work().map(Interval.Work::prompt).orElse(0.0)),
                    reading * keep
                            + seen.work()
                                    .map(work -> StepTimes.reading(work, use))
                                    .orElse(0.0));
        }
    }

    /** One request tells little of the next. */
    private static final double A_FEW = 5;

    /** A price that changed by this factor (e^0.35) is another one. */
    private static final double LEAST_SHIFT = 0.35;

    private static final double DEVIATIONS = 4;

    private static final double LOST_OF_GROWN = 0.45;

    /** @param inUse share of the pod, 0..1 */
    Price advance(Interval seen, double inUse, double memorySeconds) {
        double keep = Math.exp(-seen.seconds() / memorySeconds);
        return new Price(
                podSeconds * keep + inUse * seen.seconds(),
                requests * keep + passed(seen.requests()),
                ended * keep + seen.requests().finished(),
                slotSeconds * keep + seen.requests().running() * seen.seconds(),
                cache.advance(seen, keep),
                tokens.advance(seen, keep));
    }

    /** A prompt is computed when a request enters; of its answer, half is done on the mean. */
    private double passed(Interval.Requests seen) {
        double atOnce = tokens.prompt / Math.max(1, tokens.generated + tokens.prompt + tokens.reading);
        return seen.finished() + (seen.running() - seen.before()) * (1 + atOnce) / 2;
    }

    /** Seconds of the whole pod that one request takes, one over the requests per second that it sustains; of some that never ended nobody knows. */
    OptionalDouble each() {
        return requests >= A_FEW && ended >= 1 && podSeconds > 0
                ? OptionalDouble.of(podSeconds / requests)
                : OptionalDouble.empty();
    }

    /** Whether requests of late are clearly other ones: lengths vary about as much as their mean, so n of them stray by 1/sqrt(n). */
    boolean isOverBy(Price late) {
        return each().isPresent()
                && late.each().isPresent()
                && Math.abs(Math.log(late.each().getAsDouble() / each().getAsDouble()))
                        > Math.max(LEAST_SHIFT, DEVIATIONS / Math.sqrt(late.requests));
    }

    /** How long a request stays in the batch. */
    double staySeconds() {
        return requests > 0 ? slotSeconds / requests : 0;
    }

    /** The share of the whole KV cache that one running request holds. */
    OptionalDouble cacheShare() {
        return cache.share();
    }

    /** What a step holds for each request in it, in tokens. */
    double sizePerRequest() {
        return (tokens.generated + tokens.prompt + tokens.reading) / Math.max(1, Math.max(tokens.generated, requests));
    }

    /**
     * A full KV cache makes room for growing answers by throwing out the youngest request, and what it had computed is computed twice.
     * The more of the cache is grown, not computed at once, the more that is; the factor is the simulator's.
     */
    double lostWhereTheCacheIsFull() {
        return tokens.generated > 0 ? LOST_OF_GROWN / (1 + 2 * tokens.prompt / tokens.generated) : 0;
    }
}
