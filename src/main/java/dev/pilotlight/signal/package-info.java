/**
 * The load and what comes of it: how full the pod is, what it could take, what is expected. Pure: readings in, numbers with
 * their age out.
 *
 * <p>Uses: engine.
 */
package dev.pilotlight.signal;
