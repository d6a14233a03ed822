package dev.pilotlight.cluster;

import dev.pilotlight.process.Await;
import dev.pilotlight.simulator.EngineOptions;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Plays the kubelet of the one node for one namespace: runs each pod that the scheduler has bound, reports its status, follows its
 * readiness probe, and ends it when it is deleted. A pod without a "pilotlight" container is reported Running and Ready at once.
 */
public final class Kubelet implements AutoCloseable {
    private static final Duration PROBE_EVERY = Duration.ofMillis(400);
    private static final AtomicInteger ADDRESSES = new AtomicInteger();

    private final ControlPlane plane;
    private final String namespace;
    private final Function<Pod, EngineOptions.Builder> engines;
    private final Map<String, String> settings;
    private final Supplier<String> addresses;
    private final SharedIndexInformer<Pod> pods;
    private final Map<String, RunningPod> running = new ConcurrentHashMap<>();
    private final Map<String, Thread> lives = new ConcurrentHashMap<>();
    private final Thread watch;
    private volatile boolean closed;

    /**
     * @param engines the engine of each pod; its address is set here
     * @param settings for every sidecar, as in {@code pool.mode}: they win over the pod's own environment
     */
    public Kubelet(
            ControlPlane plane,
            String namespace,
            Function<Pod, EngineOptions.Builder> engines,
            Map<String, String> settings) {
        this(plane, namespace, engines, settings, Kubelet::freeAddress);
    }

    /** @param addresses one for each pod */
    Kubelet(
            ControlPlane plane,
            String namespace,
            Function<Pod, EngineOptions.Builder> engines,
            Map<String, String> settings,
            Supplier<String> addresses) {
        this.plane = plane;
        this.namespace = namespace;
        this.engines = engines;
        this.settings = settings;
        this.addresses = addresses;
        this.pods = plane.admin().pods().inNamespace(namespace).inform();
        this.watch = Thread.ofVirtual().start(this::watch);
    }

    private void watch() {
        while (!closed) {
            for (Pod pod : pods.getStore().list()) {
                if (pod.getSpec().getNodeName() != null) {
                    lives.computeIfAbsent(
                            pod.getMetadata().getUid(), _ -> Thread.ofVirtual().start(() -> live(pod)));
                }
            }
            LockSupport.parkNanos(PROBE_EVERY.toNanos() / 8);
        }
    }

    private void live(Pod pod) {
        String name = pod.getMetadata().getName();
        if (RunningPod.container(pod).isEmpty()) {
            liveWithoutUs(pod);
            return;
        }
        try (RunningPod ours = new RunningPod(plane, pod, addresses.get(), engines.apply(pod), settings)) {
            running.put(name, ours);
            String reported = "";
            while (!closed) {
                Optional<Pod> now = current(pod);
                if (now.isEmpty()) {
                    return;
                }
                if (now.get().getMetadata().getDeletionTimestamp() != null) {
                    ours.terminate(grace(now.get()));
                    bury(plane, pod);
                    return;
                }
                if (!ours.sidecar().isAlive()) {
                    ours.restartSidecar();
                }
                boolean ready = ours.isReady();
                String state = ready + " " + ours.restarts();
                if (!state.equals(reported) && report(plane, pod, ours.report(pod, ready))) {
                    reported = state;
                }
                LockSupport.parkNanos(PROBE_EVERY.toNanos());
            }
        } catch (IOException failed) {
            throw new java.io.UncheckedIOException("pod " + name, failed);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        } finally {
            running.remove(name);
        }
    }

    /** Somebody else's pod: it runs, is ready and ends when told to. */
    private void liveWithoutUs(Pod pod) {
        JsonObject status = new JsonObject()
                .put("phase", "Running")
                .put("conditions", List.of(new JsonObject().put("type", "Ready").put("status", "True")));
        report(plane, pod, status);
        while (!closed) {
            Optional<Pod> now = current(pod);
            if (now.isEmpty()) {
                return;
            }
            if (now.get().getMetadata().getDeletionTimestamp() != null) {
                bury(plane, pod);
                return;
            }
            LockSupport.parkNanos(PROBE_EVERY.toNanos());
        }
    }

    private Optional<Pod> current(Pod pod) {
        return Optional.ofNullable(pods.getStore()
                        .getByKey(namespace + "/" + pod.getMetadata().getName()))
                .filter(now ->
                        now.getMetadata().getUid().equals(pod.getMetadata().getUid()));
    }

    private static Duration grace(Pod pod) {
        Long seconds = pod.getMetadata().getDeletionGracePeriodSeconds();
        return Duration.ofSeconds(seconds == null || seconds < 1 ? 1 : seconds);
    }

    /** False when the API server would not take it now. */
    static boolean report(ControlPlane plane, Pod pod, JsonObject status) {
        try {
            plane.admin()
                    .pods()
                    .inNamespace(pod.getMetadata().getNamespace())
                    .withName(pod.getMetadata().getName())
                    .subresource("status")
                    .patch(
                            PatchContext.of(PatchType.JSON_MERGE),
                            new JsonObject().put("status", status).encode());
            return true;
        } catch (KubernetesClientException unavailable) {
            return false;
        }
    }

    static void bury(ControlPlane plane, Pod pod) {
        try {
            plane.admin()
                    .pods()
                    .inNamespace(pod.getMetadata().getNamespace())
                    .withName(pod.getMetadata().getName())
                    .withGracePeriod(0)
                    .delete();
        } catch (KubernetesClientException _) {
            // gone already, or with the namespace
        }
    }

    /** 127.x.y.z, with an x of this process, so that two runs on one machine do not meet. */
    static String freeAddress() {
        int next = ADDRESSES.incrementAndGet();
        long network = 2 + ProcessHandle.current().pid() % 250;
        return "127." + network + "." + next / 250 + "." + (1 + next % 250);
    }

    /** The pods that run here, by name. */
    public List<RunningPod> pods() {
        return running.values().stream()
                .sorted(Comparator.comparing(RunningPod::name))
                .toList();
    }

    public RunningPod pod(String name) {
        return Await.until(
                "pod " + name + " runs", Duration.ofMinutes(2), () -> running.get(name), java.util.Objects::nonNull);
    }

    @Override
    public void close() {
        closed = true;
        try {
            watch.join();
            for (Thread life : lives.values()) {
                life.join();
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
        pods.close();
    }
}
