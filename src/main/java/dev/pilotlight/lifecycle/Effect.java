package dev.pilotlight.lifecycle;

import dev.pilotlight.engine.Model;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** A request to the engine that a step asks for; its outcome is seen in a later observation. */
public sealed interface Effect {
    /**
     * Send one round of warm-up requests.
     *
     * @param attempt tells its outcome from that of an earlier one
     * @param round its number if it succeeds, from 1
     * @param ranks to send each to; empty when there is but one
     * @param until when it is broken off: nothing of it may be out once it was given up
     */
    record SendWarmUp(int attempt, int round, Model model, List<Shape> shapes, List<String> ranks, Instant until)
            implements Effect {}

    /**
     * Send one request for one token, to see whether an answer comes.
     *
     * @param rank to send it to; empty when there is but one
     * @param patience how long to wait for the answer where that is longer than usual
     */
    record SendProbe(int attempt, Model model, Optional<String> rank, Duration patience) implements Effect {}
}
