package dev.pilotlight.hpa;

import java.util.HashMap;
import java.util.Map;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;

/** From one metric to a replica count: {@code replica_calculator.go}. Empty where the controller reports an error. */
final class ReplicaCalculator {
    private final HpaSpec spec;

    ReplicaCalculator(HpaSpec spec) {
        this.spec = spec;
    }

    OptionalInt replicas(MetricTarget target, MetricSource source, PodGroup pods, int current) {
        return switch (target) {
            case MetricTarget.Pods(String metric, long average) -> byPods(source.pods(metric), average, pods, current);
            case MetricTarget.PerReplica(String metric, long average) ->
                perReplica(source.external(metric), average, current);
            case MetricTarget.Whole(String metric, long value) -> whole(source.external(metric), value, pods, current);
        };
    }

    private OptionalInt byPods(Map<String, Long> seen, long target, PodGroup pods, int current) {
        Map<String, Long> metrics = new HashMap<>(seen);
        metrics.keySet().retainAll(pods.running());
        if (metrics.isEmpty()) {
            return OptionalInt.empty();
        }
        Set<String> missing = pods.without(metrics);
        double ratio = ratio(metrics, target);
        boolean upWithPending = !pods.pending().isEmpty() && ratio > 1;
        if (!upWithPending && missing.isEmpty()) {
            return OptionalInt.of(spec.tolerates(ratio) ? current : (int) Math.ceil(ratio * metrics.size()));
        }
        // Whoever says nothing is assumed to say what speaks against a change: nothing on the way up, the target on the
        // way down.
        for (String pod : missing) {
            metrics.put(pod, ratio < 1 ? target : 0L);
        }
        if (upWithPending) {
            pods.pending().forEach(pod -> metrics.put(pod, 0L));
        }
        double cautious = ratio(metrics, target);
        if (spec.tolerates(cautious) || ratio < 1 && cautious > 1 || ratio > 1 && cautious < 1) {
            return OptionalInt.of(current);
        }
        int wanted = (int) Math.ceil(cautious * metrics.size());
        boolean isAgainstItself = cautious < 1 && wanted > current || cautious > 1 && wanted < current;
        return OptionalInt.of(isAgainstItself ? current : wanted);
    }

    /** The controller's mean is a whole number of thousandths. */
    private static double ratio(Map<String, Long> metrics, long target) {
        long sum = 0;
        for (long value : metrics.values()) {
            sum += value;
        }
        return (double) (sum / metrics.size()) / target;
    }

    private OptionalInt perReplica(OptionalLong seen, long target, int current) {
        if (seen.isEmpty()) {
            return OptionalInt.empty();
        }
        double usage = seen.getAsLong();
        return OptionalInt.of(
                spec.tolerates(usage / ((double) target * current)) ? current : (int) Math.ceil(usage / target));
    }

    private OptionalInt whole(OptionalLong seen, long target, PodGroup pods, int current) {
        if (seen.isEmpty()) {
            return OptionalInt.empty();
        }
        double ratio = (double) seen.getAsLong() / target;
        if (current == 0) {
            return OptionalInt.of((int) Math.ceil(ratio));
        }
        return OptionalInt.of(spec.tolerates(ratio) ? current : (int) Math.ceil(ratio * pods.ready()));
    }
}
