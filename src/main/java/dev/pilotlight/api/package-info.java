/**
 * What the sidecar serves beside probes and metrics: status, the live page, the report to the pool's leader, the drain. It reads
 * the board and decides nothing, but who may ask.
 *
 * <p>Uses: cluster, drain, engine, gpu.faults, gpu.readings, health, http, kube, lifecycle, loop, pod, pod.metadata,
 * pool.managed, pool.peers, pool.plan, pool.role, signal, vllmpod.
 */
package dev.pilotlight.api;
