/**
 * The page that Prometheus scrapes, written from the picture by one table of metrics.
 *
 * <p>Uses: cluster, drain, engine, gpu.faults, gpu.readings, kube, lifecycle, loop, pool.role, signal.
 */
package dev.pilotlight.metrics;
