package dev.pilotlight.hpa;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.hpa.ScalingRules.Policy;
import dev.pilotlight.hpa.ScalingRules.Select;
import dev.pilotlight.hpa.ScalingRules.Unit;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/**
 * The decisions that the Kubernetes documentation gives as examples (Horizontal Pod Autoscaling: algorithm details, configurable
 * scaling behavior) and those of the controller's own {@code replica_calculator_test.go} that have to do with custom metrics.
 */
class HorizontalPodAutoscalerTest {
    private static final ScalingRules AT_ONCE =
            new ScalingRules(Duration.ZERO, Select.MAX, List.of(new Policy(Unit.PERCENT, 900, Duration.ofSeconds(15))));
    private static final ScalingRules DOWN_AT_ONCE =
            new ScalingRules(Duration.ZERO, Select.MAX, List.of(new Policy(Unit.PERCENT, 100, Duration.ofSeconds(15))));

    /** The world of a test: what each pod says, and which are there. */
    private static final class Cluster implements MetricSource {
        final Map<String, Long> values = new HashMap<>();
        final Set<String> pending = new HashSet<>();
        final Set<String> running = new HashSet<>();
        OptionalLong external = OptionalLong.empty();
        int ready;

        Cluster says(double... ofEach) {
            for (double value : ofEach) {
                silent(1);
                values.put("pod-" + (running.size() - 1), Math.round(value * 1000));
            }
            return this;
        }

        Cluster silent(int count) {
            for (int i = 0; i < count; i++) {
                running.add("pod-" + running.size());
                ready++;
            }
            return this;
        }

        Cluster pending(int count) {
            for (int i = 0; i < count; i++) {
                pending.add("pending-" + i);
            }
            return this;
        }

        Cluster external(double value) {
            external = OptionalLong.of(Math.round(value * 1000));
            return this;
        }

        @Override
        public Map<String, Long> pods(String metric) {
            return metric.equals("lost") ? Map.of() : values;
        }

        @Override
        public OptionalLong external(String metric) {
            return metric.equals("lost") ? OptionalLong.empty() : external;
        }

        PodGroup pods() {
            return new PodGroup(pending, running, ready);
        }

        int decide(HpaSpec spec, int current) {
            return new HorizontalPodAutoscaler(spec).reconcile(this, pods(), current, 0);
        }
    }

    private static HpaSpec on(MetricTarget... metrics) {
        return new HpaSpec("test", 1, 100, List.of(metrics), AT_ONCE, DOWN_AT_ONCE);
    }

    private static HpaSpec average(double target) {
        return on(new MetricTarget.Pods("load", Math.round(target * 1000)));
    }

    @Nested
    class TheRatio {
        @Test
        void doublesAtTwiceTheTarget() {
            assertThat(new Cluster().says(0.2, 0.2, 0.2).decide(average(0.1), 3))
                    .isEqualTo(6);
        }

        @Test
        void halvesAtHalfTheTarget() {
            assertThat(new Cluster().says(0.05, 0.05, 0.05, 0.05).decide(average(0.1), 4))
                    .isEqualTo(2);
        }

        @Test
        void isRoundedUp() {
            assertThat(new Cluster().says(0.7, 0.8, 0.9).decide(average(0.6), 3))
                    .isEqualTo(4);
        }

        @Test
        void standsWithinATenthOfOne() {
            assertThat(new Cluster().says(0.11, 0.11).decide(average(0.1), 2)).isEqualTo(2);
            assertThat(new Cluster().says(0.09, 0.09).decide(average(0.1), 2)).isEqualTo(2);
            assertThat(new Cluster().says(0.112, 0.112).decide(average(0.1), 2)).isEqualTo(3);
        }

        @Test
        void actsOnLessWhereTheToleranceIsLess() {
            HpaSpec exact = average(0.1).withTolerances(0, 0);
            assertThat(new Cluster().says(0.105, 0.105).decide(exact, 2)).isEqualTo(3);
        }

