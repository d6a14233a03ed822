package dev.pilotlight.cluster;

import java.util.Arrays;
import java.util.List;

/** Times in milliseconds, and what is said of many of them. */
record Delays(double[] sorted) {
    static Delays of(List<Double> millis) {
        double[] sorted = millis.stream().mapToDouble(it -> it).sorted().toArray();
        return new Delays(sorted);
    }

    /** The smallest that this share of all does not exceed. */
    double quantile(double share) {
        return sorted[Math.max(0, (int) Math.ceil(share * sorted.length) - 1)];
    }

    double median() {
        return quantile(0.5);
    }

    @Override
    public String toString() {
        return "%d: min %.0f, median %.0f, p90 %.0f, p99 %.0f, max %.0f ms"
                .formatted(
                        sorted.length,
                        sorted[0],
                        median(),
                        quantile(0.9),
                        quantile(0.99),
                        Arrays.stream(sorted).max().orElseThrow());
    }
}
