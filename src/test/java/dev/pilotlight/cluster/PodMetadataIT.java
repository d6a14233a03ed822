package dev.pilotlight.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.process.Await;
import dev.pilotlight.simulator.EngineOptions;
import io.fabric8.kubernetes.api.model.Pod;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A pod writes its own metadata at a real API server, with its own token and no more rights than k8s/base gives. */
@Tag("cluster")
class PodMetadataIT {
    private static final Duration SOON = Duration.ofMinutes(5);
    /** How long the steady traffic is watched: -Dcluster.steady=600 for the ten minutes of a release. */
    private static final Duration STEADY = Duration.ofSeconds(Integer.getInteger("cluster.steady", 45));

    private final ControlPlane plane = ControlPlane.shared();
    private String namespace;
    private Diary diary;
    private Kubelet kubelet;

    @BeforeEach
    void start() {
        namespace = plane.namespace("marks");
        plane.rights(namespace);
        diary = new Diary(plane.admin(), namespace);
        kubelet = new Kubelet(
                plane,
                namespace,
                pod -> EngineOptions.builder().load(Duration.ofSeconds(15)).coldKernels(1.5, 0.1),
                Map.of("pool.standby-after", "4s", "mark.cost-hold", "2s", "drain.settle", "1s"));
    }

    @AfterEach
    void end() {
        kubelet.close();
        diary.close();
    }

    private RunningPod start(String name) {
        Workload.pod(plane, namespace, name, Map.of());
        return kubelet.pod(name);
    }

    private Pod pod(String name) {
        return plane.admin().pods().inNamespace(namespace).withName(name).get();
    }

    private Clients clients(RunningPod pod, int tokens) {
        return new Clients(() -> List.of(pod.engineAt("/")), tokens);
    }

    @Test
    void labelsFollowTheEngineThroughItsLife() {
        RunningPod running = start("life");
        Await.until("standby", SOON, () -> Diary.state(pod("life")), "ready standby"::equals);
        try (Clients clients = clients(running, 100)) {
            clients.become(2);
            Await.until("active", SOON, () -> Diary.state(pod("life")), "ready active"::equals);
        }
        Await.until("standby again", SOON, () -> Diary.state(pod("life")), "ready standby"::equals);
        plane.admin().pods().inNamespace(namespace).withName("life").delete();
        Await.until("gone", SOON, () -> pod("life") == null);

        // A pod that is being deleted has no role any more: it leaves the Service before it drains.
        assertThat(diary.of("life"))
                .filteredOn(state -> !state.equals("ready"))
                .containsExactly(
                        "starting",
                        "warming",
                        "ready active",
                        "ready standby",
                        "ready active",
                        "ready standby",
                        "draining");
    }

    @Test
    void steadyTrafficCostsNoWrite() throws IOException, InterruptedException {
        RunningPod running = start("steady");
        try (Clients clients = clients(running, 60)) {
            clients.become(2);
            Await.until("active", SOON, () -> Diary.state(pod("steady")), "ready active"::equals);
            Await.until(
                    "its cost stands",
                    SOON,
                    () -> pod("steady").getMetadata().getAnnotations(),
                    annotations -> annotations != null
                            && "50".equals(annotations.get("controller.kubernetes.io/pod-deletion-cost")));
            // What is still on its way, such as the end of the start's annotations.
            Await.until("two polls have passed", SOON, new Passed(Duration.ofSeconds(3)));

            Instant from = Instant.now();
            String version = pod("steady").getMetadata().getResourceVersion();
            double patches = running.metric("pilotlight_kube_requests_total{verb=\"patch\"")
                    .orElse(0);
            List<Double> loads = new ArrayList<>();
            Passed over = new Passed(STEADY);
            for (int i = 0; !over.call(); i++) {
                // Long enough each that it shows: of a few requests a second nobody can tell within a second or two
                // that they are more.
                clients.become(1 + 3 * (i / 15 % 2));
                Thread.sleep(1_000);
                running.load().ifPresent(loads::add);
            }

            assertThat(loads).hasSizeGreaterThan((int) STEADY.toSeconds() / 2);
            double least = loads.stream().mapToDouble(it -> it).min().orElseThrow();
            double most = loads.stream().mapToDouble(it -> it).max().orElseThrow();
            System.out.printf("steady: %d s, load from %.2f to %.2f%n", STEADY.toSeconds(), least, most);
            assertThat(most - least).as("the load varies").isGreaterThan(0.1);
            assertThat(pod("steady").getMetadata().getResourceVersion()).isEqualTo(version);
            assertThat(running.metric("pilotlight_kube_requests_total{verb=\"patch\"")
                            .orElse(0))
                    .isEqualTo(patches);
            assertThat(plane.requests(namespace).stream()
                            .filter(request -> request.at().isAfter(from) && request.writes())
                            .filter(request -> request.user().contains(":pilotlight")))
                    .isEmpty();
        }
    }

    /** Whether a time has passed. */
    private record Passed(long until) implements java.util.concurrent.Callable<Boolean> {
        Passed(Duration time) {
            this(System.nanoTime() + time.toNanos());
        }

        @Override
        public Boolean call() {
            return System.nanoTime() - until >= 0;
        }
    }
}