        @Test
        void staysWithinItsBounds() {
            HpaSpec bounded = average(0.1).withReplicas(2, 5);
            assertThat(new Cluster().says(9, 9, 9).decide(bounded, 3)).isEqualTo(5);
            assertThat(new Cluster().says(0, 0, 0).decide(bounded, 3)).isEqualTo(2);
            assertThat(new Cluster().says(0.1).decide(bounded, 1)).isEqualTo(2);
            assertThat(new Cluster().says(0.1, 0.1, 0.1, 0.1, 0.1, 0.1).decide(bounded, 6))
                    .isEqualTo(5);
        }
    }

    /** Pods that say nothing speak against a change. */
    @Nested
    class WithSilentPods {
        @Test
        void countsThemAsIdleOnTheWayUp() {
            // 3 at twice the target, 1 silent: 6 in all over 4 is 1.5 times the target.
            assertThat(new Cluster().says(2, 2, 2).silent(1).decide(average(1), 4))
                    .isEqualTo(6);
        }

        @Test
        void countsThemAsBusyOnTheWayDown() {
            // 3 at half the target, 1 silent at the target: 2.5 in all.
            assertThat(new Cluster().says(0.5, 0.5, 0.5).silent(1).decide(average(1), 4))
                    .isEqualTo(3);
        }

        @Test
        void staysWhenTheyTurnTheDecisionRound() {
            assertThat(new Cluster().says(1.3, 1.3).silent(2).decide(average(1), 4))
                    .isEqualTo(4);
        }

        @Test
        void countsPendingOnesAsIdleOnTheWayUp() {
            assertThat(new Cluster().says(2, 2).pending(2).decide(average(1), 4))
                    .isEqualTo(4);
            assertThat(new Cluster().says(4, 4).pending(2).decide(average(1), 4))
                    .isEqualTo(8);
        }

        @Test
        void leavesPendingOnesOutOnTheWayDown() {
            assertThat(new Cluster().says(0.2, 0.2).pending(2).decide(average(1), 4))
                    .isEqualTo(1);
        }

        @Test
        void doesNothingWhenAllAreSilent() {
            assertThat(new Cluster().silent(3).decide(average(1), 3)).isEqualTo(3);
        }
    }

    @Nested
    class WithExternalMetrics {
        @Test
        void dividesTheSumByTheTarget() {
            HpaSpec spec = on(new MetricTarget.PerReplica("queue", 5000));
            assertThat(new Cluster().silent(3).external(26).decide(spec, 3)).isEqualTo(6);
        }

        @Test
        void toleratesATenthOfTheSum() {
            HpaSpec spec = on(new MetricTarget.PerReplica("queue", 5000));
            assertThat(new Cluster().silent(3).external(16).decide(spec, 3)).isEqualTo(3);
        }

        @Test
        void multipliesTheReadyPodsByTheRatioOfAWholeValue() {
            HpaSpec spec = on(new MetricTarget.Whole("load", 500));
            assertThat(new Cluster().silent(3).external(1).decide(spec, 3)).isEqualTo(6);
        }
    }

    @Nested
    class WithSeveralMetrics {
        private final HpaSpec both = on(new MetricTarget.Pods("load", 1000), new MetricTarget.PerReplica("lost", 1000));

        @Test
        void takesTheHighest() {
            HpaSpec spec = on(new MetricTarget.Pods("load", 1000), new MetricTarget.PerReplica("queue", 5000));
            assertThat(new Cluster().says(1.5, 1.5).external(20).decide(spec, 2))
                    .isEqualTo(4);
        }

        @Test
        void stillScalesUpWhenOneFails() {
            assertThat(new Cluster().says(2, 2).decide(both, 2)).isEqualTo(4);
        }

        @Test
        void doesNotScaleDownWhenOneFails() {
            assertThat(new Cluster().says(0.1, 0.1).decide(both, 2)).isEqualTo(2);
        }
    }

    @Nested
    class ItsBehavior {
        private final List<Integer> path = new ArrayList<>();

        /** Asks every period for {@code wanted} until nothing changes, and notes the way. */
        private void walk(ScalingRules up, ScalingRules down, int from, double wanted, int periodSeconds) {
            HorizontalPodAutoscaler controller = new HorizontalPodAutoscaler(
                    new HpaSpec("test", 1, 1000, List.of(new MetricTarget.PerReplica("x", 1000)), up, down));
            Cluster cluster = new Cluster().external(wanted);
            int current = from;
            for (int i = 1; i < 40; i++) {
                int next = controller.reconcile(cluster, cluster.pods(), current, i * periodSeconds * 1_000_000_000L);
                if (next == current) {
                    return;
                }
                path.add(next);
                current = next;
            }
        }

