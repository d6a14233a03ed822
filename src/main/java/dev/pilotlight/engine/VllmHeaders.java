package dev.pilotlight.engine;

import dev.pilotlight.http.Http;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/** The headers that a vLLM server knows. */
public final class VllmHeaders {
    private VllmHeaders() {}

    /** vLLM asks for its key ({@code --api-key}) at {@code /v1} paths alone: nobody else is shown it. */
    public static Http.Headers key(Supplier<Optional<String>> apiKey) {
        return path -> path.startsWith("/v1/")
                ? apiKey.get()
                        .map(key -> Map.of("Authorization", "Bearer " + key))
                        .orElse(Map.of())
                : Map.of();
    }

    /** Picks a data-parallel rank of a server that has several. */
    public static Map<String, String> rank(Optional<String> rank) {
        return rank.map(it -> Map.of("X-data-parallel-rank", it)).orElse(Map.of());
    }
}
