package dev.pilotlight.simulator;

/**
 * One request that has ended, with its times in nanoseconds of the model's clock.
 *
 * @param scheduledNanos when it first got a place in the batch
 * @param firstTokenNanos when its first token (or, for a pooling request, its result) was there
 */
public record Served(
        Request request,
        Finish finish,
        int generatedTokens,
        int preemptions,
        long arrivedNanos,
        long scheduledNanos,
        long firstTokenNanos,
        long endedNanos) {

    /** Seconds from arrival to the first token: what a service level objective is about. */
    public double timeToFirstTokenSeconds() {
        return (firstTokenNanos - arrivedNanos) * 1e-9;
    }

    public double latencySeconds() {
        return (endedNanos - arrivedNanos) * 1e-9;
    }
}
