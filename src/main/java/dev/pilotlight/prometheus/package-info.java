/**
 * Bytes of a metrics page to the samples wanted: streaming, bounded, without garbage.
 *
 * <p>Uses: nothing of ours.
 */
package dev.pilotlight.prometheus;
