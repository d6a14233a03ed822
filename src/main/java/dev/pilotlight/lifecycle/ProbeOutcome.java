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

    /** Turned away, or the connection broke: this proves neither life nor death of the engine's core. */
    record Inconclusive(int attempt, Instant at, String why) implements ProbeOutcome {}
}
