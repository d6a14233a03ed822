package dev.pilotlight.node;

import dev.pilotlight.process.Await;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * What happened to the pods of a namespace, in seconds since a fault: changes that the API server showed, events of the kubelet, and
 * what the test adds. Written to target/node/NAME.txt.
 */
final class TimeLine implements AutoCloseable, ResourceEventHandler<Pod> {
    private static final Path FOLDER = Path.of("target/node");

    private final String name;
    private final List<Entry> entries = new CopyOnWriteArrayList<>();
    private final SharedIndexInformer<Pod> pods;
    private final SharedIndexInformer<Event> events;
    private volatile Instant zero = Instant.now();

    record Entry(Instant at, String pod, String what) {}

    TimeLine(KubernetesClient admin, String namespace, String name) {
        this.name = name;
        this.pods = admin.pods().inNamespace(namespace).inform(this);
        Instant begin = Instant.now();
        this.events = admin.v1().events().inNamespace(namespace).inform(new ResourceEventHandler<>() {
            @Override
            public void onAdd(Event event) {
                String last = event.getLastTimestamp();
                if (event.getInvolvedObject().getKind().equals("Pod")
                        && (last == null || !Instant.parse(last).isBefore(begin.minusSeconds(2)))) {
                    add(
                            event.getInvolvedObject().getName(),
                            event.getReason() + ": "
                                    + event.getMessage().lines().findFirst().orElse(""));
                }
            }

            @Override
            public void onUpdate(Event before, Event after) {
                if (!Objects.equals(before.getCount(), after.getCount())) {
                    onAdd(after);
                }
            }

            @Override
            public void onDelete(Event event, boolean unknown) {}
        });
    }

    /** Seconds count from now. */
    Instant fault(String what) {
        zero = Instant.now();
        add("", what);
        return zero;
    }

    void add(String what) {
        add("", what);
    }

    private void add(String pod, String what) {
        entries.add(new Entry(Instant.now(), pod, what));
    }

    /** The first entry since the fault whose text is like that. */
    Optional<Duration> first(Predicate<String> what) {
        return entries.stream()
                .filter(entry -> !entry.at().isBefore(zero) && what.test(entry.what()))
                .map(entry -> Duration.between(zero, entry.at()))
                .findFirst();
    }

    /** The first such entry since the fault, which may be on its way yet. */
    Duration await(String what, Duration within, Predicate<String> isSo) {
        return Await.until(what, within, () -> first(isSo), Optional::isPresent).orElseThrow();
    }

    List<Entry> since(Instant from) {
        return entries.stream().filter(entry -> !entry.at().isBefore(from)).toList();
    }

    @Override
    public void onAdd(Pod pod) {
        add(pod.getMetadata().getName(), "made");
        differences(null, pod);
    }

    @Override
    public void onUpdate(Pod before, Pod after) {
        differences(before, after);
    }

    @Override
    public void onDelete(Pod pod, boolean unknown) {
        add(pod.getMetadata().getName(), "gone");
    }

    private void differences(Pod before, Pod after) {
        String pod = after.getMetadata().getName();
        if (before != null
                && before.getMetadata().getDeletionTimestamp() == null
                && after.getMetadata().getDeletionTimestamp() != null) {
            add(pod, "deletion begins");
        }
        String phase = after.getStatus().getPhase();
        if (before == null || !Objects.equals(before.getStatus().getPhase(), phase)) {
            add(
                    pod,
                    phase
                            + (after.getStatus().getReason() == null
                                    ? ""
                                    : " " + after.getStatus().getReason()));
        }
        for (String container : Stream.concat(
                        after.getStatus().getInitContainerStatuses().stream(),
                        after.getStatus().getContainerStatuses().stream())
                .map(ContainerStatus::getName)
                .toList()) {
            String was = before == null ? "" : state(before, container);
            String is = state(after, container);
            if (!was.equals(is)) {
                add(pod, container + " " + is);
            }
        }
        boolean wasReady = before != null && RealNode.isReady(before);
        if (wasReady != RealNode.isReady(after)) {
            add(pod, wasReady ? "not Ready" : "Ready");
        }
    }

    private static String state(Pod pod, String container) {
        return RealNode.status(pod, container)
                .map(status -> {
                    String state = status.getState().getRunning() != null
                            ? "running"
                            : status.getState().getTerminated() != null
                                    ? "ended "
                                            + status.getState().getTerminated().getReason() + " "
                                            + status.getState().getTerminated().getExitCode()
                                    : status.getState().getWaiting() != null
                                            ? "waits "
                                                    + status.getState()
                                                            .getWaiting()
                                                            .getReason()
                                            : "unknown";
                    return state
                            + (status.getRestartCount() == 0 ? "" : ", restarts " + status.getRestartCount())
                            + (Boolean.TRUE.equals(status.getReady()) ? ", ready" : "");
                })
                .orElse("");
    }

    @Override
    public void close() {
        pods.close();
        events.close();
        StringBuilder text = new StringBuilder();
        for (Entry entry : entries) {
            text.append(String.format(
                    Locale.ROOT,
                    "%9.2f  %-28s %s%n",
                    Duration.between(zero, entry.at()).toMillis() / 1e3,
                    entry.pod(),
                    entry.what()));
        }
        try {
            Files.createDirectories(FOLDER);
            Files.writeString(FOLDER.resolve(name + ".txt"), text);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }
}
