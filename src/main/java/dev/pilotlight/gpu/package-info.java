/**
 * Which source of GPU readings is taken, NVML or DCGM's exporter, and whether NVML is left alone in this start.
 *
 * <p>Uses: gpu.dcgm, gpu.faults, gpu.nvml, gpu.readings, http.
 */
package dev.pilotlight.gpu;
