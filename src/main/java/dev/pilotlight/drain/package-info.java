/**
 * How a pod leaves: who may order it, how far it has come, and how long the hook and the process wait for requests under way.
 *
 * <p>Uses: engine, kube, pod, signal.
 */
package dev.pilotlight.drain;
