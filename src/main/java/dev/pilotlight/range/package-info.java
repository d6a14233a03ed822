/**
 * What each kind of number that arrives may be; whatever is outside counts as not said. Used by everything that reads one.
 *
 * <p>Uses: nothing of ours.
 */
package dev.pilotlight.range;
