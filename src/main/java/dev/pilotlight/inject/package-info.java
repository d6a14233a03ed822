/**
 * The sidecar as admission webhook: from the pod that was sent to a decision and a JSON Patch (pure), and the TLS server that
 * answers.
 *
 * <p>Uses: guard, vllmpod.
 */
package dev.pilotlight.inject;
