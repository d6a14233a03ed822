package dev.pilotlight.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.cluster.KedaCluster.Range;
import dev.pilotlight.cluster.PaperPods.PaperPod;
import dev.pilotlight.cluster.PodMonitors.Target;
import dev.pilotlight.process.Await;
import dev.pilotlight.process.RawServer;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** k8s/autoscaling/keda/scale-to-zero by the real KEDA: woken by one request, held in a freeze, and at zero again when nobody asks. */
@Tag("keda")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class KedaZeroIT {
    private static final Duration LONG = Duration.ofMinutes(5);
    /** Two of KEDA's polls and a scrape. */
    private static final Duration WAKE = Duration.ofSeconds(35);

    private ControlPlane plane;
    private PaperPods pods;
    private RawServer gateway;
    private KedaCluster cluster;
    private volatile double traffic;
    private final Map<String, Integer> requests = new ConcurrentHashMap<>(Map.of("known", 7));

    @BeforeAll
    void start() throws IOException {
        plane = ControlPlane.start("keda-zero");
        plane.kubectl("create", "namespace", KedaCluster.NAMESPACE).orFail();
        pods = new PaperPods(plane, KedaCluster.NAMESPACE, Kubelet::freeAddress, this::answer);
        gateway = new RawServer("127.0.0.1", 0, this::answer);
        KedaCluster.deploy(plane, 0);
        cluster = KedaCluster.start(plane, this::targets);
    }

    @AfterAll
    void end() {
        if (cluster != null) {
            cluster.close();
        }
        gateway.close();
        pods.close();
        plane.close();
    }

    private void answer(PaperPod pod, RawServer.Ask ask, OutputStream out) throws IOException {
        long serving = pods.pods().stream().filter(one -> !one.isFrozen()).count();
        RawServer.answer(out, 200, "text/plain; version=0.0.4", """
                pilotlight_load_ratio %s
                pilotlight_phase{phase="ready"} 1
                """.formatted(traffic / serving));
    }

    /** What a gateway counts, by client, and what kube-state-metrics says of the Deployment. */
    private void answer(RawServer.Ask ask, OutputStream out) throws IOException {
        Deployment deployment = plane.admin()
                .apps()
                .deployments()
                .inNamespace(KedaCluster.NAMESPACE)
                .withName("vllm")
                .get();
        Integer ready = deployment.getStatus().getReadyReplicas();
        String counted = requests.entrySet().stream()
                .map(client -> """
                        istio_requests_total{reporter="source",destination_service_namespace="vllm",destination_service_name="vllm",source_workload="%s"} %d
                        """.formatted(client.getKey(), client.getValue()))
                .collect(Collectors.joining());
        RawServer.answer(
                out,
                200,
                "text/plain; version=0.0.4",
                counted + """
                kube_deployment_spec_replicas{namespace="vllm",deployment="vllm"} %d
                kube_deployment_status_replicas_ready{namespace="vllm",deployment="vllm"} %d
                """.formatted(deployment.getSpec().getReplicas(), ready == null ? 0 : ready));
    }

    private List<Target> targets() {
        return Stream.concat(
                        Stream.of(new Target("127.0.0.1:" + gateway.port(), Map.of("endpoint", "http-monitoring"))),
                        pods.pods().stream()
                                .flatMap(pod -> Target.of(KedaCluster.NAMESPACE, pod.name(), pod.address()))
                                .filter(page -> page.labels().get("endpoint").equals("pilotlight")))
                .toList();
    }

    /** One life, since each part waits for the one before: minutes, for the query looks two minutes back. */
    @Test
    void wakesServesHoldsAndSleeps() {
        cluster.folder("autoscaling/keda/scale-to-zero")
                .asking(cluster.prometheus())
                .with("cooldownPeriod", 20)
                .scalingInAfterSeconds(15)
                .apply();
        // Where it sees the gateway for the first time, each client is a new one.
        Await.until("the gateway's client is known", LONG, () -> !cluster.monitors()
                .prometheus()
                .query("last_over_time(istio_requests_total{source_workload=\"known\"}[1h] offset 2m)")
                .isEmpty());
        Await.until("nobody asks", LONG, () -> cluster.value("s0-prometheus"), seen -> seen == 0);
        cluster.awaitReplicas(0);
        assertThat(cluster.range(WAKE)).as("nobody asks").isEqualTo(new Range(0, 0));

        Instant asked = Instant.now();
        requests.put("new", 1);
        cluster.awaitReplicas(1);
        Duration woken = Duration.between(asked, Instant.now());
        System.out.printf("scale-to-zero: the first request of a client woke the pool after %d s%n", woken.toSeconds());
        assertThat(woken).isLessThan(WAKE);

        traffic = 2.5;
        cluster.awaitReplicas(4); // 2.5 / 0.7
        Await.until("all say their load", LONG, () -> cluster.value("s1-prometheus"), seen -> seen > 2.49);
        pods.pods().forEach(PaperPod::freeze);
        cluster.awaitFallback(true);
        assertThat(cluster.range(WAKE)).as("frozen").isEqualTo(new Range(4, 4));
        pods.pods().forEach(PaperPod::thaw);
        cluster.awaitFallback(false);
        assertThat(cluster.range(WAKE).least()).isEqualTo(4);

        traffic = 0;
        Instant ended = Instant.now();
        cluster.awaitReplicas(0);
        System.out.printf(
                "scale-to-zero: at zero %d s after the load went%n",
                Duration.between(ended, Instant.now()).toSeconds());
    }
}
