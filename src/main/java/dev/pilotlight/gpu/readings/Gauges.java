package dev.pilotlight.gpu.readings;

import dev.pilotlight.range.Range;
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
    public static final Gauges UNKNOWN = new Gauges(
            OptionalDouble.empty(),
            OptionalLong.empty(),
            OptionalLong.empty(),
            OptionalDouble.empty(),
            OptionalDouble.empty(),
            Optional.empty());

    /** Used over total, 0 to 1. */
    public OptionalDouble memoryUsedRatio() {
        return memoryUsedBytes.isPresent() && memoryTotalBytes.orElse(0) > 0
                ? OptionalDouble.of((double) memoryUsedBytes.getAsLong() / memoryTotalBytes.getAsLong())
                : OptionalDouble.empty();
    }

    /** What a driver or an exporter says that cannot be counts as not said. */
    public Gauges {
        utilizationRatio = possible(Range.SHARE, utilizationRatio);
        memoryTotalBytes = possible(Range.BYTES, memoryTotalBytes);
        memoryUsedBytes = possible(Range.BYTES, memoryUsedBytes);
        if (memoryUsedBytes.orElse(0) > memoryTotalBytes.orElse(Long.MAX_VALUE)) {
            memoryUsedBytes = OptionalLong.empty();
        }
        temperatureCelsius = possible(Range.CELSIUS, temperatureCelsius);
        powerWatts = possible(Range.WATTS, powerWatts);
        Objects.requireNonNull(throttles);
    }

    private static OptionalDouble possible(Range range, OptionalDouble said) {
        return said.isPresent() ? range.of(said.getAsDouble()) : said;
    }

    private static OptionalLong possible(Range range, OptionalLong said) {
        return said.isPresent() ? range.of(said.getAsLong()) : said;
    }
}
