package dev.pilotlight.cluster;

import dev.pilotlight.process.Await;
import dev.pilotlight.simulator.EngineOptions;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * A managed pool called "vllm" as users have it: a Deployment and the rights of k8s/pool; with all that the API server
 * shows of it, and the pods that a Service would send traffic to.
 */
final class ManagedPool implements AutoCloseable {
    static final String NAME = "pilotlight-pool-vllm";

    private final ControlPlane plane;
    private final String namespace;
    private final Workload workload;
    private final Kubelet kubelet;
    private final Diary diary;
    private final List<Plan> plans = new CopyOnWriteArrayList<>();
    private final SharedIndexInformer<ConfigMap> configMap;

    /** A plan as it became known here. */
    record Plan(Instant at, long generation, int term, String holder, SortedSet<String> active, String reason) {
        private static Optional<Plan> of(ConfigMap object) {
            Map<String, String> data = object.getData();
            return data == null || !data.containsKey("generation")
                    ? Optional.empty()
                    : Optional.of(new Plan(
                            Instant.now(),
                            Long.parseLong(data.get("generation")),
                            Integer.parseInt(data.get("term")),
                            data.get("holder"),
                            Arrays.stream(data.get("active").split("\\s+"))
                                    .filter(name -> !name.isEmpty())
                                    .collect(Collectors.toCollection(TreeSet::new)),
                            data.get("reason")));
        }
    }

    /** @param settings of the sidecars beside those that make the pool */
    ManagedPool(
            ControlPlane plane,
            String namespace,
            int replicas,
            Function<Pod, EngineOptions.Builder> engines,
            Map<String, String> settings) {
        this.plane = plane;
        this.namespace = namespace;
        plane.rights(namespace);
        plane.apply(namespace, Path.of("k8s/pool"));
        diary = new Diary(plane.admin(), namespace);
        configMap =
                plane.admin().configMaps().inNamespace(namespace).withName(NAME).inform(new PlanHandler());
        Map<String, String> all = new HashMap<>(settings);
        all.putAll(Map.of("pool.mode", "managed", "pool.name", "vllm"));
        kubelet = new Kubelet(plane, namespace, engines, all);
        workload = Workload.create(plane, namespace, replicas, NAME);
    }

    private final class PlanHandler implements ResourceEventHandler<ConfigMap> {
        @Override
        public void onAdd(ConfigMap object) {
            Plan.of(object)
                    .filter(plan -> plans.isEmpty() || plans.getLast().generation() != plan.generation())
                    .ifPresent(plans::add);
        }

        @Override
        public void onUpdate(ConfigMap before, ConfigMap after) {
            onAdd(after);
        }

        @Override
        public void onDelete(ConfigMap object, boolean unknown) {}
    }

    Kubelet kubelet() {
        return kubelet;
    }

    Workload workload() {
        return workload;
    }

    Diary diary() {
        return diary;
    }

    /** All plans so far, the oldest first. */
    List<Plan> plans() {
        return plans;
    }

    /** The pods with this state, as in "ready active". */
    SortedSet<String> pods(String state) {
        return diary.now().stream()
                .filter(pod -> pod.getMetadata().getDeletionTimestamp() == null)
                .filter(pod -> Diary.state(pod).equals(state))
                .map(pod -> pod.getMetadata().getName())
                .collect(Collectors.toCollection(TreeSet::new));
    }

    void await(int active, int standby, Duration within) {
        Await.until(
                active + " active pods and " + standby + " standbys",
                within,
                () -> List.of(pods("ready active").size(), pods("ready standby").size()),
                List.of(active, standby)::equals);
    }

    /** Where a Service that selects the active pods would send a request: EndpointSlices take no loopback addresses. */
    List<URI> offered() {
        return diary.now().stream()
                .filter(pod -> Workload.label(pod, "role").equals("active") && Workload.isReady(pod))
                .filter(pod -> pod.getMetadata().getDeletionTimestamp() == null)
                .map(pod -> URI.create("http://" + pod.getStatus().getPodIP() + ":8000/"))
                .toList();
    }

    /** The pod that holds the lease, by the API server; empty while nobody does. */
    Optional<String> holder() {
        return Optional.ofNullable(plane.admin()
                        .leases()
                        .inNamespace(namespace)
                        .withName(NAME)
                        .get()
                        .getSpec())
                .map(spec -> spec.getHolderIdentity())
                .filter(identity -> !identity.isEmpty())
                .map(identity -> identity.substring(0, identity.lastIndexOf('_')));
    }

    RunningPod leader() {
        return Await.until("somebody leads", Duration.ofSeconds(60), this::holder, Optional::isPresent)
                .map(kubelet::pod)
                .orElseThrow();
    }

    /** Writes the plan by hand, as an operator could: these are active, and the others stand by. */
    void plan(SortedSet<String> active) {
        plane.admin().configMaps().inNamespace(namespace).withName(NAME).edit(object -> new ConfigMapBuilder(object)
                .addToData(
                        "generation",
                        Long.toString(Long.parseLong(object.getData().get("generation")) + 1))
                .addToData("wanted", Integer.toString(active.size()))
                .addToData("active", String.join("\n", active))
                .addToData("reason", "by hand")
                .build());
    }

    @Override
    public void close() {
        kubelet.close();
        diary.close();
        configMap.close();
    }
}
