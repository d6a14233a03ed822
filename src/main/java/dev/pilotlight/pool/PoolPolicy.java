package dev.pilotlight.pool;

import java.time.Duration;

/**
 * How a managed pool is run.
 *
 * @param minActive pods that are always in front of traffic, while there are so many
 * @param standby pods to keep off traffic, when there are enough
 * @param targetLoad the load that an active pod should run at
 * @param promoteAt the mean load of the active pods above which standbys are put in front of traffic
 * @param demoteAt the mean load below which, in time, one goes back
 * @param demoteAfter how long the load must stay there
 */
public record PoolPolicy(
        int minActive, int standby, double targetLoad, double promoteAt, double demoteAt, Duration demoteAfter) {
    public static final PoolPolicy DEFAULT = new PoolPolicy(1, 1, 0.7, 0.8, 0.4, Duration.ofSeconds(120));

    /** What a demotion must leave below {@code promoteAt}, so that it does not call for a promotion. */
    double room() {
        return promoteAt * 0.75;
    }
}
