package dev.pilotlight.config;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.lifecycle.Shape;
import dev.pilotlight.lifecycle.Shape.Api;
import java.util.Optional;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class WarmUpRequestsTest {
    private static Shape shape(String name, Api api, int prompt, int most, int atOnce, String model, String payload) {
        return new Shape(name, api, prompt, most, atOnce, Optional.ofNullable(model), Optional.ofNullable(payload));
    }

    @Nested
    class AList {
        @Test
        void fillsInWhatIsLeftOut() {
            assertThat(WarmUpRequests.shapes("[{}]"))
                    .containsExactly(shape("request-1", Api.FITTING, 16, 8, 1, null, null));
        }

        @Test
        void takesEveryKey() {
            String json = """
                    [{"endpoint": "/v1/chat/completions", "prompt_tokens": 64, "max_tokens": 4, "concurrency": 3, "model": "lora", "name": "x"},
                     {"endpoint": "/v1/completions", "payload": {"prompt": "as it is"}}]""";
            assertThat(WarmUpRequests.problems(json)).isEmpty();
            assertThat(WarmUpRequests.shapes(json))
                    .containsExactly(
                            shape("x", Api.CHAT, 64, 4, 3, "lora", null),
                            shape("request-2", Api.COMPLETIONS, 16, 8, 1, null, "{\"prompt\":\"as it is\"}"));
        }
    }

    /** As in vllm-project/vllm, pull request 30561. */
    @Nested
    class AWarmUpConfigOfVllm {
        @Test
        void isTakenAsItIs() {
            String json = """
                    {"concurrency": 4, "requests": [
                     {"endpoint": "/v1/chat/completions", "payload": {"max_tokens": 16}, "count": 2},
                     {"endpoint": "/v1/completions", "payload": {"prompt": "Test"}, "count": 9},
                     {"endpoint": "/v1/completions", "payload": {"prompt": "Test"}}]}""";
            assertThat(WarmUpRequests.problems(json)).isEmpty();
            assertThat(WarmUpRequests.shapes(json))
                    .extracting(Shape::concurrency)
                    .as("at once")
                    .containsExactly(2, 4, 4);
        }

        @Test
        void isRefusedWithEachOfItsFaults() {
            assertThat(WarmUpRequests.problems("""
                            {"concurrency": 0, "rounds": 3, "requests": [{"endpoint": "/rerank", "payload": {}, "times": 2}]}"""))
                    .containsExactly(
                            "pilotlight.warm-up.requests has the unknown key \"rounds\"; known are [concurrency, requests]",
                            "pilotlight.warm-up.requests: for all: concurrency=0; give a whole number from 1 to 256",
                            "pilotlight.warm-up.requests: request 1 has the unknown key \"times\"; known are [concurrency, count,"
                                    + " endpoint, max_tokens, model, name, payload, prompt_tokens]",
                            "pilotlight.warm-up.requests: request 1 has endpoint \"/rerank\"; give one of /v1/completions, /v1/chat/completions,"
                                    + " /v1/embeddings, /pooling, /classify, /score, /v1/rerank, /v1/audio/transcriptions");
        }
    }

    @Test
    void isNeitherListNorConfig() {
        for (String json : new String[] {"", "16", "{", "[", "{\"prompts\": []}", "{\"requests\": 3}"}) {
            assertThat(WarmUpRequests.problems(json)).as(json).anyMatch(problem -> problem.contains("is no JSON list"));
        }
    }
}
