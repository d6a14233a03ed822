/**
 * The pool's plan as it stands in a ConfigMap, and whether the pods that it names serve. Values only.
 *
 * <p>Uses: range.
 */
package dev.pilotlight.pool.plan;
