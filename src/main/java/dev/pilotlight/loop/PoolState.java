package dev.pilotlight.loop;

import dev.pilotlight.cluster.ClusterConditions;
import dev.pilotlight.cluster.ClusterView;
import dev.pilotlight.pool.role.RoleTrack;
import java.time.Instant;

/** The pod's part in its pool, and the cluster as it was seen last. */
record PoolState(RoleTrack role, ClusterView cluster, ClusterConditions conditions) {
    static PoolState begin(Instant now) {
        return new PoolState(RoleTrack.begin(now), ClusterView.NONE, ClusterConditions.NONE);
    }
}
