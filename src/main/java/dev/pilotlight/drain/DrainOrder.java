package dev.pilotlight.drain;

import java.time.Instant;

/**
 * The order to stop.
 *
 * @param at when it came
 * @param deadline when the wait for requests ends, come what may
 * @param by who gave it, for people
 */
public record DrainOrder(Instant at, Instant deadline, String by) {}
