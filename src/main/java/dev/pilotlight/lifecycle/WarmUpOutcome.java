package dev.pilotlight.lifecycle;

import java.time.Instant;

/** How a warm-up round ended. */
public sealed interface WarmUpOutcome {
    int attempt();

    Instant at();

    record Done(int attempt, Instant at, Round round) implements WarmUpOutcome {}

    /** The server answers, and has no endpoint that a request of ours fits: there is nothing to warm it by. */
    record Unsupported(int attempt, Instant at, String why) implements WarmUpOutcome {}

    record Lost(int attempt, Instant at, String why) implements WarmUpOutcome {}
}
