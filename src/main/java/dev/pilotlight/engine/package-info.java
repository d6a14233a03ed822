/**
 * What is known of vLLM: one poll of its endpoints as a reading that never throws, and the track of which process answers since
 * when. No verdicts.
 *
 * <p>Uses: http, prometheus, range.
 */
package dev.pilotlight.engine;
