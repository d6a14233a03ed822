package dev.pilotlight.cluster;

import dev.pilotlight.pod.OwnPod;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;

/** Waits for the first look at the own pod, and not for long: an API server that is slow or refuses may hold up nothing. */
public final class OwnPodWait {
    private static final Duration LOOK_EVERY = Duration.ofMillis(50);
    /** Three seconds: a read of one pod takes a few milliseconds, and the API server's own timeout is two seconds. */
    private static final int LOOKS = 60;

    private OwnPodWait() {}

    /** Empty where the pod is not named, or cannot be read in time. To be called by a thread that may wait. */
    public static Optional<OwnPod> of(Cluster cluster) {
        return of(cluster, () -> LockSupport.parkNanos(LOOK_EVERY.toNanos()));
    }

    static Optional<OwnPod> of(Cluster cluster, Runnable pause) {
        ClusterView view = cluster.look();
        for (int look = 0; view.pod().isPresent() && view.ownPod().isEmpty() && look < LOOKS; look++) {
            if (Thread.currentThread().isInterrupted()) {
                return Optional.empty();
            }
            pause.run();
            view = cluster.look();
        }
        return view.ownPod();
    }
}
