package dev.pilotlight.config;

import io.smallrye.config.WithDefault;
import java.time.Duration;
import java.util.Optional;

/** Warm standbys; docs/pools.md tells the modes apart. */
public interface PoolConfig {
    /** {@code observe}: the role reports whether the pod is on traffic. {@code managed}: an elected sidecar decides it. */
    @WithDefault("observe")
    PilotlightConfig.PoolMode mode();

    /** The pool's name, written to the label {@code pilotlight.dev/pool}: a label value of at most 45 characters. */
    Optional<String> name();

    /** Pods that are always in front of traffic, while there are so many. 1 or more. */
    @WithDefault("1")
    int minActive();

    /** Warm pods to keep off traffic, when there are enough. 0 or more. */
    @WithDefault("1")
    int standby();

    /** The mean load of the active pods above which standbys are put in front of traffic. Above demote-at, at most 2. */
    @WithDefault("0.8")
    double promoteAt();

    /** The mean load of the active pods below which, in time, one of them goes back. Above 0. */
    @WithDefault("0.4")
    double demoteAt();

    /** How long the load must stay there. At least 60 s. */
    @WithDefault("120s")
    Duration demoteAfter();

    /** How long a standby may see no plan at all before it serves of its own accord. At least 5 s. */
    @WithDefault("60s")
    Duration orphanAfter();

    /** How long a peer may take to answer the pool's leader. 50 ms to 1 s. */
    @WithDefault("800ms")
    Duration peerTimeout();

    /** How long nothing must run, wait or finish before a ready pod counts as a standby. */
    @WithDefault("60s")
    Duration standbyAfter();
}
