package dev.pilotlight.engine;

import java.util.OptionalDouble;

/**
 * What one data-parallel rank says of itself, summed over the models that it serves.
 *
 * @param engine vLLM's {@code engine} label; {@code 0} where the version has none
 * @param running requests in the batch
 * @param waiting requests in the queue, those deferred among them
 * @param kvCacheUse share of the KV cache in use, 0..1
 * @param promptTokens counter
 * @param generationTokens counter
 * @param successes counter of finished requests, whatever the reason
 * @param preemptions counter
 * @param answeredTokens counter of the tokens generated for requests that have finished
 * @param cachedPromptTokens counter of prompt tokens that the prefix cache saved from being computed
 * @param steps counter of the engine core's steps: forward passes that gave a token or ended a prompt
 * @param deferred requests in the queue that wait for something else than a slot, such as the transfer of their KV cache
 * @param address of its server, host and port; empty where there is but one
 */
public record Rank(
        String engine,
        double running,
        double waiting,
        OptionalDouble kvCacheUse,
        OptionalDouble promptTokens,
        OptionalDouble generationTokens,
        OptionalDouble successes,
        OptionalDouble preemptions,
        OptionalDouble answeredTokens,
        OptionalDouble cachedPromptTokens,
        OptionalDouble steps,
        double deferred,
        String address) {

    /** Of the only server. */
    public Rank(
            String engine,
            double running,
            double waiting,
            OptionalDouble kvCacheUse,
            OptionalDouble promptTokens,
            OptionalDouble generationTokens,
            OptionalDouble successes,
            OptionalDouble preemptions,
            OptionalDouble answeredTokens,
            OptionalDouble cachedPromptTokens,
            OptionalDouble steps,
            double deferred) {
        this(
                engine,
                running,
                waiting,
                kvCacheUse,
                promptTokens,
                generationTokens,
                successes,
                preemptions,
                answeredTokens,
                cachedPromptTokens,
                steps,
                deferred,
                "");
    }

    /** Of an engine that defers nothing. */
    public Rank(
            String engine,
            double running,
            double waiting,
            OptionalDouble kvCacheUse,
            OptionalDouble promptTokens,
            OptionalDouble generationTokens,
            OptionalDouble successes,
            OptionalDouble preemptions,
            OptionalDouble answeredTokens,
            OptionalDouble cachedPromptTokens,
            OptionalDouble steps) {
        this(
                engine,
                running,
                waiting,
                kvCacheUse,
                promptTokens,
                generationTokens,
                successes,
                preemptions,
                answeredTokens,
                cachedPromptTokens,
                steps,
                0);
    }

    /** The same rank, told from those of other servers: each may call its own 0. */
    Rank at(String server) {
        return new Rank(
                server + "/" + engine,
                running,
                waiting,
                kvCacheUse,
                promptTokens,
                generationTokens,
                successes,
                preemptions,
                answeredTokens,
                cachedPromptTokens,
                steps,
                deferred,
                server);
    }

    /** Its counters, and nothing in flight: its process is gone. */
    Rank idle() {
        return new Rank(
                engine,
                0,
                0,
                kvCacheUse.isPresent() ? OptionalDouble.of(0) : kvCacheUse,
                promptTokens,
                generationTokens,
                successes,
                preemptions,
                answeredTokens,
                cachedPromptTokens,
                steps,
                0,
                address);
    }

    /** True when any counter of this rank stands lower than it did in {@code earlier}: another process counts now. */
    boolean countsBackFrom(Rank earlier) {
        return less(promptTokens, earlier.promptTokens)
                || less(generationTokens, earlier.generationTokens)
                || less(successes, earlier.successes);
    }

    private static boolean less(OptionalDouble now, OptionalDouble before) {
        return now.isPresent() && before.isPresent() && now.getAsDouble() < before.getAsDouble();
    }
}
