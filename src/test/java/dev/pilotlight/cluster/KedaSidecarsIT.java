package dev.pilotlight.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.simulator.EngineOptions;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscaler;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/**
 * k8s/autoscaling/keda/load as it is in a cluster: packaged sidecars beside simulated engines, a real Prometheus that scrapes them, the real
 * KEDA that asks it, and the real HorizontalPodAutoscaler controller.
 */
@Tag("keda")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class KedaSidecarsIT {
    private static final int LEAST = 2; // as the folder says
    private static final int MOST = 4;
    private static final Duration LONG = Duration.ofMinutes(4);

    private ControlPlane plane;
    private Workload workload;
    private Kubelet kubelet;
    private KedaCluster cluster;

    @BeforeAll
    void start() throws IOException {
        plane = ControlPlane.start("keda-sidecars");
        plane.kubectl("create", "namespace", KedaCluster.NAMESPACE).orFail();
        plane.rights(KedaCluster.NAMESPACE);
        kubelet = new Kubelet(plane, KedaCluster.NAMESPACE, _ -> EngineOptions.builder(), Map.of());
        workload = Workload.create(plane, KedaCluster.NAMESPACE, LEAST);
        cluster = KedaCluster.start(plane, () -> kubelet.pods().stream()
                .flatMap(pod -> PodMonitors.Target.of(KedaCluster.NAMESPACE, pod.name(), pod.address()))
                .toList());
        workload.awaitReady(LEAST, LONG);
    }

    @AfterAll
    void end() {
        if (cluster != null) {
            cluster.close();
        }
        kubelet.close();
        plane.close();
    }

    /** With the scale-in window cut to seconds, and fewer pods at most, hence less to spare. */
    @Test
    void scalesOutUnderLoadAndInAgainWithout() {
        cluster.folder("autoscaling/keda/load")
                .asking(cluster.prometheus())
                .with("maxReplicaCount", MOST)
                .with("+ 3.5", "+ 1")
                .scalingInAfterSeconds(15)
                .apply();
        HorizontalPodAutoscaler autoscaler = cluster.awaitFed();
        assertThat(autoscaler.getSpec().getMetrics())
                .extracting(metric -> metric.getExternal().getMetric().getName())
                .containsExactly("s0-prometheus", "s1-prometheus");
        assertThat(workload.pods()).as("without traffic").hasSize(LEAST);

        Instant began = Instant.now();
        try (Crowd _ = new Crowd(workload, kubelet, 60)) {
            workload.awaitReady(MOST, LONG);
            tell(began, MOST + " pods are ready");
        }
        Instant ended = Instant.now();
        cluster.awaitReplicas(LEAST);
        tell(ended, "back to " + LEAST + " pods");
    }

    private static void tell(Instant from, String what) {
        System.out.printf(
                "keda/load: %s after %d s%n",
                what, Duration.between(from, Instant.now()).toSeconds());
    }
}
