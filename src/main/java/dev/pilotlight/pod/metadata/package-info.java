/**
 * The own pod's labels and annotations: what they should say (pure), when a patch may go, and its sending.
 *
 * <p>Uses: kube, lifecycle, pod, pool.role.
 */
package dev.pilotlight.pod.metadata;
