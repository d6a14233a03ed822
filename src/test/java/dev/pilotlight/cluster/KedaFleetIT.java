package dev.pilotlight.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.pilotlight.cluster.FaultyPrometheus.Fault;
import dev.pilotlight.cluster.KedaCluster.Range;
import dev.pilotlight.cluster.PaperPods.PaperPod;
import dev.pilotlight.cluster.PodMonitors.Target;
import dev.pilotlight.process.Await;
import dev.pilotlight.process.RawServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * k8s/autoscaling/keda/load by the real KEDA, a real Prometheus and the real HorizontalPodAutoscaler controller, over eight pods that share
 * the traffic of 5.6: what Prometheus does not see is not taken for idle, and nothing runs away.
 */
@Tag("keda")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class KedaFleetIT {
    private static final double TRAFFIC = 5.6; // in pods' worth: 0.75 of it and 3.5 are 7.7 pods
    private static final int PODS = 8;
    private static final int MOST = 14; // as the folder says
    private static final Duration SOON = Duration.ofMinutes(2);
    /** Longer than the scale-in window here, than KEDA's fallback takes, and than two of its polls. */
    private static final Duration A_WHILE = Duration.ofSeconds(40);

    private ControlPlane plane;
    private PaperPods pods;
    private KedaCluster cluster;
    private volatile double traffic;
    private final Map<String, Wire> wires = new ConcurrentHashMap<>();

    @BeforeAll
    void start() throws IOException {
        plane = ControlPlane.start("keda-fleet");
        plane.kubectl("create", "namespace", KedaCluster.NAMESPACE).orFail();
        pods = new PaperPods(plane, KedaCluster.NAMESPACE, Kubelet::freeAddress, this::answer);
        KedaCluster.deploy(plane, PODS);
        cluster = KedaCluster.start(plane, this::targets);
    }

    @AfterAll
    void end() {
        if (cluster != null) {
            cluster.close();
        }
        wires.values().forEach(Wire::close);
        pods.close();
        plane.close();
    }

    private void answer(PaperPod pod, RawServer.Ask ask, OutputStream out) throws IOException {
        List<PaperPod> serving =
                pods.pods().stream().filter(one -> !one.isFrozen()).toList();
        RawServer.answer(out, 200, "text/plain; version=0.0.4", """
                # TYPE pilotlight_load_ratio gauge
                pilotlight_load_ratio %s
                # TYPE pilotlight_phase gauge
                pilotlight_phase{phase="ready"} 1
                """.formatted(traffic / serving.size()));
    }

    /** By way of a wire each, so that a pod is out of reach for Prometheus alone. */
    private List<Target> targets() {
        return pods.pods().stream()
                .flatMap(pod -> Target.of(KedaCluster.NAMESPACE, pod.name(), pod.address())
                        .filter(page -> page.labels().get("endpoint").equals("pilotlight"))
                        .map(page -> page.by(wire(pod))))
                .toList();
    }

    private Wire wire(PaperPod pod) {
        return wires.computeIfAbsent(pod.name(), _ -> new Wire(new InetSocketAddress(pod.address(), 9110)));
    }

    private void cutThree() {
        pods.pods().stream().limit(3).forEach(pod -> wire(pod).cut());
        Await.until(
                "Prometheus says so",
                SOON,
                () -> cluster.monitors().prometheus().query("up == 0").size() == 3);
    }

    @BeforeEach
    void scaled() {
        traffic = TRAFFIC;
        cluster.scale(PODS);
        cluster.folder("autoscaling/keda/load")
                .asking(cluster.prometheus())
                .scalingInAfterSeconds(15)
                .apply();
        cluster.awaitFed();
        awaitSteady();
    }

    private void awaitSteady() {
        Await.until(
                "KEDA sees all of the load",
                SOON,
                () -> cluster.value("s0-prometheus"),
                seen -> Math.abs(seen - 7.7) < 0.01);
        cluster.awaitFallback(false);
        cluster.awaitReplicas(PODS);
    }

    @AfterEach
    void removed() {
        cluster.prometheus().become(Fault.NONE);
        wires.values().forEach(Wire::fix);
        pods.pods().forEach(PaperPod::thaw);
        cluster.remove();
    }

    @Test
    void followsTheTraffic() {
        traffic = 9;
        cluster.awaitReplicas(
                10, 11); // 0.75 * 9 + 3.5 = 10.25, which is near enough to 10 for an autoscaler that is there already
        traffic = 1;
        cluster.awaitReplicas(5); // 4.25
    }

    /** Three of eight: scraped no more, they work on. Taken for idle, they took the pool to six pods. */
    @Test
    void podsThatPrometheusCannotReachAreNotIdle() {
        cutThree();
        assertThat(cluster.range(A_WHILE)).isEqualTo(new Range(PODS, PODS));
        assertThat(cluster.value("s0-prometheus")).isCloseTo(7.7, within(0.01));
    }

    /** And a pool that is half out of sight still grows. */
    @Test
    void growsWhileSomeCannotBeReached() {
        cutThree();
        traffic = 9;
        cluster.awaitReplicas(10, 11);
    }

    /** A Prometheus that is lost, at any stage, and comes back. */
    @ParameterizedTest
    @EnumSource(
            value = Fault.class,
            mode = EnumSource.Mode.EXCLUDE,
            names = {"NONE"})
    void aLostPrometheusTakesNoPodAway(Fault fault) {
        cluster.prometheus().become(fault);
        cluster.awaitFallback(true);
        traffic = 0;
        assertThat(cluster.range(Duration.ofSeconds(25))).isEqualTo(new Range(PODS, PODS));
        cluster.prometheus().become(Fault.NONE);
        cluster.awaitReplicas(4); // what no traffic wants: 3.5
    }

    /** As after a stall of all nodes: the first pod that is ready again has the traffic of all. */
    @Test
    void theFirstPodAfterAFreezeDoesNotSpeakForAll() {
        List<PaperPod> all = pods.pods();
        all.forEach(PaperPod::freeze);
        cluster.awaitFallback(true);
        assertThat(cluster.range(A_WHILE)).isEqualTo(new Range(PODS, PODS));

        all.getFirst().thaw();
        Await.until(
                "Prometheus sees its load",
                SOON,
                () -> cluster.monitors()
                                .prometheus()
                                .query("pilotlight_load_ratio > 5")
                                .size()
                        == 1);
        assertThat(cluster.range(A_WHILE)).isEqualTo(new Range(PODS, PODS));

        all.forEach(PaperPod::thaw);
        Range after = cluster.range(A_WHILE);
        assertThat(after.least()).isEqualTo(PODS);
        // For one scrape its last load stands beside those of the pods that took over its traffic.
        assertThat(after.most()).isLessThan(MOST);
        awaitSteady();
    }
}
