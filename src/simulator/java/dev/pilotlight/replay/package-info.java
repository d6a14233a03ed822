/**
 * The replay bench: a request trace on a fleet of simulated engines under an autoscaler, many times faster than real time. Signals
 * come from the product's own {@code Tick}; the autoscaler is {@link dev.pilotlight.hpa}. In no image.
 */
package dev.pilotlight.replay;
