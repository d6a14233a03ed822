package dev.pilotlight.signal;

import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/**
 * The load that is to be expected one cold start from now, or nothing. A few plain methods (trends of three speeds, the same time of the
 * days before, the same time a week ago) each promise a value every minute; when its time comes, the promise is held against what came
 * and against "no change". Only a method that has clearly beaten "no change" over many promises is published.
 *
 * <p>What is forecast is the traffic, not this pod's share of it, which changes with the number of pods. Where that number is known (the
 * plan of a managed pool), the load of all of them is forecast. Where it is not, a load that jumps from one minute to the next is taken
 * for another number of pods or a burst, neither of which says where the traffic is going: jumps are left out of what is learned. Bounded:
 * eight days of minutes.
 *
 * @param minute since the epoch, the one under way
 * @param sum of the loads seen in it, of all pods where their number is known
 * @param count of them
 * @param pods that share the traffic; 0 while that is not known
 * @param jumps logarithm of all jumps taken out so far
 * @param spread mean square of the change from minute to minute, jumps left out
 * @param known minutes without a break before this one
 * @param shape logarithm of the load without its jumps, by minute modulo its length; not a number where it was not seen
 * @param trends level and slope per minute of each speed of trend
 * @param seasons how far the traffic stands above the same time of the days before, and above a week ago
 * @param promises by method and minute modulo {@link #FARTHEST_MINUTES}
 * @param tally by method: error, error of "no change", number of promises that came due
 * @param horizonMinutes how far ahead the promises are
 */
