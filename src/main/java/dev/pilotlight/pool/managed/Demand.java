package dev.pilotlight.pool.managed;

import dev.pilotlight.signal.Forecast;
import java.time.Duration;
import java.time.Instant;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/**
 * The traffic of a whole pool over time, in pods' worth. It is the same whoever serves it, so pods that come and go change nothing.
 *
 * @param at of the newest look
 * @param pods that the traffic takes, smoothed
 * @param growth within one cold start, as seen
 * @param forecast of it
 */
record Demand(Instant at, double pods, Growth growth, Forecast forecast) {
    static final Demand UNKNOWN = new Demand(Instant.MIN, 0, Growth.UNKNOWN, Forecast.NONE);

    /** An autoscaler acts on the highest of what it reads: by one look a second that would be chance. As even as the mean of 30 s. */
    private static final double SMOOTHED_SECONDS = 15;

    /**
     * @param now of the look
     * @param seen pods that the traffic takes
     * @param coldStart how long a pod takes to come
     */
    Demand look(Instant now, double seen, double risk, Duration coldStart) {
        double next = seen;
        if (at != Instant.MIN) {
            double seconds = Math.max(0, Duration.between(at, now).toMillis() / 1e3);
            next = pods + (seen - pods) * -Math.expm1(-seconds / SMOOTHED_SECONDS);
        }
        return new Demand(
                now,
                next,
                growth.advance(now, next, risk, coldStart),
                forecast.advance(now, OptionalDouble.of(seen), OptionalInt.of(1), coldStart));
    }

    /** One cold start from now; empty where no method has proved itself. */
    OptionalDouble ahead() {
        return forecast.ahead(pods);
    }
}
