/**
 * What is set: one table of settings with type, bounds and fix, read once. All that is wrong is said in one message before a
 * port opens; the core sees policy records only.
 *
 * <p>Uses: cluster, drain, gpu, gpu.faults, http, lifecycle, loop, pod.metadata, pool.managed, pool.role, signal.
 */
package dev.pilotlight.config;
