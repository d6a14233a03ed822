package dev.pilotlight.signal;

import java.util.OptionalDouble;

/**
 * What a full pod was seen to do, and so the measure of everything that was only computed.
 *
 * @param queuedSeconds for how long requests have been waiting without a break
 * @param places in the batch, at each reading of that time the same; 0 as soon as they differ
 * @param turnover requests that finished while the places stayed the same
 * @param batchLimit the most places seen taken beside a queue; 0 until that was seen
 * @param cacheUse of a KV cache that kept requests waiting, smoothed; absent until that was seen
 * @param work done per second over what the costs say a pod can do, smoothed: 1 when the costs are right and the pod is full
 * @param scale the work at which the pod is full in truth; absent until it was seen full, or doing more than the costs allow
 */
record Fullness(
        double queuedSeconds,
        double places,
        double turnover,
        double batchLimit,
        OptionalDouble cacheUse,
        double work,
        OptionalDouble scale) {
    static final Fullness UNKNOWN = new Fullness(0, 0, 0, 0, OptionalDouble.empty(), 0, OptionalDouble.empty());

    /** Requests wait for their turn in a burst, too: only a queue that outlasts this shows a full pod. */
    private static final double QUEUED_SECONDS = 20;
    /** A batch that keeps so many places taken while so many requests come and go has no more of them. */
    private static final double TURNOVER = 5;

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
        boolean steady = queued && seen.running() == places;
        double turned = steady ? turnover + seen.finished() : 0;
        boolean cacheIsFull = seen.cacheUse().orElse(0) > LEAST_FULL_CACHE;
        boolean batchIsFull = steady && turned >= TURNOVER && !cacheIsFull;
        // A learned limit that is exceeded was none.
        double limit = batchIsFull
                ? Math.max(batchLimit, seen.running())
                : batchLimit > 0 ? Math.max(batchLimit, seen.running()) : 0;
        boolean full = queuedNow >= QUEUED_SECONDS;
        double pace = -Math.expm1(-seen.seconds() / MEMORY_SECONDS);
        OptionalDouble use = full && cacheIsFull
                ? OptionalDouble.of(
                        cacheUse.isEmpty()
                                ? seen.cacheUse().getAsDouble()
                                : cacheUse.getAsDouble()
                                        + (seen.cacheUse().getAsDouble() - cacheUse.getAsDouble()) * pace)
                : cacheUse;
        double workNow = workDone.isPresent() ? work + (workDone.getAsDouble() / seen.seconds() - work) * pace : work;
        return new Fullness(
                queuedNow,
                queued ? seen.running() : 0,
                turned,
                limit,
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
        return new Fullness(0, 0, 0, batchLimit, cacheUse, 0, scale);
    }
}
