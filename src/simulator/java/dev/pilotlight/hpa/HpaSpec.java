package dev.pilotlight.hpa;

import java.util.List;

/**
 * A HorizontalPodAutoscaler as the API server would store it.
 *
 * @param upTolerance how far the ratio may be above 1 before it acts: 0.1 unless the controller or the object says otherwise
 */
public record HpaSpec(
        String name,
        int minReplicas,
        int maxReplicas,
        List<MetricTarget> metrics,
        ScalingRules scaleUp,
        ScalingRules scaleDown,
        double upTolerance,
        double downTolerance) {
    public static final double DEFAULT_TOLERANCE = 0.1;

    public HpaSpec {
        metrics = List.copyOf(metrics);
        if (minReplicas < 0 || maxReplicas < Math.max(1, minReplicas)) {
            throw new IllegalArgumentException(
                    "%s: %d to %d replicas is no range".formatted(name, minReplicas, maxReplicas));
        }
        if (metrics.isEmpty()) {
            throw new IllegalArgumentException(name + " has no metric to scale on");
        }
    }

    public HpaSpec(String name, int min, int max, List<MetricTarget> metrics, ScalingRules up, ScalingRules down) {
        this(name, min, max, metrics, up, down, DEFAULT_TOLERANCE, DEFAULT_TOLERANCE);
    }

    public HpaSpec withReplicas(int min, int max) {
        return new HpaSpec(name, min, max, metrics, scaleUp, scaleDown, upTolerance, downTolerance);
    }

    public HpaSpec withTolerances(double up, double down) {
        return new HpaSpec(name, minReplicas, maxReplicas, metrics, scaleUp, scaleDown, up, down);
    }

    /** Whether the controller lets a ratio of seen to wanted stand. */
    boolean tolerates(double ratio) {
        return 1 - downTolerance <= ratio && ratio <= 1 + upTolerance;
    }
}
