package dev.pilotlight.lifecycle;

import dev.pilotlight.lifecycle.Shape.Api;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;

/** Request bodies of a wanted length, each prompt another one: a prompt seen before would be served from the prefix cache. */
final class Prompts {
    /** Token ids that every vocabulary has, beyond the special ones. */
    private static final int FIRST_TOKEN = 10;

    private static final int TOKENS = 200;

    private Prompts() {}

    static JsonObject body(Api api, Shape shape, int salt) {
        JsonObject body = new JsonObject();
        switch (api) {
            case COMPLETIONS, FITTING -> body.put("prompt", tokens(shape.promptTokens(), salt));
            case CHAT -> body.put("messages", new JsonArray().add(message(words(shape.promptTokens(), salt))));
            case EMBEDDINGS, POOLING, CLASSIFY -> body.put("input", words(shape.promptTokens(), salt));
            case SCORE -> body.put("text_1", "warm up").put("text_2", words(shape.promptTokens(), salt));
            case RERANK ->
                body.put("query", "warm up").put("documents", new JsonArray().add(words(shape.promptTokens(), salt)));
            case TRANSCRIPTIONS -> body.put("language", "en");
        }
        if (api.generates()) {
            body.put("max_tokens", shape.maxTokens()).put("temperature", 0);
        }
        return body;
    }

    private static JsonArray tokens(int count, int salt) {
        JsonArray tokens = new JsonArray();
        long state = salt;
        for (int i = 0; i < count; i++) {
            state = state * 6364136223846793005L + 1442695040888963407L;
            tokens.add(FIRST_TOKEN + (int) ((state >>> 33) % TOKENS));
        }
        return tokens;
    }

    private static JsonObject message(String text) {
        return new JsonObject().put("role", "user").put("content", text);
    }

    /** About half as many words as tokens: a chat template and a rich vocabulary both stay within the wanted length. */
    private static String words(int tokens, int salt) {
        StringBuilder text = new StringBuilder("warm up ").append(salt);
        for (int i = 0; i < tokens / 2 - 4; i++) {
            text.append(i % 2 == 0 ? " a" : " b");
        }
        return text.toString();
    }
}
