/**
 * The role of this pod, active or standby: from its own traffic, or from the plan of a managed pool. Pure.
 *
 * <p>Uses: engine, lifecycle, pool.plan, signal.
 */
package dev.pilotlight.pool.role;
