package dev.pilotlight.loop;

import java.time.Duration;
import java.time.Instant;

/**
 * When a picture was made, and how old what it shows may be.
 *
 * @param at of the tick
 */
public record Freshness(Instant at, Duration engine, Duration gpu) {}
