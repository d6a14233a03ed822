package dev.pilotlight.drain;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.function.Supplier;

/** Asks the API server whether the own pod is being deleted, however many callers want to know, a few times a second at most. */
public final class Termination {
    private static final Duration FRESH = Duration.ofMillis(300);
    /** Of a pod that sets none. */
    private static final Duration DEFAULT_GRACE = Duration.ofSeconds(30);

    private final Supplier<KubernetesClient> client;
    private final String namespace;
    private final String name;
    private final Supplier<Instant> clock;
    private final Semaphore asking = new Semaphore(1);
    private volatile News news = new News.Unheard(Instant.MIN, "the API server was not asked yet");

    public Termination(Supplier<KubernetesClient> client, String namespace, String name, Supplier<Instant> clock) {
        this.client = client;
        this.namespace = namespace;
        this.name = name;
        this.clock = clock;
    }

    /** What the API server said last. */
    public sealed interface News {
        Instant at();

        /**
         * The pod is being deleted.
         *
         * @param grace that it was granted
         * @param endsAt when that is over, by the API server's clock
         */
        record Terminating(Instant at, Duration grace, Optional<Instant> endsAt) implements News {}

        /** It is not. */
        record Staying(Instant at, String why) implements News {}

        /** The API server could not be asked. */
        record Unheard(Instant at, String why) implements News {}
    }

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
                return new News.Unheard(clock.get(), "the API server knows no pod " + namespace + "/" + name);
            }
            String deletion = pod.getMetadata().getDeletionTimestamp();
            if (deletion == null) {
                return new News.Staying(clock.get(), "this pod is not being deleted");
            }
            Duration grace = Optional.ofNullable(pod.getMetadata().getDeletionGracePeriodSeconds())
                    .or(() -> Optional.ofNullable(pod.getSpec().getTerminationGracePeriodSeconds()))
                    .map(Duration::ofSeconds)
                    .orElse(DEFAULT_GRACE);
            return new News.Terminating(clock.get(), grace, instant(deletion));
        } catch (KubernetesClientException refused) {
            String mend =
                    refused.getCode() == 403 ? "; the pod's service account needs the verb get on pods (k8s/base)" : "";
            return new News.Unheard(clock.get(), "the API server could not be asked: " + refused.getMessage() + mend);
        }
    }

    private static Optional<Instant> instant(String written) {
        try {
            return Optional.of(Instant.parse(written));
        } catch (DateTimeParseException _) {
            return Optional.empty();
        }
    }
}
