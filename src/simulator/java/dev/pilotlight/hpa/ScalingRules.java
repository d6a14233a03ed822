package dev.pilotlight.hpa;

import java.time.Duration;
import java.util.List;

/** How fast one direction may go: {@code spec.behavior.scaleUp} or {@code scaleDown}. */
public record ScalingRules(Duration stabilizationWindow, Select select, List<Policy> policies) {
    /** {@code selectPolicy}: which of the policies counts. */
    public enum Select {
        MAX,
        MIN,
        DISABLED
    }

    public enum Unit {
        PODS,
        PERCENT
    }

    /** By how much the replicas may change within a period. */
    public record Policy(Unit unit, int value, Duration period) {}

    /** What the API server fills in where a manifest says nothing. */
    public static final ScalingRules DEFAULT_UP = new ScalingRules(
            Duration.ZERO,
            Select.MAX,
            List.of(
                    new Policy(Unit.PODS, 4, Duration.ofSeconds(15)),
                    new Policy(Unit.PERCENT, 100, Duration.ofSeconds(15))));

    public static final ScalingRules DEFAULT_DOWN = new ScalingRules(
            Duration.ofSeconds(300), Select.MAX, List.of(new Policy(Unit.PERCENT, 100, Duration.ofSeconds(15))));

    public ScalingRules {
        policies = List.copyOf(policies);
    }

    /** The most replicas that a scale-up may reach. */
    int upLimit(int current, ScaleEvents ups, ScaleEvents downs, long nowNanos) {
        return switch (select) {
            case DISABLED -> current;
            case MAX ->
                policies.stream()
                        .mapToInt(p -> upTo(p, current, ups, downs, nowNanos))
                        .max()
                        .orElse(current);
            case MIN ->
                policies.stream()
                        .mapToInt(p -> upTo(p, current, ups, downs, nowNanos))
                        .min()
                        .orElse(current);
        };
    }

    /** The fewest replicas that a scale-down may reach. */
    int downLimit(int current, ScaleEvents ups, ScaleEvents downs, long nowNanos) {
        return switch (select) {
            case DISABLED -> current;
            case MAX ->
                policies.stream()
                        .mapToInt(p -> downTo(p, current, ups, downs, nowNanos))
                        .min()
                        .orElse(current);
            case MIN ->
                policies.stream()
                        .mapToInt(p -> downTo(p, current, ups, downs, nowNanos))
                        .max()
                        .orElse(current);
        };
    }

    private static int upTo(Policy policy, int current, ScaleEvents ups, ScaleEvents downs, long nowNanos) {
        int before = before(policy, current, ups, downs, nowNanos);
        return switch (policy.unit()) {
            case PODS -> before + policy.value();
            case PERCENT -> (int) Math.ceil(before * (1 + policy.value() / 100.0));
        };
    }

    private static int downTo(Policy policy, int current, ScaleEvents ups, ScaleEvents downs, long nowNanos) {
        int before = before(policy, current, ups, downs, nowNanos);
        return switch (policy.unit()) {
            case PODS -> before - policy.value();
            case PERCENT -> (int) (before * (1 - policy.value() / 100.0));
        };
    }

    /** The replicas at the start of the policy's period. */
    private static int before(Policy policy, int current, ScaleEvents ups, ScaleEvents downs, long nowNanos) {
        long from = nowNanos - policy.period().toNanos();
        return current - ups.since(from) + downs.since(from);
    }
}
