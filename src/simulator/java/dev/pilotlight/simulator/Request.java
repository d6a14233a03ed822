package dev.pilotlight.simulator;

/**
 * What one client asks of the engine: its sizes in tokens.
 *
 * @param promptTokens length of the prompt, at least 1
 * @param outputTokens how many tokens the model will produce; 0 for a pooling request, which ends with its prefill
 * @param maxTokens the client's limit; an answer that reaches it ends with {@code length}, a shorter one with {@code stop}
 * @param prefixKey names the text that the prompt begins with, for prefix caching
 * @param prefixTokens how many tokens of the prompt that text has; 0 for none
 */
public record Request(int promptTokens, int outputTokens, int maxTokens, long prefixKey, int prefixTokens) {
    public Request {
        if (promptTokens < 1 || outputTokens < 0 || maxTokens < outputTokens) {
            throw new IllegalArgumentException(
                    "a request of %d prompt tokens, %d output tokens, at most %d: want at least 1, 0, the output"
                            .formatted(promptTokens, outputTokens, maxTokens));
        }
        if (prefixTokens < 0 || prefixTokens > promptTokens) {
            throw new IllegalArgumentException(
                    "a prefix of %d tokens in a prompt of %d".formatted(prefixTokens, promptTokens));
        }
    }

    /** A request that runs to its limit and shares no prefix. */
    public static Request of(int promptTokens, int outputTokens) {
        return new Request(promptTokens, outputTokens, outputTokens, 0, 0);
    }

    public Request withPrefix(long key, int tokens) {
        return new Request(promptTokens, outputTokens, maxTokens, key, tokens);
    }

    Finish finish() {
        return outputTokens < maxTokens || maxTokens == 0 ? Finish.STOP : Finish.LENGTH;
    }
}
