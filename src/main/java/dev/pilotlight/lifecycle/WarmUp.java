package dev.pilotlight.lifecycle;

import dev.pilotlight.engine.EngineHttp;
import dev.pilotlight.engine.EngineHttp.Answer;
import dev.pilotlight.engine.Model;
import io.vertx.core.json.JsonObject;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Supplier;

/** Sends one real completion request through the engine's OpenAI API and says how it went. */
public final class WarmUp {
    private static final int SHOWN_OF_AN_ERROR = 300;

    private final EngineHttp http;
    private final Duration timeout;

    public WarmUp(EngineHttp http, Duration timeout) {
        this.http = http;
        this.timeout = timeout;
    }

    public WarmUpOutcome send(Effect.SendWarmUp wanted, Supplier<Instant> clock) {
        Instant began = clock.get();
        Result completion = request("/v1/completions", new JsonObject().put("prompt", "Hello"), wanted.model());
        Result result = completion.isAnotherApi()
                ? request("/v1/embeddings", new JsonObject().put("input", "Hello"), wanted.model())
                : completion;
        Instant ended = clock.get();
        return result.failure()
                .<WarmUpOutcome>map(why -> new WarmUpOutcome.Lost(wanted.attempt(), ended, why))
                .orElseGet(() -> new WarmUpOutcome.Answered(wanted.attempt(), ended, Duration.between(began, ended)));
    }

    /** @param status of the answer; 0 when there was none */
    private record Result(int status, Optional<String> failure) {
        /** A pooling model has no completions: the server says so with one of these. */
        boolean isAnotherApi() {
            return status == 404 || status == 405 || status == 501;
        }
    }

    private Result request(String path, JsonObject body, Model model) {
        body.put("model", model.name());
        if (path.endsWith("completions")) {
            body.put("max_tokens", 1).put("temperature", 0);
        }
        ByteArrayOutputStream said = new ByteArrayOutputStream(SHOWN_OF_AN_ERROR);
        Answer answer = http.post(path, body.encode(), Optional.empty(), timeout, (bytes, offset, length) -> {
            said.write(bytes, offset, Math.min(length, Math.max(0, SHOWN_OF_AN_ERROR - said.size())));
            return true;
        });
        return switch (answer) {
            case Answer.Got(int status, boolean _) when status < 300 -> new Result(status, Optional.empty());
            case Answer.Got(int status, boolean _) ->
                new Result(
                        status,
                        Optional.of("POST " + path + " answered " + status + ": "
                                + said.toString(StandardCharsets.UTF_8).strip()));
            case Answer.Lost lost -> new Result(0, Optional.of(lost.why()));
        };
    }
}
