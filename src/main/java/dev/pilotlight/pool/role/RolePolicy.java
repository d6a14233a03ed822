package dev.pilotlight.pool.role;

import java.time.Duration;

/** How the role comes about. */
public sealed interface RolePolicy {
    /** How long off traffic is quiet. */
    Duration standbyAfter();

    /** The role reports whether the pod is on traffic. */
    record Observe(Duration standbyAfter) implements RolePolicy {}

    /**
     * The pool's plan says it.
     *
     * @param pod the own pod's name
     * @param orphanAfter how long a standby may see no plan, or none that names a pod that serves, before it serves of its own accord
     */
    record Managed(String pod, Duration orphanAfter, Duration standbyAfter) implements RolePolicy {}
}
