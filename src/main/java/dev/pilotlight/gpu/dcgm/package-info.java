/**
 * GPU readings from the page of NVIDIA's DCGM exporter, and which of its rows are this pod's.
 *
 * <p>Uses: gpu.readings, http, prometheus.
 */
package dev.pilotlight.gpu.dcgm;
