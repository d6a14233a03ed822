package dev.pilotlight.signal;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
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
 * eight days of minutes. All but the minute under way is in logarithms.
 *
 * @param minute the one under way
 * @param jumps taken out so far
 * @param known minutes without a break before this one
 * @param shape the load without its jumps
 * @param trends one for each speed
 * @param aboveDays how far the traffic stands above the same time of the days before; not a number until that was seen
 * @param aboveWeek above a week ago
 * @param promises of each method
 */
public record Forecast(
        Minute minute,
        Jumps jumps,
        int known,
        Days shape,
        List<Trend> trends,
        double aboveDays,
        double aboveWeek,
        Promises promises) {

    private static final List<Trend.Speed> SPEEDS =
            List.of(new Trend.Speed(3, 15), new Trend.Speed(8, 40), new Trend.Speed(20, 120));
    /** Of the trends, that of which the level goes on after a break. */
    private static final int USUAL_SPEED = 1;

    private static final int BY_DAY = SPEEDS.size();
    private static final int BY_WEEK = BY_DAY + 1;
    private static final int METHODS = BY_WEEK + 1;
    private static final double SEASON_MINUTES = 20;

    /** Added to every load before the logarithm: below that, all is idle. */
    private static final double IDLE = 0.02;
    /** However sure, no forecast is farther than this from the load. */
    private static final double FARTHEST = 4;

    public static final Forecast NONE = new Forecast(
            new Minute(Long.MIN_VALUE, 0, 0, 0),
            new Jumps(0, 0),
            0,
            Days.UNKNOWN,
            Trend.level(0, SPEEDS),
            Double.NaN,
            Double.NaN,
            Promises.none(METHODS, 0));

    /**
     * @param number since the epoch
     * @param sum of the loads seen in it, of all pods where their number is known
     * @param count of them
     * @param pods that share the traffic; 0 while that is not known
     */
    record Minute(long number, double sum, int count, int pods) {
        /** When the number of pods becomes known, or is known no more, another thing is measured. */
        boolean measuresTheSame(int sharedBy) {
            return sharedBy > 0 == pods > 0;
        }

        Minute with(double load, int sharedBy) {
            boolean goesOn = measuresTheSame(sharedBy);
            return new Minute(
                    number, (goesOn ? sum : 0) + load * Math.max(1, sharedBy), (goesOn ? count : 0) + 1, sharedBy);
        }

        Minute next(long following) {
            return new Minute(following, 0, 0, pods);
        }
    }

    /**
     * @param taken all that were taken out so far
     * @param spread mean square of the change from minute to minute without them
     */
    record Jumps(double taken, double spread) {
        private static final double SPREAD_MINUTES = 120;
        /** A step of a quarter within a minute is a jump, unless the load often does that. */
        private static final double LEAST = 0.25;

        private static final double DEVIATIONS = 5;

        boolean isOne(double change) {
            return Math.abs(change) > Math.max(LEAST, DEVIATIONS * Math.sqrt(spread));
        }

        Jumps plus(double jump) {
            return new Jumps(taken + jump, spread);
        }

        Jumps without(double change) {
            return new Jumps(taken, spread + (change * change - spread) / SPREAD_MINUTES);
        }
    }

    /**
     * @param load of a pod that takes traffic, at {@code now}; absent otherwise
     * @param sharedBy pods that share the traffic, this one among them, where that is known
     */
    public Forecast advance(Instant now, OptionalDouble load, OptionalInt sharedBy, Duration horizon) {
        int ahead = Math.clamp(Math.ceilDiv(horizon.toSeconds(), 60), 1, Promises.FARTHEST_MINUTES - 1);
        Forecast aimed = ahead == promises.horizonMinutes() ? this : aimedAt(ahead);
        long current = Math.floorDiv(now.getEpochSecond(), 60);
        Forecast closed = current == minute.number() ? aimed : aimed.closedBefore(current);
        return load.isPresent() ? closed.with(load.getAsDouble(), sharedBy.orElse(0)) : closed;
    }

    private Forecast with(double load, int sharedBy) {
        int goesOn = minute.measuresTheSame(sharedBy) ? known : 0;
        return new Forecast(minute.with(load, sharedBy), jumps, goesOn, shape, trends, aboveDays, aboveWeek, promises);
    }

    /** Another horizon: what was promised for the old one proves nothing. */
    private Forecast aimedAt(int ahead) {
        return new Forecast(minute, jumps, known, shape, trends, aboveDays, aboveWeek, Promises.none(METHODS, ahead));
    }

    /** Ends the minute under way and begins {@code next}; minutes in between were not seen. */
    private Forecast closedBefore(long next) {
        if (minute.count() == 0) {
            return new Forecast(minute.next(next), jumps, 0, shape, trends, aboveDays, aboveWeek, promises);
        }
        double seen = Math.log(minute.sum() / minute.count() + IDLE);
        double change = known == 0 ? 0 : seen - jumps.taken() - shape.at(minute.number() - 1);
        boolean isJump = minute.pods() == 0 && jumps.isOne(change);
        Jumps taken = isJump ? jumps.plus(change) : jumps.without(change);
        // After a break the shape goes on where it stopped, and at zero when there was nothing before.
        Jumps out = known == 0 ? new Jumps(seen - trends.get(USUAL_SPEED).level(), taken.spread()) : taken;
        double value = seen - out.taken();
        Forecast learned = new Forecast(
                minute.next(next),
                out,
                next == minute.number() + 1 ? known + 1 : 0,
                shape.with(minute.number(), value),
                known == 0 ? Trend.level(value, SPEEDS) : Trend.follow(trends, value, SPEEDS),
                season(aboveDays, value - shape.sameTimeOfDay(minute.number())),
                season(aboveWeek, value - shape.sameTimeOfWeek(minute.number())),
                promises);
        return learned.with(promises.tallied(minute.number(), value, shape, known)
                .made(minute.number(), (method, due) -> learned.promise(method, due)));
    }

    private Forecast with(Promises next) {
        return new Forecast(minute, jumps, known, shape, trends, aboveDays, aboveWeek, next);
    }

    private static double season(double before, double above) {
        return Double.isNaN(above)
                ? before
                : Double.isNaN(before) ? above : before + (above - before) * Trend.pace(SEASON_MINUTES);
    }

    /** What a method says of the minute one horizon after the last full one. */
    private double promise(int method, long due) {
        return method == BY_DAY
                ? shape.sameTimeOfDay(due) + aboveDays
                : method == BY_WEEK
                        ? shape.sameTimeOfWeek(due) + aboveWeek
                        : trends.get(method).ahead(promises.horizonMinutes());
    }

    /** The load one horizon after the last full minute; absent until a method has proved itself. */
    public OptionalDouble ahead(double load) {
        OptionalInt best = known == 0 ? OptionalInt.empty() : promises.best();
        double promised =
                best.isEmpty() ? Double.NaN : promise(best.getAsInt(), minute.number() - 1 + promises.horizonMinutes());
        return Double.isNaN(promised)
                ? OptionalDouble.empty()
                : OptionalDouble.of(Math.clamp(
                        (Math.exp(promised + jumps.taken()) - IDLE) / Math.max(1, minute.pods()),
                        load / FARTHEST,
                        Math.max(load, IDLE) * FARTHEST));
    }
}
