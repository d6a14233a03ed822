package dev.pilotlight.cluster;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Watches the pods of a namespace and writes down each change of their phase and role labels, as the API server shows them. */
final class Diary implements AutoCloseable, ResourceEventHandler<Pod> {
    private final List<Entry> entries = new CopyOnWriteArrayList<>();
    private final SharedIndexInformer<Pod> pods;

    /** @param state phase and role, as in "ready active"; empty before the first mark */
    record Entry(Instant at, String pod, String state) {}

    Diary(KubernetesClient admin, String namespace) {
        pods = admin.pods().inNamespace(namespace).inform(this);
    }

    static String state(Pod pod) {
        return (Workload.label(pod, "phase") + " " + Workload.label(pod, "role")).strip();
    }

    @Override
    public void onAdd(Pod pod) {
        entries.add(new Entry(Instant.now(), pod.getMetadata().getName(), state(pod)));
    }

    @Override
    public void onUpdate(Pod before, Pod after) {
        if (!state(before).equals(state(after))) {
            onAdd(after);
        }
    }

    @Override
    public void onDelete(Pod pod, boolean unknown) {}

    /** What a pod has been, the oldest first. */
    List<String> of(String pod) {
        return entries.stream()
                .filter(entry -> entry.pod().equals(pod))
                .map(Entry::state)
                .filter(state -> !state.isEmpty())
                .toList();
    }

    List<Entry> all() {
        return entries;
    }

    /** The pods as they are now. */
    List<Pod> now() {
        return pods.getStore().list();
    }

    @Override
    public void close() {
        pods.close();
    }
}
