package dev.pilotlight.drain;

import dev.pilotlight.pod.OwnPod;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * Ends a process whose SIGTERM was lost. The kernel drops a signal to the first process of a container that has no handler for it yet, so a
 * pod that is deleted in the moment its sidecar starts would hang for its whole grace period. What the API server says first of the own pod
 * shows it. A pod that is deleted later finds the handler, and one whose engine runs is drained, and tells the sidecar when that is over.
 */
public final class LateStart implements Runnable {
    private static final Duration LOOK_EVERY = Duration.ofMillis(100);
    /** Without rights, or with no API server, there is nothing to see. */
    private static final int LOOKS = 1_200;
    /** The kubelet learns of a deletion before us, or a moment after. */
    private static final int LOOKS_FOR_SIGTERM = 30;

    private final Supplier<Optional<OwnPod>> pod;
    private final BooleanSupplier told;
    private final Runnable end;
    private final Runnable pause;

    /**
     * @param pod the own pod as the watch on it shows it
     * @param told whether SIGTERM has come
     * @param end ends the process, as SIGTERM does
     */
    public LateStart(Supplier<Optional<OwnPod>> pod, BooleanSupplier told, Runnable end) {
        this(pod, told, end, () -> LockSupport.parkNanos(LOOK_EVERY.toNanos()));
    }

    LateStart(Supplier<Optional<OwnPod>> pod, BooleanSupplier told, Runnable end, Runnable pause) {
        this.pod = pod;
        this.told = told;
        this.end = end;
        this.pause = pause;
    }

    @Override
    public void run() {
        Optional<OwnPod> first = pod.get();
        for (int look = 0; first.isEmpty() && look < LOOKS; look++) {
            pause.run();
            first = pod.get();
        }
        if (first.filter(LateStart::endsWithoutAnEngine).isEmpty()) {
            return;
        }
        for (int look = 0; !told.getAsBoolean() && look < LOOKS_FOR_SIGTERM; look++) {
            pause.run();
        }
        if (!told.getAsBoolean()
                && pod.get().filter(LateStart::endsWithoutAnEngine).isPresent()) {
            end.run();
        }
    }

    /** The kubelet ends a sidecar last, so one that starts while its engine drains must stay. */
    private static boolean endsWithoutAnEngine(OwnPod pod) {
        return pod.terminating()
                && pod.vllm().filter(vllm -> vllm.startedAt().isEmpty()).isPresent();
    }
}
