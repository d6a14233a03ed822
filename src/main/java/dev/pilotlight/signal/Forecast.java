package dev.pilotlight.signal;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.stream.Stream;

/**
 * The load that is to be expected one cold start from now, or nothing: what the traffic was at that time a week ago (in the first week: the
 * day before), times how far it stands above that now. Each minute this promises a value; when its time comes, the promise is held against what came and against "as
 * now". Only where it has clearly been nearer over a day is it said.
 *
 * <p>What is forecast is the traffic, not this pod's share of it, which changes with the number of pods: where that number is not known,
 * nothing is learned. All but the minute under way is in logarithms. Bounded: a week of minutes, and one promise for each minute ahead.
 *
 * @param minute the one under way
 * @param week that went before
 * @param above how far the traffic of late stands above it; not a number while that is not known
 * @param expected one horizon after the last full minute; not a number while there is nothing to go by
 * @param promises that are not due yet
 * @param accuracy of those that were
 */
public record Forecast(
        Minute minute, Week week, double above, double expected, List<Promise> promises, Accuracy accuracy) {
    private static final double ABOVE_MINUTES = 20;
    private static final int FARTHEST_MINUTES = 63;
    /** Added to every load before the logarithm: below that, all is idle. */
    private static final double IDLE = 0.02;
    /** However sure, no forecast is farther than this from the load. */
    private static final double FARTHEST = 4;

    public static final Forecast NONE = new Forecast(
            new Minute(Long.MIN_VALUE, 0, 0, 0),
            Week.UNKNOWN,
            Double.NaN,
            Double.NaN,
            List.of(),
            new Accuracy(0, 0, 0));

    /**
     * @param number since the epoch
     * @param sum of the loads of all pods, of each time that it was seen
     * @param count of these times
     * @param pods that share the traffic
     */
    record Minute(long number, double sum, int count, int pods) {
        Minute with(double load, int sharedBy) {
            return new Minute(number, sum + load * sharedBy, count + 1, sharedBy);
        }
    }

    /**
     * @param due minute
     * @param expected in it
     * @param asNow what it would be if nothing changed
     */
    record Promise(long due, double expected, double asNow) {}

    /**
     * How far off promises were, on the mean of about a day.
     *
     * @param error of the promises
     * @param ofNoChange of the same minutes, had they been "as now"
     * @param count of promises that came due
     */
    record Accuracy(double error, double ofNoChange, double count) {
        private static final double MINUTES = 1440;
        private static final int LEAST_COUNT = 60;
        /** What is hardly nearer than "as now" is so by chance. */
        private static final double CLEARLY_NEARER = 0.8;

        Accuracy plus(Promise promise, double seen) {
            double weight = Math.max(1 / (count + 1), 1 / MINUTES);
            return new Accuracy(
                    error + (off(promise.expected, seen) - error) * weight,
                    ofNoChange + (off(promise.asNow, seen) - ofNoChange) * weight,
                    count + 1);
        }

        private static double off(double said, double seen) {
            return Math.abs(Math.exp(said) - Math.exp(seen));
        }

        boolean isGood() {
            return count >= LEAST_COUNT && error < CLEARLY_NEARER * ofNoChange;
        }
    }

    /**
     * @param load of a pod that takes traffic, at {@code now}; absent otherwise
     * @param sharedBy pods that share the traffic, this one among them, where that is known
     */
    public Forecast advance(Instant now, OptionalDouble load, OptionalInt sharedBy, Duration horizon) {
        long current = Math.floorDiv(now.getEpochSecond(), 60);
        int ahead = Math.clamp(Math.ceilDiv(horizon.toSeconds(), 60), 1, FARTHEST_MINUTES);
        Forecast open = current == minute.number ? this : closed(current, ahead);
        return load.isPresent() && sharedBy.isPresent()
                ? new Forecast(
                        open.minute.with(load.getAsDouble(), sharedBy.getAsInt()),
                        open.week,
                        open.above,
                        open.expected,
                        open.promises,
                        open.accuracy)
                : open;
    }

    /** Ends the minute under way and begins {@code next}; minutes in between were not seen. */
    private Forecast closed(long next, int ahead) {
        Minute begun = new Minute(next, 0, 0, minute.pods);
        if (minute.count == 0) {
            return new Forecast(begun, week, Double.NaN, Double.NaN, promises, accuracy);
        }
        double seen = Math.log(minute.sum / minute.count + IDLE);
        double stands = stands(seen - week.before(minute.number));
        double then = week.before(minute.number + ahead) + stands;
        Accuracy kept = accuracy;
        for (Promise promise : promises) {
            kept = promise.due == minute.number ? kept.plus(promise, seen) : kept;
        }
        List<Promise> open = Stream.concat(promises.stream(), Stream.of(new Promise(minute.number + ahead, then, seen)))
                .filter(it -> it.due > minute.number && !Double.isNaN(it.expected))
                .toList();
        boolean isGap = next != minute.number + 1;
        return new Forecast(
                begun,
                week.with(minute.number, seen),
                isGap ? Double.NaN : stands,
                isGap ? Double.NaN : then,
                open,
                kept);
    }

    private double stands(double now) {
        return Double.isNaN(above) ? now : above + (now - above) * -Math.expm1(-1 / ABOVE_MINUTES);
    }

    /** The load one horizon after the last full minute; absent until this has proved itself. */
    public OptionalDouble ahead(double load) {
        return Double.isNaN(expected) || !accuracy.isGood()
                ? OptionalDouble.empty()
                : OptionalDouble.of(Math.clamp(
                        (Math.exp(expected) - IDLE) / minute.pods, load / FARTHEST, Math.max(load, IDLE) * FARTHEST));
    }
}
