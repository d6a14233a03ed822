package dev.pilotlight.cluster;

import dev.pilotlight.process.Await;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscaler;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;

/** A control plane with the real KEDA, a namespace "vllm" as the folders of k8s/ have it, and a real Prometheus that may fail. */
final class KedaCluster implements AutoCloseable {
    static final String NAMESPACE = "vllm";
    private static final Duration LONG = Duration.ofMinutes(4);

    private final ControlPlane plane;
    private final Keda keda;
    private final PodMonitors monitors;
    private final FaultyPrometheus prometheus;

    private KedaCluster(ControlPlane plane, Keda keda, PodMonitors monitors) {
        this.plane = plane;
        this.keda = keda;
        this.monitors = monitors;
        prometheus = new FaultyPrometheus(monitors.prometheus());
    }

    /** @param targets of Prometheus */
    static KedaCluster start(ControlPlane plane, Supplier<List<PodMonitors.Target>> targets) throws IOException {
        return new KedaCluster(
                plane, Keda.start(plane), PodMonitors.start(plane.home().resolve("prometheus"), targets));
    }

    /** A Deployment without the sidecar. */
    static void deploy(ControlPlane plane, int replicas) throws IOException {
        plane.apply(NAMESPACE, Files.writeString(plane.home().resolve("deployment.yaml"), """
                apiVersion: apps/v1
                kind: Deployment
                metadata: { name: vllm }
                spec:
                  replicas: %d
                  selector: { matchLabels: { app: vllm } }
                  template:
                    metadata: { labels: { app: vllm } }
                    spec:
                      containers: [{ name: vllm, image: vllm/vllm-openai }]
                """.formatted(replicas)));
    }

    FaultyPrometheus prometheus() {
        return prometheus;
    }

    PodMonitors monitors() {
        return monitors;
    }

    KedaFolder folder(String folder) {
        return KedaFolder.of(plane, folder);
    }

    int replicas() {
        return plane.admin()
                .apps()
                .deployments()
                .inNamespace(NAMESPACE)
                .withName("vllm")
                .get()
                .getSpec()
                .getReplicas();
    }

    void scale(int replicas) {
        plane.admin()
                .apps()
                .deployments()
                .inNamespace(NAMESPACE)
                .withName("vllm")
                .scale(replicas);
    }

    /** How few and how many replicas were wanted in some time. */
    record Range(int least, int most) {}

    Range range(Duration time) {
        int least = replicas();
        int most = least;
        for (Instant end = Instant.now().plus(time); Instant.now().isBefore(end); ) {
            int now = replicas();
            least = Math.min(least, now);
            most = Math.max(most, now);
            LockSupport.parkNanos(100_000_000);
        }
        return new Range(least, most);
    }

    void awaitReplicas(int wanted) {
        awaitReplicas(wanted, wanted);
    }

    void awaitReplicas(int least, int most) {
        Await.until(least + " to " + most + " replicas", LONG, this::replicas, now -> least <= now && now <= most);
    }

    HorizontalPodAutoscaler autoscaler() {
        return plane.admin()
                .autoscaling()
                .v2()
                .horizontalPodAutoscalers()
                .inNamespace(NAMESPACE)
                .withName("keda-hpa-vllm")
                .get();
    }

    /** Until the autoscaler that KEDA made has all of its metrics by way of KEDA's adapter, and says so itself. */
    HorizontalPodAutoscaler awaitFed() {
        return Await.until("KEDA's autoscaler has all its metrics", LONG, this::autoscaler, KedaCluster::isFed);
    }

    static boolean isFed(HorizontalPodAutoscaler autoscaler) {
        return autoscaler != null
                && autoscaler.getStatus() != null
                && autoscaler.getStatus().getConditions().stream()
                        .anyMatch(condition -> condition.getType().equals("ScalingActive")
                                && condition.getStatus().equals("True"))
                && autoscaler.getStatus().getCurrentMetrics().size()
                        == autoscaler.getSpec().getMetrics().size();
    }

    /** What KEDA's adapter answers for a trigger. */
    double value(String metric) {
        String answer = plane.kubectl(
                        "get",
                        "--raw",
                        "/apis/external.metrics.k8s.io/v1beta1/namespaces/" + NAMESPACE + "/" + metric
                                + "?labelSelector=scaledobject.keda.sh%2Fname%3Dvllm")
                .orFail();
        String value =
                new JsonObject(answer).getJsonArray("items").getJsonObject(0).getString("value");
        return value.endsWith("m")
                ? Double.parseDouble(value.substring(0, value.length() - 1)) / 1000
                : Double.parseDouble(value);
    }

    /** Waits until KEDA holds the replicas by its fallback, as the ScaledObject says. */
    void awaitFallback(boolean expected) {
        Await.until(
                "the fallback is " + (expected ? "on" : "off"),
                LONG,
                () -> plane.kubectl(
                                "get",
                                "scaledobject",
                                "vllm",
                                "-n",
                                NAMESPACE,
                                "-o",
                                "jsonpath={.status.conditions[?(@.type==\"Fallback\")].status}")
                        .orFail(),
                (expected ? "True" : "False")::equals);
    }

    /** Takes the ScaledObject away, and with it KEDA's autoscaler. */
    void remove() {
        plane.kubectl("delete", "scaledobject", "vllm", "-n", NAMESPACE).orFail();
        Await.until("KEDA's autoscaler is gone", LONG, () -> autoscaler() == null);
    }

    @Override
    public void close() {
        prometheus.close();
        monitors.close();
        keda.close();
    }
}
