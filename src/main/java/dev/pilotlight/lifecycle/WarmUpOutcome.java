package dev.pilotlight.lifecycle;

import java.time.Duration;
import java.time.Instant;

/** How a warm-up request ended. */
public sealed interface WarmUpOutcome {
    int attempt();

    Instant at();

    /** @param took until the whole answer was there */
    record Answered(int attempt, Instant at, Duration took) implements WarmUpOutcome {}

    record Lost(int attempt, Instant at, String why) implements WarmUpOutcome {}
}
