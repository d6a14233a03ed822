/**
 * A managed pool: its member's threads, the leader that reads the peers and writes the plan, and the pure planner of who is
 * active and how many pods are wanted.
 *
 * <p>Uses: guard, kube, pool.election, pool.peers, pool.plan, signal.
 */
package dev.pilotlight.pool.managed;
