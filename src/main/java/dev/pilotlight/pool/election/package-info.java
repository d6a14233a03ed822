/**
 * The leader of a pool by one Lease: a pure step, and the thread that does on the Lease what it says. docs/decisions.md says why
 * it is our own.
 *
 * <p>Uses: guard, kube, pool.plan, range.
 */
package dev.pilotlight.pool.election;
