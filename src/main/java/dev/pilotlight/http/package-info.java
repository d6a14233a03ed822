/**
 * Bounded HTTP: one request with a deadline, a limit to its answer and a reason when it fails. TLS, secrets and what may be
 * shown of a URL. Knows nothing of vLLM.
 *
 * <p>Uses: nothing of ours.
 */
package dev.pilotlight.http;
