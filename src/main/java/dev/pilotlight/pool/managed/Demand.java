package dev.pilotlight.pool.managed;

import dev.pilotlight.signal.Forecast;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/**
 * The traffic of a whole pool over time, in pods' worth: what it was of late, how much it grew within one cold start, and what is to be
 * expected. It is the same whoever serves it, so pods that come and go change nothing.
 *
 * @param minute since the epoch, the one under way
 * @param sum of what was seen in it
 * @param looks that saw it
 * @param minutes means of the last whole minutes without a gap, the newest last
 * @param growths for each minute of the last week: by what factor the traffic grew in the cold start that followed
 * @param growth the factor to be ready for; empty until enough was seen
 * @param forecast of the sum
 */
record Demand(
        long minute,
        double sum,
        int looks,
        double[] minutes,
        double[] growths,
        OptionalDouble growth,
        Forecast forecast) {
    static final Demand UNKNOWN =
            new Demand(Long.MIN_VALUE, 0, 0, new double[0], new double[0], OptionalDouble.empty(), Forecast.NONE);

    /** What one of the last few cold starts needed, the next one may need again. */
    private static final int KEPT_COLD_STARTS = 4;

    private static final int MOST_GROWTHS = 7 * 24 * 60;
    /** From next to nothing any growth is large. */
    private static final double LEAST_BASE = 0.1;

    /**
     * @param pods that the traffic takes
     * @param coldStart how long a pod takes to come
     */
    Demand look(Instant now, double pods, ScalePolicy policy, Duration coldStart) {
        long current = Math.floorDiv(now.getEpochSecond(), 60);
        int coldMinutes = Math.max(1, (int) Math.ceilDiv(coldStart.toSeconds(), 60));
        Demand open = current == minute ? this : closed(current, policy, coldMinutes);
        return new Demand(
                current,
                open.sum + pods,
                open.looks + 1,
                open.minutes,
                open.growths,
                open.growth,
                forecast.advance(now, OptionalDouble.of(pods), OptionalInt.of(1), coldStart));
    }

    private Demand closed(long next, ScalePolicy policy, int coldMinutes) {
        double[] seen = looks > 0 ? with(minutes, sum / looks) : minutes;
        double[] grown = growths;
        int then = seen.length - 1 - coldMinutes;
        if (then >= 0) {
            double most = Arrays.stream(seen, then, seen.length).max().getAsDouble();
            grown = newest(with(growths, most / Math.max(LEAST_BASE, seen[then])), MOST_GROWTHS);
        }
        boolean isGap = next != minute + 1;
        int kept = KEPT_COLD_STARTS * coldMinutes;
        return new Demand(
                next, 0, 0, newest(seen, isGap ? 0 : kept), grown, growth(grown, policy, coldMinutes), forecast);
    }

    /**
     * What the traffic outgrew within one cold start for no more than the share of the time that is risked. One cold start of growth
     * without end counts as seen, so one that never came is not ruled out by a few hours.
     */
    private static OptionalDouble growth(double[] grown, ScalePolicy policy, int coldMinutes) {
        double[] all = Arrays.copyOf(grown, grown.length + coldMinutes);
        Arrays.fill(all, grown.length, all.length, Double.POSITIVE_INFINITY);
        Arrays.sort(all);
        int outgrown = (int) Math.clamp(policy.risk() * all.length, 0.0, all.length - 1.0);
        double growth = all[all.length - 1 - outgrown];
        return Double.isFinite(growth) ? OptionalDouble.of(growth) : OptionalDouble.empty();
    }

    /** The most of the last few cold starts. */
    double held() {
        return Arrays.stream(minutes).max().orElse(0);
    }

    /** One cold start from now; empty where no method has proved itself. */
    OptionalDouble ahead() {
        return forecast.ahead(minutes.length == 0 ? 0 : minutes[minutes.length - 1]);
    }

    private static double[] with(double[] all, double one) {
        double[] next = Arrays.copyOf(all, all.length + 1);
        next[all.length] = one;
        return next;
    }

    private static double[] newest(double[] all, int count) {
        return all.length <= count ? all : Arrays.copyOfRange(all, all.length - count, all.length);
    }
}
