/**
 * From GPU readings to verdicts: which XIDs and memory errors are faults of a GPU of this pod, and what is done on one. Pure.
 *
 * <p>Uses: gpu.readings.
 */
package dev.pilotlight.gpu.faults;
