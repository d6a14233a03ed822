package dev.pilotlight.cluster;

import dev.pilotlight.process.Web;
import io.fabric8.kubernetes.api.model.Pod;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;

/** So many clients, each with one request after the other at any ready pod, as a Service would choose. */
final class Crowd implements AutoCloseable {
    private final Workload workload;
    private final Kubelet kubelet;
    private final List<Thread> clients;

    Crowd(Workload workload, Kubelet kubelet, int size) {
        this.workload = workload;
        this.kubelet = kubelet;
        clients = IntStream.range(0, size)
                .mapToObj(_ -> Thread.ofVirtual().start(this::ask))
                .toList();
    }

    private void ask() {
        while (!Thread.currentThread().isInterrupted()) {
            List<String> ready = workload.pods().stream()
                    .filter(Workload::isReady)
                    .map(Pod::getMetadata)
                    .map(pod -> pod.getName())
                    .toList();
            if (ready.isEmpty()) {
                LockSupport.parkNanos(Duration.ofMillis(100).toNanos());
                continue;
            }
            RunningPod pod = kubelet.pod(ready.get(ThreadLocalRandom.current().nextInt(ready.size())));
            try {
                Web.CLIENT.send(
                        HttpRequest.newBuilder(pod.engineAt("/v1/completions"))
                                .timeout(Duration.ofSeconds(60))
                                .header("Content-Type", "application/json")
                                .POST(HttpRequest.BodyPublishers.ofString(
                                        "{\"model\":\"tiny\",\"prompt\":\"hello\",\"max_tokens\":200}"))
                                .build(),
                        HttpResponse.BodyHandlers.discarding());
            } catch (IOException gone) {
                LockSupport.parkNanos(Duration.ofMillis(100).toNanos());
            } catch (InterruptedException stop) {
                return;
            }
        }
    }

    @Override
    public void close() {
        clients.forEach(Thread::interrupt);
    }
}
