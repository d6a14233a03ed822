package dev.pilotlight.pod.metadata;

import dev.pilotlight.pool.role.Role;
import java.util.Optional;
import java.util.OptionalDouble;

/** How much the loss of a pod would hurt: four bands, so that a load that varies is not a write each time. */
public enum DeletionCostBand {
    STANDBY,
    IDLE,
    WORKING,
    FULL;

    /** A load this far below the edge of its band still counts to it, so that one at the edge does not flap. */
    private static final double SLACK = 0.05;

    /** The band of a ready pod; empty when its load is not known. */
    static Optional<DeletionCostBand> of(
            Role role, OptionalDouble load, Optional<DeletionCostBand> before, MetadataPolicy policy) {
        return switch (role) {
            case Role.Standby _ -> Optional.of(STANDBY);
            case Role.Active _ ->
                load.isEmpty() ? Optional.empty() : Optional.of(of(load.getAsDouble(), before.orElse(IDLE), policy));
        };
    }

    private static DeletionCostBand of(double load, DeletionCostBand before, MetadataPolicy policy) {
        double full = policy.fullFrom() - (before == FULL ? SLACK : 0);
        double working = policy.workingFrom() - (before == WORKING || before == FULL ? SLACK : 0);
        return load >= full ? FULL : load >= working ? WORKING : IDLE;
    }

    public int cost(MetadataPolicy.Costs costs) {
        return switch (this) {
            case STANDBY -> costs.standby();
            case IDLE -> costs.idle();
            case WORKING -> costs.working();
            case FULL -> costs.full();
        };
    }
}
