package dev.pilotlight.signal;

import dev.pilotlight.engine.EngineSnapshot;
import java.util.OptionalDouble;

/**
 * What fills the engine first, its slots or its KV cache, as far as that was seen of this process.
 *
 * @param queuedSeconds for how long requests have been waiting, hardly with a break
 * @param plateau of the batch beside that queue
 * @param batch the most slots seen taken beside a queue; 0 until that was seen
 * @param most slots seen taken by two readings in a row: a limit below that is none
 * @param cacheUse of a KV cache that kept requests waiting, smoothed; absent until that was seen
 */
record Limits(double queuedSeconds, Plateau plateau, double batch, double most, OptionalDouble cacheUse) {
    static final Limits UNKNOWN = new Limits(0, Plateau.NONE, 0, 0, OptionalDouble.empty());

    /** The confidence in a slot limit that nobody told. */
    private static final double ASSUMED = 0.2;
    /** Requests wait for their turn in a burst, too: only a queue that outlasts this shows a full pod. */
    private static final double QUEUED_SECONDS = 20;

    /** A slot that has just ended is free between two steps: a reading without a queue takes that many seconds back. */
    private static final double FORGIVEN = 5;

    private static final double MOST_QUEUED_SECONDS = 29;

    static final String CACHE = "KV cache";

    private static final double LEAST_FULL_CACHE = 0.85;
    private static final double LEAST_USABLE_CACHE = 0.5;
    private static final double MEMORY_SECONDS = 60;

    /**
     * A stretch of readings with a queue in which the batch stayed as full as it was.
     *
     * @param least slots taken
     * @param most slots taken
     * @param seconds that it has lasted
     * @param turnover requests that came and went meanwhile
     */
    record Plateau(double least, double most, double seconds, double turnover) {
        static final Plateau NONE = new Plateau(0, 0, 0, 0);

        /** Slots whose requests have just ended are taken again in the next step. */
        private static final double BETWEEN_STEPS = 0.05;

        private static final double LEAST_SECONDS = 10;
        private static final double LEAST_TURNOVER = 5;

        Plateau advance(Interval seen) {
            double running = seen.requests().running();
            if (seen.requests().waiting() == 0) {
                return NONE;
            }
            double low = Math.min(least, running);
            double high = Math.max(most, running);
            return most > 0 && high - low <= Math.max(1, BETWEEN_STEPS * high)
                    ? new Plateau(
                            low,
                            high,
                            seconds + seen.seconds(),
                            turnover + seen.requests().finished())
                    : new Plateau(running, running, 0, 0);
        }

        /** A batch that keeps its slots taken while requests come and go, and others wait, has no more of them. */
        boolean isTheLimit() {
            return seconds >= LEAST_SECONDS && turnover >= LEAST_TURNOVER;
        }
    }

    Limits advance(Interval seen) {
        double queued = seen.requests().waiting() > 0
                ? Math.min(MOST_QUEUED_SECONDS, queuedSeconds + seen.seconds())
                : Math.max(0, queuedSeconds - FORGIVEN * seen.seconds());
        Plateau level = plateau.advance(seen);
        boolean cacheIsFull = seen.cacheUse().orElse(0) > LEAST_FULL_CACHE;
        double twice = Math.min(seen.requests().before(), seen.requests().running());
        return new Limits(
                queued,
                level,
                level.isTheLimit() && !cacheIsFull ? Math.max(batch, level.most()) : batch,
                Math.max(most, twice),
                queued >= QUEUED_SECONDS && cacheIsFull ? OptionalDouble.of(smoothed(seen)) : cacheUse);
    }

    private double smoothed(Interval seen) {
        double use = seen.cacheUse().orElseThrow();
        double before = cacheUse.orElse(use);
        return before + (use - before) * -Math.expm1(-seen.seconds() / MEMORY_SECONDS);
    }

    /**
     * How far the queue is one that lasts (1), and not requests that wait for their turn in a burst (0).
     *
     * @param stillSeconds that it will take to work off
     */
    double queueLasts(double stillSeconds) {
        return Math.min(1, (queuedSeconds + stillSeconds) / QUEUED_SECONDS);
    }

    boolean knowsSlots(SignalPolicy policy) {
        return policy.maxNumSeqs().isPresent() || batch > 0;
    }

    double slots(SignalPolicy policy, int ranks) {
        double said = policy.maxNumSeqs().isPresent()
                ? (double) policy.maxNumSeqs().getAsInt() * ranks
                : batch > 0 ? batch : (double) policy.assumedSeqs() * ranks;
        return Math.max(said, most);
    }

    /** A prompt enters only as a whole, so half of a request stays free on the mean; where the cache was seen full, as seen. */
    double usableCache(OptionalDouble share) {
        return cacheUse.orElse(Math.max(LEAST_USABLE_CACHE, 1 - share.orElse(0) / 2));
    }

    /** How much of what there is to have is taken, of slots or of the cache, whichever is fuller: 0..1. */
    double taken(EngineSnapshot page, double running, OptionalDouble share, SignalPolicy policy) {
        double ofSlots = running / slots(policy, page.ranks().size());
        double ofCache = running > 0 ? page.kvCacheUseMean().orElse(0) / usableCache(share) : 0;
        return Math.min(1, Math.max(ofSlots, ofCache));
    }

    Capacity capacity(EngineSnapshot page, Price price, SignalPolicy policy) {
        double slots = slots(policy, page.ranks().size());
        double cache = price.cacheShare().isPresent()
                ? usableCache(price.cacheShare()) / price.cacheShare().getAsDouble()
                : Double.POSITIVE_INFINITY;
        double evidence = page.kvCacheUseMean().isPresent() ? price.cache().evidence() : 1;
        if (cache < slots) {
            double known = (cacheUse.isPresent() ? 0.95 : 0.9) * (0.3 + 0.7 * evidence);
            // Until the cache was seen to end first, there may be fewer slots than it has room for.
            boolean isSeen = knowsSlots(policy) || cacheUse.isPresent();
            return new Capacity(Math.max(1, cache), isSeen ? known : Math.min(ASSUMED, known), CACHE);
        }
        if (policy.maxNumSeqs().isPresent()) {
            return new Capacity(slots, batch >= slots ? 1 : 0.4 + 0.6 * evidence, "--max-num-seqs");
        }
        return knowsSlots(policy)
                ? new Capacity(slots, 0.9, "batch seen full")
                : new Capacity(slots, ASSUMED, "vLLM's default slot limit; set pilotlight.engine.max-num-seqs");
    }
}
