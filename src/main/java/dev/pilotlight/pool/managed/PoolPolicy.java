package dev.pilotlight.pool.managed;

import java.time.Duration;
import java.util.Optional;

/**
 * How a managed pool is run.
 *
 * @param minActive pods that are always in front of traffic, while there are so many
 * @param standby pods to keep off traffic, when there are enough
 * @param targetLoad the load that an active pod should run at
 * @param promoteAt the mean load of the active pods above which standbys are put in front of traffic
 * @param demoteAt the mean load below which, in time, one goes back
 * @param demoteAfter how long the load must stay there
 * @param scale how many pods to want; empty where nobody is to be told
 */
public record PoolPolicy(
        int minActive,
        int standby,
        double targetLoad,
        double promoteAt,
        double demoteAt,
        Duration demoteAfter,
        Optional<ScalePolicy> scale) {
    public static final PoolPolicy DEFAULT = new PoolPolicy(1, 1, 0.7, 0.8, 0.4, Duration.ofSeconds(120));

    public PoolPolicy(
            int minActive, int standby, double targetLoad, double promoteAt, double demoteAt, Duration demoteAfter) {
        this(minActive, standby, targetLoad, promoteAt, demoteAt, demoteAfter, Optional.empty());
    }

    public PoolPolicy withScale(ScalePolicy wanted) {
        return new PoolPolicy(minActive, standby, targetLoad, promoteAt, demoteAt, demoteAfter, Optional.of(wanted));
    }

    /** What a demotion must leave below {@code promoteAt}, so that it does not call for a promotion. */
    double room() {
        return promoteAt * 0.75;
    }
}
