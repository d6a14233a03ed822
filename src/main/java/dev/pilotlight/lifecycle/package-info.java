/**
 * The phases of an engine, the verdicts with their evidence, and the warm-up. A pure step; {@code WarmUp} alone sends requests.
 *
 * <p>Uses: engine, http, signal, vllmpod.
 */
package dev.pilotlight.lifecycle;
