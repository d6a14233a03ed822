package dev.pilotlight.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.process.Await;
import dev.pilotlight.simulator.EngineOptions;
import io.fabric8.kubernetes.api.model.Pod;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Whom the real ReplicaSet controller takes when a Deployment shrinks: by the deletion costs that the pods wrote on themselves. */
@Tag("cluster")
class ScaleInIT {
    private static final long SEED = Long.getLong("cluster.seed", 20261125);
    private static final Duration SOON = Duration.ofMinutes(5);

    private final ControlPlane plane = ControlPlane.shared();

    @Test
    void standbysGoFirstThenTheLeastLoaded() {
        String namespace = plane.namespace("scale-in");
        plane.rights(namespace);
        try (Kubelet kubelet = new Kubelet(
                plane,
                namespace,
                pod -> EngineOptions.builder(),
                Map.of("pool.standby-after", "5s", "mark.cost-hold", "2s", "drain.settle", "1s"))) {
            Workload workload = Workload.create(plane, namespace, 5);
            workload.awaitReady(5, SOON);

            // Chance says who does what, so that neither age nor name foretells the order.
            List<String> pods = new ArrayList<>(names(workload));
            Collections.shuffle(pods, new Random(SEED));
            RunningPod full = kubelet.pod(pods.get(0));
            RunningPod working = kubelet.pod(pods.get(1));
            RunningPod nearlyIdle = kubelet.pod(pods.get(2));
            try (Clients many = new Clients(() -> List.of(full.engineAt("/")), 60);
                    Clients some = new Clients(() -> List.of(working.engineAt("/")), 60);
                    Clients now = new Clients(() -> List.of(nearlyIdle.engineAt("/")), 1, Duration.ofSeconds(3))) {
                many.become(12);
                some.become(3);
                now.become(1);
                Await.until(
                        "the costs stand",
                        SOON,
                        () -> pods.stream().map(name -> cost(namespace, name)).toList(),
                        List.of("100", "50", "0", "-100", "-100")::equals);

                assertThat(after(workload, 3)).containsExactlyInAnyOrderElementsOf(pods.subList(0, 3));
                assertThat(after(workload, 2)).containsExactlyInAnyOrderElementsOf(pods.subList(0, 2));
                assertThat(after(workload, 1)).containsExactlyInAnyOrderElementsOf(pods.subList(0, 1));
            }
        }
    }

    private static Set<String> names(Workload workload) {
        Set<String> names = new TreeSet<>();
        workload.pods().forEach(pod -> names.add(pod.getMetadata().getName()));
        return names;
    }

    private static Set<String> after(Workload workload, int replicas) {
        workload.scale(replicas);
        return Await.until(replicas + " pods are left", SOON, () -> names(workload), names -> names.size() == replicas);
    }

    private String cost(String namespace, String name) {
        Pod pod = plane.admin().pods().inNamespace(namespace).withName(name).get();
        Map<String, String> annotations = pod.getMetadata().getAnnotations();
        return annotations == null ? "" : annotations.getOrDefault("controller.kubernetes.io/pod-deletion-cost", "");
    }
}
