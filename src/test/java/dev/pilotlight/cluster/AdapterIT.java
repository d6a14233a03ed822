package dev.pilotlight.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.process.Await;
import dev.pilotlight.process.Said;
import dev.pilotlight.simulator.EngineOptions;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscaler;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The chain as it is in a cluster: packaged sidecars beside simulated engines, a real Prometheus that scrapes them, the real
 * prometheus-adapter with the values of k8s/autoscaling, and the real HorizontalPodAutoscaler controller.
 */
@Tag("cluster")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class AdapterIT {
    private static final String NAMESPACE = "vllm"; // as k8s/autoscaling says
    private static final int LEAST = 3;
    private static final int MOST = 5;
    private static final Duration LONG = Duration.ofMinutes(3);

    private ControlPlane plane;
    private Workload workload;
    private Kubelet kubelet;
    private Monitoring monitoring;

    @BeforeAll
    void start() throws IOException {
        plane = ControlPlane.start("adapter");
        plane.kubectl("create", "namespace", NAMESPACE).orFail();
        plane.rights(NAMESPACE);
        kubelet = new Kubelet(plane, NAMESPACE, _ -> EngineOptions.builder(), Map.of());
        workload = Workload.create(plane, NAMESPACE, LEAST);
        monitoring = Monitoring.start(plane, kubelet, NAMESPACE);
        workload.awaitReady(LEAST, LONG);
    }

    @AfterAll
    void end() {
        if (monitoring != null) {
            monitoring.close();
        }
        kubelet.close();
        plane.close();
    }

    @ParameterizedTest
    @CsvSource({
        "pilotlight_load_ratio,",
        "pilotlight_pressure_ratio, resource=queue",
        "pilotlight_pressure_ratio, resource=kv_cache",
        "vllm_num_requests_waiting,",
        "vllm_kv_cache_usage_ratio,"
    })
    void answersForEachPod(String metric, String selector) {
        String path = "/apis/custom.metrics.k8s.io/v1beta1/namespaces/" + NAMESPACE + "/pods/*/" + metric
                + (selector == null ? "" : "?metricLabelSelector=" + selector.replace("=", "%3D"));
        List<String> pods =
                workload.pods().stream().map(pod -> pod.getMetadata().getName()).toList();

        JsonArray items = Await.until(
                path, LONG, () -> items(plane.kubectl("get", "--raw", path)), found -> found.size() == pods.size());

        assertThat(items.stream().map(JsonObject.class::cast).map(item -> item.getJsonObject("describedObject")
                        .getString("name")))
                .containsExactlyInAnyOrderElementsOf(pods);
    }

    /** None while the adapter has not yet seen that there is such a metric. */
    private static JsonArray items(Said said) {
        return said.code() == 0 ? new JsonObject(said.output()).getJsonArray("items") : new JsonArray();
    }

    /** All that an autoscaler asks for is there, and it says so itself. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "raw/queue",
                "raw/kv-cache",
                "raw/combined",
                "pressure/queue",
                "pressure/kv-cache",
                "pressure/combined",
                "load"
            })
    void feedsTheAutoscaler(String way) throws IOException {
        apply(way);
        HorizontalPodAutoscaler fed = Await.until(
                way + " has all its metrics",
                LONG,
                this::autoscaler,
                hpa -> hpa.getStatus() != null
                        && hpa.getStatus().getConditions().stream()
                                .anyMatch(condition -> condition.getType().equals("ScalingActive")
                                        && condition.getStatus().equals("True"))
                        && hpa.getStatus().getCurrentMetrics().size()
                                == hpa.getSpec().getMetrics().size());
        assertThat(fed.getStatus().getCurrentMetrics())
                .allSatisfy(metric -> assertThat(metric.getPods().getCurrent().getAverageValue())
                        .isNotNull());
        delete();
    }

    /** With the windows cut to seconds, or a scale-in would take ten minutes; the metric and its target are as they are. */
    @ParameterizedTest
    @ValueSource(strings = {"load", "raw/queue"})
    void scalesOutAndIn(String way) throws IOException {
        workload.scale(LEAST);
        workload.awaitReady(LEAST, LONG);
        apply(way);
        plane.kubectl("patch", "hpa", "vllm", "-n", NAMESPACE, "--type=merge", "-p", """
                {"spec":{"minReplicas":%d,"maxReplicas":%d,"behavior":{
                  "scaleUp":{"stabilizationWindowSeconds":0},
                  "scaleDown":{"stabilizationWindowSeconds":15,"policies":[{"type":"Pods","value":2,"periodSeconds":15}]}}}}
                """.formatted(LEAST, MOST))
                .orFail();
        Instant began = Instant.now();
        try (Crowd _ = new Crowd(workload, kubelet, 60)) {
            workload.awaitReady(MOST, LONG);
            tell(way, began, MOST + " pods are ready");
        }
        Instant ended = Instant.now();
        Await.until("back to " + LEAST + " pods", LONG, () -> workload.pods().size(), count -> count == LEAST);
        tell(way, ended, "back to " + LEAST + " pods");
        delete();
    }

    private static void tell(String way, Instant from, String what) {
        System.out.printf(
                "%s: %s after %d s%n",
                way, what, Duration.between(from, Instant.now()).toSeconds());
    }

    private void apply(String way) throws IOException {
        Said built = plane.kubectl("kustomize", "k8s/autoscaling/" + way);
        plane.apply(NAMESPACE, Files.writeString(plane.home().resolve("hpa.yaml"), built.orFail()));
    }

    private HorizontalPodAutoscaler autoscaler() {
        return plane.admin()
                .autoscaling()
                .v2()
                .horizontalPodAutoscalers()
                .inNamespace(NAMESPACE)
                .withName("vllm")
                .get();
    }

    private void delete() {
        plane.kubectl("delete", "hpa", "vllm", "-n", NAMESPACE).orFail();
    }
}
