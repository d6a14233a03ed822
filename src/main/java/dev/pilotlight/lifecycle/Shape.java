package dev.pilotlight.lifecycle;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;

/**
 * One kind of warm-up request.
 *
 * @param name for people and the status page
 * @param api where it goes
 * @param promptTokens length of its prompt; bounded by the model's longest context
 * @param maxTokens to generate
 * @param concurrency how many are sent at once
 * @param model a LoRA adapter's name; empty for the served model
 * @param payload a whole JSON request to send as it is instead
 */
public record Shape(
        String name,
        Api api,
        int promptTokens,
        int maxTokens,
        int concurrency,
        Optional<String> model,
        Optional<String> payload) {

    /** A short prompt, a long one (other kernels), and a small burst (larger batches). */
    public static final List<Shape> DEFAULT =
            List.of(of("short", 16, 8, 1), of("long", 2048, 8, 1), of("burst", 64, 16, 4));

    /** The part of the OpenAI API that a request goes to. */
    public enum Api {
        /** Whichever of the others this server has, the first of them in this order. */
        FITTING(""),
        COMPLETIONS("/v1/completions"),
        CHAT("/v1/chat/completions"),
        EMBEDDINGS("/v1/embeddings"),
        /** Of every pooling model of vLLM: those that classify or score have no embeddings. */
        POOLING("/pooling"),
        CLASSIFY("/classify"),
        SCORE("/score"),
        RERANK("/v1/rerank"),
        /** Of models that listen. They get one second of a tone, which they may dislike. */
        TRANSCRIPTIONS("/v1/audio/transcriptions");

        private final String path;

        Api(String path) {
            this.path = path;
        }

        public String path() {
            return path;
        }

        /** Whether it answers with tokens, one after the other. */
        boolean generates() {
            return this == FITTING || this == COMPLETIONS || this == CHAT;
        }

        /** All that a server may have, in the order in which they are tried. */
        public static List<Api> all() {
            return Stream.of(values()).filter(api -> api != FITTING).toList();
        }
    }

    static Shape of(String name, int promptTokens, int maxTokens, int concurrency) {
        return new Shape(name, Api.FITTING, promptTokens, maxTokens, concurrency, Optional.empty(), Optional.empty());
    }

    /** Cut down to what the model can take. */
    public Shape within(OptionalInt maxModelLen) {
        if (maxModelLen.isEmpty()) {
            return this;
        }
        int longest = Math.max(2, maxModelLen.getAsInt());
        int tokens = Math.min(maxTokens, Math.max(1, longest / 4));
        return new Shape(name, api, Math.clamp(promptTokens, 1, longest - tokens), tokens, concurrency, model, payload);
    }
}
