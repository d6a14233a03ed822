package dev.pilotlight.hpa;

/** One entry of {@code spec.metrics}. Values are in thousandths, as the controller itself computes them. */
public sealed interface MetricTarget {
    String metric();

    /** Type {@code Pods}: the mean over pods is to be {@code averageMilli}. */
    record Pods(String metric, long averageMilli) implements MetricTarget {}

    /** Type {@code External} (or {@code Object}) with {@code averageValue}: the value divided by the replicas is to be that. */
    record PerReplica(String metric, long averageMilli) implements MetricTarget {}

    /** Type {@code External} (or {@code Object}) with {@code value}: the value itself is to be that. */
    record Whole(String metric, long valueMilli) implements MetricTarget {}
}
