package dev.pilotlight.config;

import io.smallrye.config.WithDefault;
import java.time.Duration;

/** How the own pod is marked with labels and annotations; nothing is without POD_NAME. */
public interface MetadataConfig {
    /** Whether it is. */
    @WithDefault("true")
    boolean enabled();

    /** The pod's deletion cost as a standby; the ReplicaSet controller takes the pod with the least first. */
    @WithDefault("-100")
    int costStandby();

    /** Its deletion cost when active with a load below working-from. */
    @WithDefault("0")
    int costIdle();

    /** Its deletion cost between working-from and full-from. */
    @WithDefault("50")
    int costWorking();

    /** Its deletion cost from full-from on. */
    @WithDefault("100")
    int costFull();

    /** The load from which a pod counts as working. Above 0. */
    @WithDefault("0.1")
    double workingFrom();

    /** The load from which a pod counts as full. Above working-from. */
    @WithDefault("0.8")
    double fullFrom();

    /** How long a band of the deletion cost must hold before it is written. At least 1 s. */
    @WithDefault("30s")
    Duration costHold();
}
