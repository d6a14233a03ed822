/**
 * The log bounded: repeated lines are counted instead of written.
 *
 * <p>Uses: nothing of ours.
 */
package dev.pilotlight.log;
