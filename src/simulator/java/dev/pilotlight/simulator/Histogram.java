package dev.pilotlight.simulator;

/** A histogram with fixed upper bounds, counting as Prometheus does. */
public final class Histogram {
    private final double[] bounds;
    private final long[] counts;
    private double sum;
    private long count;

    Histogram(double... bounds) {
        this.bounds = bounds;
        this.counts = new long[bounds.length + 1];
    }

    void observe(double value) {
        observe(value, 1, value);
    }

    /** Notes {@code times} observations that all fall into the bucket of {@code value} and together make {@code total}. */
    void observe(double value, long times, double total) {
        counts[bucketOf(value)] += times;
        count += times;
        sum += total;
    }

    int bucketOf(double value) {
        int low = 0;
        int high = bounds.length;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (bounds[middle] < value) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    /** Number of buckets, the one up to +Inf included. */
    public int size() {
        return counts.length;
    }

    public double bound(int bucket) {
        return bucket < bounds.length ? bounds[bucket] : Double.POSITIVE_INFINITY;
    }

    /** Observations in {@code bucket} alone. */
    public long in(int bucket) {
        return counts[bucket];
    }

    /** Observations up to and including the bound of {@code bucket}. */
    public long cumulative(int bucket) {
        long total = 0;
        for (int i = 0; i <= bucket; i++) {
            total += counts[i];
        }
        return total;
    }

    public long count() {
        return count;
    }

    public double sum() {
        return sum;
    }

    /** The mean of everything observed; not a number while there is nothing. */
    public double mean() {
        return sum / count;
    }
}
