package dev.pilotlight.pod.metadata;

import java.time.Instant;

/** How the sending of a patch ended. */
public sealed interface PatchOutcome {
    /** The number of the patch that it belongs to. */
    int attempt();

    record Applied(int attempt, Instant at) implements PatchOutcome {}

    /** The pod had changed since: the watch will tell how. */
    record Conflict(int attempt, Instant at) implements PatchOutcome {}

    /**
     * @param retryAt when it may be tried again
     * @param answered whether the API server said no, rather than nothing
     */
    record Failed(int attempt, Instant retryAt, boolean answered, String why) implements PatchOutcome {}
}
