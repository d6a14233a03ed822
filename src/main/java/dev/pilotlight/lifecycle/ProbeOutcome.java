package dev.pilotlight.lifecycle;

import java.time.Instant;

/** How a one-token request ended. */
public sealed interface ProbeOutcome {
    int attempt();

    Instant at();

    /** A token came: the engine lives. */
    record Answered(int attempt, Instant at) implements ProbeOutcome {}

    /** Nothing came in time. */
    record TimedOut(int attempt, Instant at) implements ProbeOutcome {}

    /** An answer without a token. */
    record Refused(int attempt, Instant at, Refusal refusal, String why) implements ProbeOutcome {}
}
