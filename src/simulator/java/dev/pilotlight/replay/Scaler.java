package dev.pilotlight.replay;

import dev.pilotlight.hpa.HorizontalPodAutoscaler;
import dev.pilotlight.hpa.MetricSource;
import dev.pilotlight.hpa.PodGroup;

/** What sets the Deployment's replicas, asked once every sync period. */
interface Scaler {
    int replicas(MetricSource metrics, PodGroup pods, int current, long nowNanos);

    /** Always the same. */
    record Fixed(int count) implements Scaler {
        @Override
        public int replicas(MetricSource metrics, PodGroup pods, int current, long nowNanos) {
            return count;
        }
    }

    /** The stock controller. */
    record Hpa(HorizontalPodAutoscaler controller) implements Scaler {
        @Override
        public int replicas(MetricSource metrics, PodGroup pods, int current, long nowNanos) {
            return controller.reconcile(metrics, pods, current, nowNanos);
        }
    }

    /** Knows what will be needed when: a count for each second. */
    record Foreseen(int[] perSecond) implements Scaler {
        @Override
        public int replicas(MetricSource metrics, PodGroup pods, int current, long nowNanos) {
            return perSecond[(int) Math.min(perSecond.length - 1, nowNanos / 1_000_000_000L)];
        }
    }
}
