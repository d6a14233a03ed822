package dev.pilotlight.hpa;

import java.util.ArrayDeque;
import java.util.OptionalInt;

/**
 * The controller's loop for one object: {@code horizontal.go}. Call {@link #reconcile} every sync period (15 s by default); it
 * remembers what it recommended and did.
 */
public final class HorizontalPodAutoscaler {
    private record Recommendation(long atNanos, int replicas) {}

    private final HpaSpec spec;
    private final ReplicaCalculator calculator;
    private final ArrayDeque<Recommendation> recommendations = new ArrayDeque<>();
    private final ScaleEvents ups = new ScaleEvents();
    private final ScaleEvents downs = new ScaleEvents();

    public HorizontalPodAutoscaler(HpaSpec spec) {
        this.spec = spec;
        this.calculator = new ReplicaCalculator(spec);
    }

    /** The replica count to set; {@code current} where nothing is to change. */
    public int reconcile(MetricSource source, PodGroup pods, int current, long nowNanos) {
        if (recommendations.isEmpty()) {
            recommendations.add(new Recommendation(nowNanos, current));
        }
        int wanted = wanted(source, pods, current, nowNanos);
        if (wanted > current) {
            ups.add(nowNanos, wanted - current);
        } else if (wanted < current) {
            downs.add(nowNanos, current - wanted);
        }
        return wanted;
    }

    private int wanted(MetricSource source, PodGroup pods, int current, long nowNanos) {
        if (current == 0 && spec.minReplicas() != 0) {
            return 0; // switched off by hand
        }
        if (current > spec.maxReplicas()) {
            return spec.maxReplicas();
        }
        if (current < spec.minReplicas()) {
            return spec.minReplicas();
        }
        OptionalInt proposal = proposal(source, pods, current);
        return proposal.isEmpty()
                ? current
                : limited(stabilized(proposal.getAsInt(), current, nowNanos), current, nowNanos);
    }

    /** The highest of all metrics; with one of them failing, only upwards. */
    private OptionalInt proposal(MetricSource source, PodGroup pods, int current) {
        int highest = 0;
        int failed = 0;
        for (MetricTarget target : spec.metrics()) {
            OptionalInt replicas = calculator.replicas(target, source, pods, current);
            failed += replicas.isEmpty() ? 1 : 0;
            highest = Math.max(highest, replicas.orElse(0));
        }
        boolean isBlind = failed == spec.metrics().size() || failed > 0 && highest < current;
        return isBlind ? OptionalInt.empty() : OptionalInt.of(highest);
    }

    private int stabilized(int proposal, int current, long nowNanos) {
        long upWindow = spec.scaleUp().stabilizationWindow().toNanos();
        long downWindow = spec.scaleDown().stabilizationWindow().toNanos();
        int least = proposal;
        int most = proposal;
        for (Recommendation past : recommendations) {
            if (past.atNanos > nowNanos - upWindow) {
                least = Math.min(least, past.replicas);
            }
            if (past.atNanos > nowNanos - downWindow) {
                most = Math.max(most, past.replicas);
            }
        }
        while (!recommendations.isEmpty()
                && recommendations.peek().atNanos < nowNanos - Math.max(upWindow, downWindow)) {
            recommendations.poll();
        }
        recommendations.add(new Recommendation(nowNanos, proposal));
        int atLeast = Math.max(current, least);
        return Math.min(atLeast, most);
    }

    private int limited(int wanted, int current, long nowNanos) {
        if (wanted > current) {
            int limit = Math.max(current, spec.scaleUp().upLimit(current, ups, downs, nowNanos));
            return Math.min(wanted, Math.min(limit, spec.maxReplicas()));
        }
        if (wanted < current) {
            int limit = Math.min(current, spec.scaleDown().downLimit(current, ups, downs, nowNanos));
            return Math.max(wanted, Math.max(limit, spec.minReplicas()));
        }
        return wanted;
    }
}
