package dev.pilotlight.hpa;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HPAScalingRules;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscaler;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscalerBehavior;
import io.fabric8.kubernetes.api.model.autoscaling.v2.MetricIdentifier;
import io.fabric8.kubernetes.api.model.autoscaling.v2.MetricSpec;
import io.fabric8.kubernetes.api.model.autoscaling.v2.MetricTarget;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Reads a HorizontalPodAutoscaler, or a KEDA ScaledObject as the HorizontalPodAutoscaler that KEDA makes of it. */
public final class HpaManifest {
    private static final KubernetesSerialization YAML = new KubernetesSerialization();
    private static final int NO_MAXIMUM = 100; // KEDA's default

    private HpaManifest() {}

    /** @param path a manifest, or a folder with one in it */
    public static HpaSpec read(Path path) {
        try {
            if (!Files.isDirectory(path)) {
                return parse(Files.readString(path), path.toString());
            }
            try (Stream<Path> files = Files.list(path)) {
                for (Path file : files.filter(file -> file.toString().endsWith(".yaml"))
                        .sorted()
                        .toList()) {
                    String text = Files.readString(file);
                    if (text.contains("kind: HorizontalPodAutoscaler") || text.contains("kind: ScaledObject")) {
                        return parse(text, file.toString());
                    }
                }
            }
        } catch (IOException e) {
            throw new IllegalArgumentException("cannot read the policy " + path + ": " + e, e);
        }
        throw new IllegalArgumentException("no HorizontalPodAutoscaler and no ScaledObject in the *.yaml of " + path);
    }

    static HpaSpec parse(String yaml, String where) {
        HasMetadata read;
        try {
            read = YAML.unmarshal(yaml);
        } catch (RuntimeException e) {
            throw new IllegalArgumentException(where + " is no YAML of Kubernetes: " + firstLine(e), e);
        }
        return switch (read) {
            case null -> throw new IllegalArgumentException(where + " is empty");
            case HorizontalPodAutoscaler hpa -> of(hpa, where);
            case GenericKubernetesResource resource
            when resource.getKind().equals("ScaledObject") -> scaledObject(resource, where);
            case HasMetadata other ->
                throw new IllegalArgumentException(
                        "%s holds a %s of %s; want a HorizontalPodAutoscaler of autoscaling/v2 or a ScaledObject"
                                .formatted(where, other.getKind(), other.getApiVersion()));
        };
    }

    /** Of what went wrong at the bottom. */
    private static String firstLine(Throwable e) {
        Throwable cause = e;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        return String.valueOf(cause.getMessage()).lines().findFirst().orElse("");
    }

    /** Kubernetes drops what it does not know without a word, and so would the replay. */
    private static void known(Map<String, ?> more, String in, String where) {
        if (!more.isEmpty()) {
            throw new IllegalArgumentException(
                    "%s: %s has no %s".formatted(where, in, String.join(", ", more.keySet())));
        }
    }

    private static HpaSpec of(HorizontalPodAutoscaler hpa, String where) {
        List<dev.pilotlight.hpa.MetricTarget> metrics = new ArrayList<>();
        for (MetricSpec metric : hpa.getSpec().getMetrics()) {
            metrics.add(
                    switch (metric.getType()) {
                        case "Pods" ->
                            new dev.pilotlight.hpa.MetricTarget.Pods(
                                    name(metric.getPods().getMetric()),
                                    average(metric.getPods().getTarget(), where));
                        case "External" ->
                            whole(
                                    name(metric.getExternal().getMetric()),
                                    metric.getExternal().getTarget(),
                                    where);
                        case "Object" ->
                            whole(
                                    name(metric.getObject().getMetric()),
                                    metric.getObject().getTarget(),
                                    where);
                        default ->
                            throw new IllegalArgumentException(
                                    "%s scales on a metric of type %s; the replay knows Pods, External, Object"
                                            .formatted(where, metric.getType()));
                    });
        }
        Integer min = hpa.getSpec().getMinReplicas();
        HorizontalPodAutoscalerBehavior behavior = hpa.getSpec().getBehavior();
        known(hpa.getSpec().getAdditionalProperties(), "spec", where);
        if (behavior != null) {
            known(behavior.getAdditionalProperties(), "behavior", where);
        }
        HpaSpec spec = new HpaSpec(
                hpa.getMetadata().getName(),
                min == null ? 1 : min,
                hpa.getSpec().getMaxReplicas(),
                metrics,
                behavior == null
                        ? ScalingRules.DEFAULT_UP
                        : rules(behavior.getScaleUp(), ScalingRules.DEFAULT_UP, where),
                behavior == null
                        ? ScalingRules.DEFAULT_DOWN
                        : rules(behavior.getScaleDown(), ScalingRules.DEFAULT_DOWN, where));
        return behavior == null
                ? spec
                : spec.withTolerances(tolerance(behavior.getScaleUp()), tolerance(behavior.getScaleDown()));
    }

    private static double tolerance(HPAScalingRules rules) {
        return rules == null || rules.getTolerance() == null
                ? HpaSpec.DEFAULT_TOLERANCE
                : rules.getTolerance().getNumericalAmount().doubleValue();
    }

