package dev.pilotlight.engine;

import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * A cumulative Prometheus histogram, summed over ranks and models.
 *
 * @param bounds upper bounds ({@code le}), ascending, the last one +Inf
 * @param cumulative observations at or below each bound
 * @param sum of all observations, in the histogram's unit
 * @param count of all observations
 */
public record Histogram(double[] bounds, double[] cumulative, double sum, double count) {
    public Histogram {
        if (bounds.length != cumulative.length) {
            throw new IllegalArgumentException(bounds.length + " bounds for " + cumulative.length + " buckets");
        }
    }

    /** What came in since {@code earlier}; everything when the histogram was reset or has other buckets by now. */
    public Histogram since(Histogram earlier) {
        if (earlier.count > count || !Arrays.equals(bounds, earlier.bounds)) {
            return this;
        }
        double[] window = new double[cumulative.length];
        for (int i = 0; i < window.length; i++) {
            window[i] = Math.max(0, cumulative[i] - earlier.cumulative[i]);
        }
        return new Histogram(bounds, window, Math.max(0, sum - earlier.sum), count - earlier.count);
    }

    /** Both together; empty where their buckets differ. */
    Optional<Histogram> plus(Histogram other) {
        if (!Arrays.equals(bounds, other.bounds)) {
            return Optional.empty();
        }
        double[] both = new double[cumulative.length];
        for (int i = 0; i < both.length; i++) {
            both[i] = cumulative[i] + other.cumulative[i];
        }
        return Optional.of(new Histogram(bounds, both, sum + other.sum, count + other.count));
    }

    public OptionalDouble mean() {
        return count > 0 ? OptionalDouble.of(sum / count) : OptionalDouble.empty();
    }

    /**
     * The value below which the given share of observations lies, interpolated within its bucket as Prometheus does; the last
     * finite bound when it lies beyond that.
     */
    public OptionalDouble quantile(double share) {
        double total = cumulative.length == 0 ? 0 : cumulative[cumulative.length - 1];
        if (!(total > 0)) {
            return OptionalDouble.empty();
        }
        double rank = share * total;
        int bucket = 0;
        while (bucket < cumulative.length - 1 && cumulative[bucket] < rank) {
            bucket++;
        }
        double lower = bucket == 0 ? 0 : bounds[bucket - 1];
        double upper = bounds[bucket];
        if (Double.isInfinite(upper)) {
            return bucket == 0 ? OptionalDouble.empty() : OptionalDouble.of(lower);
        }
        double below = bucket == 0 ? 0 : cumulative[bucket - 1];
        double within = cumulative[bucket] - below;
        return OptionalDouble.of(within > 0 ? lower + (upper - lower) * (rank - below) / within : upper);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Histogram that
                && Arrays.equals(bounds, that.bounds)
                && Arrays.equals(cumulative, that.cumulative)
                && Double.compare(sum, that.sum) == 0
                && Double.compare(count, that.count) == 0;
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(cumulative) + Double.hashCode(sum);
    }

    @Override
    public String toString() {
        return "Histogram[count=" + count + ", sum=" + sum + ", bounds=" + Arrays.toString(bounds) + ", cumulative="
                + Arrays.toString(cumulative) + "]";
    }
}
