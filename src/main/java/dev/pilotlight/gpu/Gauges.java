package dev.pilotlight.gpu;

import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.Set;

/**
 * What moves from reading to reading.
 *
 * @param utilizationRatio share of the last second or less in which a kernel ran, 0 to 1
 * @param memoryUsedBytes as {@code nvidia-smi} counts it, without what the driver reserves where the source tells apart
 * @param throttles what slows the clocks now; idle, application clocks and display clocks are not among them
 */
public record Gauges(
        OptionalDouble utilizationRatio,
        OptionalLong memoryUsedBytes,
        OptionalLong memoryTotalBytes,
        OptionalDouble temperatureCelsius,
        OptionalDouble powerWatts,
        Optional<Set<Throttle>> throttles) {
    static final Gauges UNKNOWN = new Gauges(
            OptionalDouble.empty(),
            OptionalLong.empty(),
            OptionalLong.empty(),
            OptionalDouble.empty(),
            OptionalDouble.empty(),
            Optional.empty());

    public Gauges {
        Objects.requireNonNull(utilizationRatio);
        Objects.requireNonNull(memoryUsedBytes);
        Objects.requireNonNull(memoryTotalBytes);
        Objects.requireNonNull(temperatureCelsius);
        Objects.requireNonNull(powerWatts);
        Objects.requireNonNull(throttles);
    }
}