    private static long average(MetricTarget target, String where) {
        if (target.getAverageValue() == null) {
            throw new IllegalArgumentException(
                    "%s: a metric of type Pods wants target.averageValue, not a target of type %s"
                            .formatted(where, target.getType()));
        }
        return milli(target.getAverageValue());
    }

    private static dev.pilotlight.hpa.MetricTarget whole(String name, MetricTarget target, String where) {
        if (target.getAverageValue() == null && target.getValue() == null) {
            throw new IllegalArgumentException(
                    "%s: the target of %s has neither averageValue nor value".formatted(where, name));
        }
        return target.getAverageValue() != null
                ? new dev.pilotlight.hpa.MetricTarget.PerReplica(name, milli(target.getAverageValue()))
                : new dev.pilotlight.hpa.MetricTarget.Whole(name, milli(target.getValue()));
    }

    /** With its labels, as a query would select it. */
    private static String name(MetricIdentifier metric) {
        Map<String, String> labels =
                metric.getSelector() == null ? null : metric.getSelector().getMatchLabels();
        if (labels == null || labels.isEmpty()) {
            return metric.getName();
        }
        return labels.entrySet().stream()
                .map(label -> label.getKey() + "=\"" + label.getValue() + "\"")
                .collect(java.util.stream.Collectors.joining(",", metric.getName() + "{", "}"));
    }

    private static ScalingRules rules(HPAScalingRules written, ScalingRules defaults, String where) {
        if (written == null) {
            return defaults;
        }
        known(written.getAdditionalProperties(), "behavior", where);
        if (written.getPolicies() != null) {
            written.getPolicies().forEach(policy -> known(policy.getAdditionalProperties(), "behavior", where));
        }
        List<ScalingRules.Policy> policies = written.getPolicies() == null
                        || written.getPolicies().isEmpty()
                ? defaults.policies()
                : written.getPolicies().stream()
                        .map(policy -> new ScalingRules.Policy(
                                policy.getType().equals("Pods") ? ScalingRules.Unit.PODS : ScalingRules.Unit.PERCENT,
                                policy.getValue(),
                                Duration.ofSeconds(policy.getPeriodSeconds())))
                        .toList();
        return new ScalingRules(
                written.getStabilizationWindowSeconds() == null
                        ? defaults.stabilizationWindow()
                        : Duration.ofSeconds(written.getStabilizationWindowSeconds()),
                written.getSelectPolicy() == null
                        ? defaults.select()
                        : ScalingRules.Select.valueOf(written.getSelectPolicy().toUpperCase(java.util.Locale.ROOT)),
                policies);
    }

    /** KEDA asks Prometheus itself and serves each trigger as an External metric, by AverageValue unless told otherwise. */
    private static HpaSpec scaledObject(GenericKubernetesResource object, String where) {
        List<Map<String, Object>> triggers = object.get("spec", "triggers");
        List<dev.pilotlight.hpa.MetricTarget> metrics = new ArrayList<>();
        for (Map<String, Object> trigger : triggers) {
            if (!"prometheus".equals(trigger.get("type"))) {
                throw new IllegalArgumentException("%s has a trigger of type %s; the replay knows prometheus"
                        .formatted(where, trigger.get("type")));
            }
            Map<?, ?> metadata = (Map<?, ?>) trigger.get("metadata");
            String query = String.valueOf(metadata.get("query")).strip();
            long threshold = milli(new Quantity(String.valueOf(metadata.get("threshold"))));
            metrics.add(
                    "Value".equals(trigger.get("metricType"))
                            ? new dev.pilotlight.hpa.MetricTarget.Whole(query, threshold)
                            : new dev.pilotlight.hpa.MetricTarget.PerReplica(query, threshold));
        }
        Object behavior = object.get("spec", "advanced", "horizontalPodAutoscalerConfig", "behavior");
        HorizontalPodAutoscalerBehavior rules = behavior == null
                ? new HorizontalPodAutoscalerBehavior()
                : YAML.unmarshal(YAML.asJson(behavior), HorizontalPodAutoscalerBehavior.class);
        known(rules.getAdditionalProperties(), "behavior", where);
        return new HpaSpec(
                        object.getMetadata().getName(),
                        number(object.get("spec", "minReplicaCount"), 0),
                        number(object.get("spec", "maxReplicaCount"), NO_MAXIMUM),
                        metrics,
                        rules(rules.getScaleUp(), ScalingRules.DEFAULT_UP, where),
                        rules(rules.getScaleDown(), ScalingRules.DEFAULT_DOWN, where))
                .withTolerances(tolerance(rules.getScaleUp()), tolerance(rules.getScaleDown()));
    }

    private static int number(Object value, int otherwise) {
        return value instanceof Number number ? number.intValue() : otherwise;
    }

    private static long milli(Quantity quantity) {
        return quantity.getNumericalAmount()
                .multiply(BigDecimal.valueOf(1000))
                .setScale(0, RoundingMode.CEILING)
                .longValueExact();
    }
}
