/**
 * GPU readings from NVIDIA's library by java.lang.foreign, in three layers: one method for each C function, handles, meaning.
 * Runs on a thread of its own, since a driver may hang.
 *
 * <p>Uses: gpu.readings, guard.
 */
package dev.pilotlight.gpu.nvml;
