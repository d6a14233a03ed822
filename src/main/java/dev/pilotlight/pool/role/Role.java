package dev.pilotlight.pool.role;

import java.time.Instant;

/** What the pod should do; only a ready pod has a role. */
public sealed interface Role {
    Instant since();

    /** In front of traffic, or just was. */
    record Active(Instant since) implements Role {}

    /** Warm and off traffic. */
    record Standby(Instant since) implements Role {}

    /** The word for labels, metrics and people. */
    default String word() {
        return switch (this) {
            case Active _ -> "active";
            case Standby _ -> "standby";
        };
    }
}
