/**
 * One sidecar's part in the cluster, put together of own pod, its metadata and the pool: {@code ClusterLink} without a
 * container, {@code ClusterView} for a tick, {@code ClusterConditions} for the log.
 *
 * <p>Uses: guard, kube, pod, pod.metadata, pool.managed, pool.peers, pool.plan, pool.role, vllmpod.
 */
package dev.pilotlight.cluster;