public record Forecast(
        long minute,
        double sum,
        int count,
        int pods,
        double jumps,
        double spread,
        int known,
        float[] shape,
        double[][] trends,
        double[] seasons,
        float[][] promises,
        double[][] tally,
        int horizonMinutes) {

    private static final int FARTHEST_MINUTES = 64;
    private static final int DAY = 1440;
    private static final int WEEK = 7 * DAY;
    private static final int MINUTES = 8 * DAY;

    /** Minutes over which each trend smooths its level, and its slope. */
    private static final double[][] SPEEDS = {{3, 15}, {8, 40}, {20, 120}};

    private static final int BY_DAY = SPEEDS.length;
    private static final int BY_WEEK = BY_DAY + 1;
    private static final int METHODS = BY_WEEK + 1;
    private static final double SEASON_MINUTES = 20;
    /** The same time of another day is the mean of so many minutes on each side of it. */
    private static final int SEASON_WINDOW = 5;

    private static final double SPREAD_MINUTES = 120;
    /** A step of a quarter within a minute is a jump, unless the load often does that. */
    private static final double LEAST_JUMP = 0.25;

    private static final double JUMP_DEVIATIONS = 5;
    /** Added to every load before the logarithm: below that, all is idle. */
    private static final double IDLE = 0.02;

    private static final double TALLY_MINUTES = DAY;
    private static final int LEAST_PROMISES = 60;
    private static final int LEAST_HORIZONS = 10;
    /** By how much a method has to beat "no change" before it is believed. */
    private static final double BELIEVED = 0.8;
    /** However sure, no forecast is farther than this from the load. */
    private static final double FARTHEST = 4;

    public static final Forecast NONE = new Forecast(
            Long.MIN_VALUE,
            0,
            0,
            0,
            0,
            0,
            0,
            unknown(MINUTES),
            new double[SPEEDS.length][2],
            new double[] {Double.NaN, Double.NaN},
            blank(),
            new double[METHODS][3],
            0);

    /**
     * @param load of a pod that takes traffic, at {@code now}; absent otherwise
     * @param sharedBy pods that share the traffic, this one among them, where that is known
     */
    public Forecast advance(Instant now, OptionalDouble load, OptionalInt sharedBy, Duration horizon) {
        int ahead = Math.clamp(Math.ceilDiv(horizon.toSeconds(), 60), 1, FARTHEST_MINUTES - 1);
        Forecast aimed = ahead == horizonMinutes ? this : aimedAt(ahead);
        long current = Math.floorDiv(now.getEpochSecond(), 60);
        Forecast closed = current == minute ? aimed : aimed.closedBefore(current);
        return load.isPresent() ? closed.with(load.getAsDouble(), sharedBy.orElse(0)) : closed;
    }

    /** When the number of pods becomes known, or is known no more, another thing is measured: what was begun does not go on. */
    private Forecast with(double load, int sharedBy) {
        boolean goesOn = sharedBy > 0 == pods > 0;
        return new Forecast(
                minute,
                (goesOn ? sum : 0) + load * Math.max(1, sharedBy),
                (goesOn ? count : 0) + 1,
                sharedBy,
                jumps,
                spread,
                goesOn ? known : 0,
                shape,
                trends,
                seasons,
                promises,
                tally,
                horizonMinutes);
    }

    /** Another horizon: what was promised for the old one proves nothing. */
    private Forecast aimedAt(int ahead) {
        return new Forecast(
                minute,
                sum,
                count,
                pods,
                jumps,
                spread,
                known,
                shape,
                trends,
                seasons,
                blank(),
                new double[METHODS][3],
                ahead);
    }

    /** Ends the minute under way and begins {@code next}; minutes in between were not seen. */
    private Forecast closedBefore(long next) {
        if (count == 0) {
            return new Forecast(
                    next, 0, 0, pods, jumps, spread, 0, shape, trends, seasons, promises, tally, horizonMinutes);
        }
        double seen = Math.log(sum / count + IDLE);
        double change = known == 0 ? 0 : seen - jumps - at(minute - 1);
        boolean isJump = pods == 0 && Math.abs(change) > Math.max(LEAST_JUMP, JUMP_DEVIATIONS * Math.sqrt(spread));
        double jumpsNow = isJump ? jumps + change : known == 0 ? seen - resumed() : jumps;
        double value = seen - jumpsNow;
        float[] shapeNow = shape.clone();
        shapeNow[index(minute)] = (float) value;
        double[][] trendsNow = known == 0 ? fresh(value) : follow(value);
        double[] seasonsNow = {
            season(seasons[0], value - sameTimeOfDay(minute)), season(seasons[1], value - sameTimeOfWeek(minute))
        };
        Forecast learned = new Forecast(
                minute,
                0,
                0,
                pods,
                jumpsNow,
                isJump ? spread : spread + (change * change - spread) / SPREAD_MINUTES,
                known + 1,
                shapeNow,
                trendsNow,
                seasonsNow,
                promises,
                tallied(value),
                horizonMinutes);
        boolean isBreak = next != minute + 1;
        return new Forecast(
                next,
                0,
                0,
                pods,
                learned.jumps,
                learned.spread,
                isBreak ? 0 : learned.known,
                shapeNow,
                trendsNow,
                seasonsNow,
                learned.promised(),
                learned.tally,
                horizonMinutes);
    }

    /** Where the shape goes on after a break: where it stopped, and at zero when there was nothing before. */
    private double resumed() {
        return trends[1][0];
    }

    private static double[][] fresh(double level) {
        double[][] levels = new double[SPEEDS.length][2];
        for (double[] one : levels) {
            one[0] = level;
        }
        return levels;
    }

    /** Holt's linear trend, at each speed. */
    private double[][] follow(double value) {
        double[][] next = new double[SPEEDS.length][2];
        for (int i = 0; i < SPEEDS.length; i++) {
            double expected = trends[i][0] + trends[i][1];
            double level = expected + (value - expected) * pace(SPEEDS[i][0]);
            next[i][0] = level;
            next[i][1] = trends[i][1] + (level - trends[i][0] - trends[i][1]) * pace(SPEEDS[i][1]);
        }
        return next;
    }

    private double season(double before, double above) {
        return Double.isNaN(above)
                ? before
                : Double.isNaN(before) ? above : before + (above - before) * pace(SEASON_MINUTES);
    }

    private static double pace(double minutes) {
        return -Math.expm1(-1 / minutes);
    }

    /** What each method says of the minute one horizon after this one, written beside its older promises. */
    private float[][] promised() {
        long due = minute + horizonMinutes;
        float[][] next = new float[METHODS][];
        for (int i = 0; i < METHODS; i++) {
            next[i] = promises[i].clone();
            next[i][(int) Math.floorMod(due, (long) FARTHEST_MINUTES)] = (float) promise(i, due);
        }
        return next;
    }

    private double promise(int method, long due) {
        return method == BY_DAY
                ? sameTimeOfDay(due) + seasons[0]
                : method == BY_WEEK
                        ? sameTimeOfWeek(due) + seasons[1]
                        : trends[method][0] + trends[method][1] * horizonMinutes;
    }

    private double[][] tallied(double value) {
        double before = at(minute - horizonMinutes);
        double[][] next = new double[METHODS][];
        for (int i = 0; i < METHODS; i++) {
            next[i] = tally[i].clone();
            double promised = promises[i][(int) Math.floorMod(minute, (long) FARTHEST_MINUTES)];
            if (known >= horizonMinutes && !Double.isNaN(promised) && !Double.isNaN(before)) {
                double weight = Math.max(1 / (tally[i][2] + 1), 1 / TALLY_MINUTES);
                double came = Math.exp(value);
                next[i][0] += (Math.abs(Math.exp(promised) - came) - tally[i][0]) * weight;
                next[i][1] += (Math.abs(Math.exp(before) - came) - tally[i][1]) * weight;
                next[i][2]++;
            }
        }
        return next;
    }

    /** The load one horizon after the last full minute; absent until a method has proved itself. */
    public OptionalDouble ahead(double load) {
        int best = -1;
        for (int i = 0; i < METHODS; i++) {
            boolean proved = tally[i][2] >= Math.max(LEAST_PROMISES, LEAST_HORIZONS * horizonMinutes)
                    && tally[i][0] < BELIEVED * tally[i][1];
            if (proved && (best < 0 || tally[i][0] / tally[i][1] < tally[best][0] / tally[best][1])) {
                best = i;
            }
        }
        double promised = best < 0 || known == 0 ? Double.NaN : promise(best, minute - 1 + horizonMinutes);
        return Double.isNaN(promised)
                ? OptionalDouble.empty()
                : OptionalDouble.of(Math.clamp(
                        (Math.exp(promised + jumps) - IDLE) / Math.max(1, pods),
                        load / FARTHEST,
                        Math.max(load, IDLE) * FARTHEST));
    }

    private double sameTimeOfDay(long wanted) {
        double total = 0;
        int days = 0;
        for (int day = 1; day < 7; day++) {
            double one = around(wanted - (long) day * DAY);
            if (!Double.isNaN(one)) {
                total += one;
                days++;
            }
        }
        return days == 0 ? Double.NaN : total / days;
    }

    private double sameTimeOfWeek(long wanted) {
        return around(wanted - WEEK);
    }

    private double around(long wanted) {
        double total = 0;
        for (long at = wanted - SEASON_WINDOW; at <= wanted + SEASON_WINDOW; at++) {
            total += at(at);
        }
        return total / (2 * SEASON_WINDOW + 1);
    }

    private double at(long when) {
        return shape[index(when)];
    }

    private static int index(long when) {
        return (int) Math.floorMod(when, (long) MINUTES);
    }

    private static float[] unknown(int length) {
        float[] values = new float[length];
        Arrays.fill(values, Float.NaN);
        return values;
    }

    private static float[][] blank() {
        float[][] rows = new float[METHODS][];
        for (int i = 0; i < METHODS; i++) {
            rows[i] = unknown(FARTHEST_MINUTES);
        }
        return rows;
    }
}
