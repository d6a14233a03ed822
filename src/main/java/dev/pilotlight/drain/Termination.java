package dev.pilotlight.drain;

import dev.pilotlight.kube.ApiServer;
import dev.pilotlight.kube.Call;
import dev.pilotlight.kube.Names;
import dev.pilotlight.kube.Rights;
import dev.pilotlight.pod.OwnPod;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.function.Supplier;

/**
 * Whether the own pod is being deleted: by the watch on it, and as long as that says no by asking, however many callers want to know a
 * few times a second at most.
 */
public final class Termination {
    private static final Duration FRESH = Duration.ofMillis(300);
    /** Of a pod that sets none. */
    private static final Duration DEFAULT_GRACE = Duration.ofSeconds(30);

    private final ApiServer api;
    private final Call get;
    private final Supplier<Optional<OwnPod>> watched;
    private final Supplier<Instant> clock;
    private final Semaphore asking = new Semaphore(1);
    private volatile News news = new News.Unheard(Instant.MIN, "the API server was not asked yet");

    /** @param watched the own pod as the watch on it shows it */
    public Termination(
            ApiServer api, String namespace, String name, Supplier<Optional<OwnPod>> watched, Supplier<Instant> clock) {
        this.api = api;
        this.get = Call.get(Names.pods(namespace) + "/" + name);
        this.watched = watched;
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

    /** The grace period of the pod as the watch shows it: one that its deletion has changed, or the spec's. */
    Optional<Duration> grace() {
        return watched.get().flatMap(OwnPod::gracePeriod);
    }

    /** A deletion is news from the watch at once; only that there is none is worth a question, since a watch may lag. */
    News newest() {
        Optional<OwnPod> deleted = watched.get().filter(OwnPod::terminating);
        if (deleted.isPresent()) {
            return news(deleted.get());
        }
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
        ApiServer.Answer answer = api.send(get).to(get);
        return answer.object()
                .map(pod -> news(OwnPod.of(pod, Optional.empty())))
                .orElseGet(() -> new News.Unheard(clock.get(), Rights.why(get, answer)));
    }

    private News news(OwnPod pod) {
        return pod.terminating()
                ? new News.Terminating(clock.get(), pod.gracePeriod().orElse(DEFAULT_GRACE), pod.endsAt())
                : new News.Staying(clock.get(), "this pod is not being deleted");
    }
}
