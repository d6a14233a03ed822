package dev.pilotlight.drain;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.function.Supplier;

/** Asks the API server whether the own pod is being deleted, however many callers want to know, a few times a second at most. */
public final class Termination {
    private static final Duration FRESH = Duration.ofMillis(300);

    private final Supplier<KubernetesClient> client;
    private final String namespace;
    private final String name;
    private final Supplier<Instant> clock;
    private final Semaphore asking = new Semaphore(1);
    private volatile News news = new News(Instant.MIN, false, Optional.empty(), "not asked yet");

    public Termination(Supplier<KubernetesClient> client, String namespace, String name, Supplier<Instant> clock) {
        this.client = client;
        this.namespace = namespace;
        this.name = name;
        this.clock = clock;
    }

    /**
     * What the API server said last.
     *
     * @param gracePeriod that the pod's spec grants
     * @param why it is not terminating, or could not be asked
     */
    public record News(Instant at, boolean terminating, Optional<Duration> gracePeriod, String why) {}

    News newest() {
        boolean old = news.at().equals(Instant.MIN)
                || Duration.between(news.at(), clock.get()).compareTo(FRESH) >= 0;
        if (old && asking.tryAcquire()) {
            try {
                news = ask();
            } finally {
                asking.release();
            }
        }
        return news;
    }

    private News ask() {
        try {
            Pod pod = client.get().pods().inNamespace(namespace).withName(name).get();
            if (pod == null) {
                return new News(clock.get(), false, Optional.empty(), "there is no pod " + namespace + "/" + name);
            }
            boolean terminating = pod.getMetadata().getDeletionTimestamp() != null;
            Optional<Duration> grace = Optional.ofNullable(pod.getMetadata().getDeletionGracePeriodSeconds())
                    .or(() -> Optional.ofNullable(pod.getSpec().getTerminationGracePeriodSeconds()))
                    .map(Duration::ofSeconds);
            return new News(clock.get(), terminating, grace, terminating ? "" : "this pod is not being deleted");
        } catch (KubernetesClientException refused) {
            String mend =
                    refused.getCode() == 403 ? "; the pod's service account needs the verb get on pods (k8s/base)" : "";
            return new News(
                    clock.get(),
                    false,
                    Optional.empty(),
                    "the API server could not be asked: " + refused.getMessage() + mend);
        }
    }
}
