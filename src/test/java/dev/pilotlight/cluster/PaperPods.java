package dev.pilotlight.cluster;

import dev.pilotlight.process.RawServer;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;

/**
 * Pods without a process, and their kubelet: each is an address of its own, what answers at port 9110 there, and what the API server is told.
 * What they say is the test's to decide. A frozen one takes connections and says nothing until it is thawed, and is not ready.
 */
final class PaperPods implements AutoCloseable {
    private static final Duration PAUSE = Duration.ofMillis(100);

    private final ControlPlane plane;
    private final Supplier<String> addresses;
    private final Pages pages;
    private final SharedIndexInformer<Pod> informer;
    private final Map<String, PaperPod> running = new ConcurrentHashMap<>();
    private final Thread kubelet;
    private volatile boolean closed;

    /** What a pod answers; an exception ends the connection. */
    @FunctionalInterface
    interface Pages {
        void answer(PaperPod pod, RawServer.Ask ask, OutputStream out) throws IOException;
    }

    PaperPods(ControlPlane plane, String namespace, Supplier<String> addresses, Pages pages) {
        this.plane = plane;
        this.addresses = addresses;
        this.pages = pages;
        informer = plane.admin().pods().inNamespace(namespace).inform();
        kubelet = Thread.ofVirtual().start(this::playKubelet);
    }

    /** One of them. */
    final class PaperPod implements AutoCloseable {
        private final Pod pod;
        private final String address = addresses.get();
        private final RawServer server = new RawServer(address, 9110, this::answer);
        private volatile boolean frozen;
        private String reported = "";

        private PaperPod(Pod pod) {
            this.pod = pod;
        }

        String name() {
            return pod.getMetadata().getName();
        }

        String address() {
            return address;
        }

        boolean isFrozen() {
            return frozen;
        }

        void freeze() {
            frozen = true;
        }

        void thaw() {
            frozen = false;
        }

        private void answer(RawServer.Ask ask, OutputStream out) throws IOException {
            while (frozen && !closed) {
                LockSupport.parkNanos(PAUSE.toNanos());
            }
            pages.answer(this, ask, out);
        }

        private void report() {
            String ready = frozen ? "False" : "True";
            JsonObject status = new JsonObject()
                    .put("phase", "Running")
                    .put("podIP", address)
                    .put("podIPs", List.of(new JsonObject().put("ip", address)))
                    .put(
                            "conditions",
                            List.of(new JsonObject().put("type", "Ready").put("status", ready)));
            if (!reported.equals(ready) && Kubelet.report(plane, pod, status)) {
                reported = ready;
            }
        }

        @Override
        public void close() {
            server.close();
        }
    }

    private void playKubelet() {
        while (!closed) {
            List<Pod> now = informer.getStore().list();
            for (Pod pod : now) {
                if (pod.getMetadata().getDeletionTimestamp() != null) {
                    Kubelet.bury(plane, pod);
                } else if (pod.getSpec().getNodeName() != null) {
                    running.computeIfAbsent(pod.getMetadata().getUid(), _ -> new PaperPod(pod))
                            .report();
                }
            }
            List<String> alive = now.stream()
                    .filter(pod -> pod.getMetadata().getDeletionTimestamp() == null)
                    .map(pod -> pod.getMetadata().getUid())
                    .toList();
            running.forEach((uid, pod) -> {
                if (!alive.contains(uid) && running.remove(uid, pod)) {
                    pod.close();
                }
            });
            LockSupport.parkNanos(PAUSE.toNanos());
        }
    }

    /** Those of now, by name. */
    List<PaperPod> pods() {
        return running.values().stream()
                .sorted(Comparator.comparing(PaperPod::name))
                .toList();
    }

    @Override
    public void close() {
        closed = true;
        try {
            kubelet.join();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
        running.values().forEach(PaperPod::close);
        informer.close();
    }
}