        /** The documentation's example: 80 replicas to 10, 10 percent or 4 pods a minute, whichever is more. */
        @Test
        void goesDownByTheLargerOfPercentAndPods() {
            ScalingRules down = new ScalingRules(
                    Duration.ZERO,
                    Select.MAX,
                    List.of(
                            new Policy(Unit.PODS, 4, Duration.ofSeconds(60)),
                            new Policy(Unit.PERCENT, 10, Duration.ofSeconds(60))));
            walk(AT_ONCE, down, 80, 10, 61);
            assertThat(path).startsWith(72, 64, 57, 51, 45, 40, 36, 32, 28).endsWith(12, 10);
        }

        @Test
        void goesByTheSmallerWhereToldSo() {
            ScalingRules down = new ScalingRules(
                    Duration.ZERO,
                    Select.MIN,
                    List.of(
                            new Policy(Unit.PERCENT, 10, Duration.ofSeconds(60)),
                            new Policy(Unit.PODS, 5, Duration.ofSeconds(60))));
            walk(AT_ONCE, down, 100, 70, 61);
            assertThat(path).containsExactly(95, 90, 85, 80, 75);
        }

        @Test
        void doesNotGoDownWhereThatIsDisabled() {
            walk(AT_ONCE, new ScalingRules(Duration.ZERO, Select.DISABLED, List.of()), 10, 1, 61);
            assertThat(path).isEmpty();
        }

        /** The documentation's default: 4 pods or as many again every 15 seconds. */
        @Test
        void goesUpByFourOrDoublesByDefault() {
            walk(ScalingRules.DEFAULT_UP, DOWN_AT_ONCE, 1, 100, 16);
            assertThat(path).containsExactly(5, 10, 20, 40, 80, 100);
        }

        @Test
        void countsWhatChangedWithinThePeriod() {
            ScalingRules up = new ScalingRules(
                    Duration.ZERO, Select.MAX, List.of(new Policy(Unit.PODS, 2, Duration.ofSeconds(120))));
            HorizontalPodAutoscaler controller = new HorizontalPodAutoscaler(
                    new HpaSpec("test", 1, 100, List.of(new MetricTarget.PerReplica("x", 1000)), up, DOWN_AT_ONCE));
            Cluster cluster = new Cluster().external(50);
            int current = 1;
            for (int second = 15; second <= 255; second += 15) {
                int next = controller.reconcile(cluster, cluster.pods(), current, second * 1_000_000_000L);
                if (next != current) {
                    path.add(second);
                    path.add(next);
                }
                current = next;
            }
            assertThat(path).containsExactly(15, 3, 135, 5, 255, 7);
        }

        /** The highest recommendation of the window counts on the way down, the lowest on the way up. */
        @Test
        void looksBackOverItsWindows() {
            ScalingRules down = new ScalingRules(
                    Duration.ofSeconds(300),
                    Select.MAX,
                    List.of(new Policy(Unit.PERCENT, 100, Duration.ofSeconds(15))));
            ScalingRules up = new ScalingRules(
                    Duration.ofSeconds(60), Select.MAX, List.of(new Policy(Unit.PERCENT, 900, Duration.ofSeconds(15))));
            HorizontalPodAutoscaler controller = new HorizontalPodAutoscaler(
                    new HpaSpec("test", 1, 100, List.of(new MetricTarget.PerReplica("x", 1000)), up, down));
            Cluster cluster = new Cluster();
            int current = 4;
            for (int second = 15; second <= 900; second += 15) {
                cluster.external(second <= 150 ? 8 : 2);
                int next = controller.reconcile(cluster, cluster.pods(), current, second * 1_000_000_000L);
                if (next != current) {
                    path.add(second);
                    path.add(next);
                }
                current = next;
            }
            // Up once 4 of the start is a minute old; down once the last 8 (at 150) is 300 seconds old.
            assertThat(path).containsExactly(75, 8, 450, 2);
        }
    }
}
