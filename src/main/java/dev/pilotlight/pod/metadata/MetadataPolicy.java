package dev.pilotlight.pod.metadata;

import java.time.Duration;
import java.util.Optional;

/**
 * How a pod is marked.
 *
 * @param enabled whether it is
 * @param pool the name of its pool, where it is in one
 * @param costs what the deletion of the pod costs, by band
 * @param workingFrom the load from which a pod counts as working
 * @param fullFrom the load from which it counts as full
 * @param costHold how long a band must hold before it is written
 */
public record MetadataPolicy(
        boolean enabled, Optional<String> pool, Costs costs, double workingFrom, double fullFrom, Duration costHold) {
    /** Deletion costs; the ReplicaSet controller takes the least first. */
    public record Costs(int standby, int idle, int working, int full) {}

    public static final MetadataPolicy DEFAULT =
            new MetadataPolicy(true, Optional.empty(), new Costs(-100, 0, 50, 100), 0.1, 0.8, Duration.ofSeconds(30));
}
