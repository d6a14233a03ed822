package dev.pilotlight.signal;

import java.util.OptionalDouble;

/**
 * What a full pod was seen to do, and so the measure of everything that was only computed.
 *
 * @param queuedSeconds for how long requests have been waiting without a break
 * @param plateau of the batch beside that queue
 * @param batchLimit the most places seen taken beside a queue; 0 until that was seen
 * @param most places ever seen taken: a limit below that is none
 * @param cacheUse of a KV cache that kept requests waiting, smoothed; absent until that was seen
 * @param work done per second over what the costs say a pod can do, smoothed: 1 when the costs are right and the pod is full
 * @param scale the work at which the pod is full in truth; absent until it was seen full, or doing more than the costs allow
 */
record Fullness(
        double queuedSeconds,
        Plateau plateau,
        double batchLimit,
        double most,
        OptionalDouble cacheUse,
        double work,
        OptionalDouble scale) {
    static final Fullness UNKNOWN =
            new Fullness(0, Plateau.NONE, 0, 0, OptionalDouble.empty(), 0, OptionalDouble.empty());

    /** Requests wait for their turn in a burst, too: only a queue that outlasts this shows a full pod. */
    private static final double QUEUED_SECONDS = 20;

    /**
     * A stretch of readings with a queue in which the batch stayed as full as it was.
     *
     * @param least places taken
     * @param most places taken
     * @param seconds that it has lasted
     * @param turnover requests that came and went meanwhile
     */
    record Plateau(double least, double most, double seconds, double turnover) {
        static final Plateau NONE = new Plateau(0, 0, 0, 0);

        /** Places whose requests have just ended are taken again in the next step. */
        private static final double BETWEEN_STEPS = 0.05;

        private static final double LEAST_SECONDS = 10;
        private static final double LEAST_TURNOVER = 5;

        Plateau advance(Interval seen) {
            if (seen.waiting() == 0) {
                return NONE;
            }
            double low = Math.min(least, seen.running());
            double high = Math.max(most, seen.running());
            return most > 0 && high - low <= Math.max(1, BETWEEN_STEPS * high)
                    ? new Plateau(low, high, seconds + seen.seconds(), turnover + seen.finished())
                    : new Plateau(seen.running(), seen.running(), 0, 0);
        }

        /** A batch that keeps its places taken while requests come and go, and others wait, has no more of them. */
        boolean isTheLimit() {
            return seconds >= LEAST_SECONDS && turnover >= LEAST_TURNOVER;
        }
    }

    private static final double LEAST_FULL_CACHE = 0.85;
    private static final double MEMORY_SECONDS = 60;
    private static final double LEAST_SCALE = 0.5;
    private static final double MOST_SCALE = 2;

    /**
     * @param workDone since the reading before, in pod-seconds by the costs; absent while these are unknown
     * @param assumedScale what the scale is taken for until it is known
     */
    Fullness advance(Interval seen, OptionalDouble workDone, double assumedScale) {
        boolean queued = seen.waiting() > 0;
        double queuedNow = queued ? queuedSeconds + seen.seconds() : 0;
        Plateau level = plateau.advance(seen);
        boolean cacheIsFull = seen.cacheUse().orElse(0) > LEAST_FULL_CACHE;
        double limit = level.isTheLimit() && !cacheIsFull ? Math.max(batchLimit, level.most()) : batchLimit;
        boolean full = queuedNow >= QUEUED_SECONDS;
        double pace = -Math.expm1(-seen.seconds() / MEMORY_SECONDS);
        OptionalDouble use = full && cacheIsFull
                ? OptionalDouble.of(
                        cacheUse.isEmpty()
                                ? seen.cacheUse().getAsDouble()
                                : cacheUse.getAsDouble()
                                        + (seen.cacheUse().getAsDouble() - cacheUse.getAsDouble()) * pace)
                : cacheUse;
        // One interval, whatever it says, does not make a pod that was seen to do more than the costs allow.
        double workNow = workDone.isPresent()
                ? work + (Math.min(2 * MOST_SCALE, workDone.getAsDouble() / seen.seconds()) - work) * pace
                : work;
        return new Fullness(
                queuedNow,
                level,
                limit,
                // Two readings have to say it: what is never forgotten is not taken from one.
                Math.max(most, Math.min(seen.runningBefore(), seen.running())),
                use,
                workNow,
                scale(
                        full && workDone.isPresent() ? workDone.getAsDouble() / seen.seconds() : -1,
                        workNow,
                        assumedScale,
                        pace));
    }

    private OptionalDouble scale(double whenFull, double workNow, double assumed, double pace) {
        if (whenFull >= 0) {
            double before = scale.orElse(assumed);
            return OptionalDouble.of(Math.clamp(before + (whenFull - before) * pace, LEAST_SCALE, MOST_SCALE));
        }
        return workNow > scale.orElse(1) ? OptionalDouble.of(Math.min(workNow, MOST_SCALE)) : scale;
    }

    /** How far the queue is one that lasts (1), and not requests that wait for their turn in a burst (0). */
    double queueLasts() {
        return Math.min(1, queuedSeconds / QUEUED_SECONDS);
    }

    /** What was learned stays when the engine's process is replaced; what was going on does not. */
    Fullness afterRestart() {
        return new Fullness(0, Plateau.NONE, batchLimit, most, cacheUse, 0, scale);
    }
}
