/**
 * A few calls to the Kubernetes API and an informer over them, with the reason for each refusal. Knows objects and names,
 * nothing of pools or engines.
 *
 * <p>Uses: guard, http.
 */
package dev.pilotlight.kube;
