/**
 * What every thread runs under: a failure is logged once and the thread goes on; an error ends the process.
 *
 * <p>Uses: nothing of ours.
 */
package dev.pilotlight.guard;
