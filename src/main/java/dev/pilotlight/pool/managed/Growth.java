package dev.pilotlight.pool.managed;

import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.OptionalDouble;

/**
 * By how much the traffic of a pool was seen to grow while a pod comes.
 *
 * @param minute since the epoch, the newest one noted
 * @param minutes the traffic at the end of each of the last minutes without a gap, the newest last: one cold start of them
 * @param factors for each minute of the last week: the most of the cold start that followed, over what was then
 * @param factor to be ready for; empty until enough was seen
 */
record Growth(long minute, double[] minutes, double[] factors, OptionalDouble factor) {
    static final Growth UNKNOWN = new Growth(Long.MIN_VALUE, new double[0], new double[0], OptionalDouble.empty());

    private static final int MOST_FACTORS = 7 * 24 * 60;
    /** Pods' worth: from next to nothing any growth is large. */
    private static final double LEAST_BASE = 0.1;

    /**
     * @param pods that the traffic takes now
     * @param risk share of the time in which it may grow by more
     */
    Growth advance(Instant now, double pods, double risk, Duration coldStart) {
        long current = Math.floorDiv(now.getEpochSecond(), 60);
        if (current == minute) {
            return this;
        }
        int coldMinutes = Math.max(1, (int) Math.ceilDiv(coldStart.toSeconds(), 60));
        double[] seen = newest(current == minute + 1 ? minutes : new double[0], pods, coldMinutes + 1);
        if (seen.length <= coldMinutes) {
            return new Growth(current, seen, factors, factor);
        }
        double most = Arrays.stream(seen).max().orElseThrow();
        double[] grown = newest(factors, most / Math.max(LEAST_BASE, seen[0]), MOST_FACTORS);
        return new Growth(current, seen, grown, factor(grown, risk, coldMinutes));
    }

    /** What such traffic may grow by until a pod that is ordered now has come; empty until enough was seen. */
    OptionalDouble of(double pods) {
        return factor.isPresent()
                ? OptionalDouble.of(Math.max(LEAST_BASE, pods) * factor.getAsDouble() - pods)
                : factor;
    }

    /**
     * What the traffic outgrew within one cold start for no more than the share of the time that is risked. One cold start of growth
     * without end counts as seen, so one that never came is not ruled out by a few hours.
     */
    private static OptionalDouble factor(double[] factors, double risk, int coldMinutes) {
        double[] all = Arrays.copyOf(factors, factors.length + coldMinutes);
        Arrays.fill(all, factors.length, all.length, Double.POSITIVE_INFINITY);
        Arrays.sort(all);
        int outgrown = (int) Math.clamp(risk * all.length, 0.0, all.length - 1.0);
        double factor = all[all.length - 1 - outgrown];
        return Double.isFinite(factor) ? OptionalDouble.of(factor) : OptionalDouble.empty();
    }

    private static double[] newest(double[] all, double one, int count) {
        int kept = Math.min(all.length, count - 1);
        double[] next = Arrays.copyOfRange(all, all.length - kept, all.length + 1);
        next[kept] = one;
        return next;
    }
}
