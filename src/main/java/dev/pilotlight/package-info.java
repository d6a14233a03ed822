/**
 * The process: {@code Main} parses the command line, {@code Sidecar} builds everything from the settings, starts it and stops
 * it.
 *
 * <p>Uses: api, check, cluster, config, drain, engine, gpu, gpu.dcgm, gpu.readings, guard, health, http, inject, kube,
 * lifecycle, loop, metrics, pod, pool.peers, prometheus.
 */
package dev.pilotlight;
