package dev.pilotlight.engine;

import dev.pilotlight.http.Http;
import dev.pilotlight.http.Http.Answer;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/** Asks a path of the engine that answers with a small JSON object. */
record SmallAnswers(Http http, Duration timeout) {
    private static final int SMALL_BODY = 64 << 10;

    /** What came of it. */
    sealed interface SmallAnswer {
        record Json(JsonObject json) implements SmallAnswer {}

        /** Another status than 200. */
        record Status(int status) implements SmallAnswer {}

        record Nothing(String why) implements SmallAnswer {}
    }

    SmallAnswer get(String path) {
        ByteArrayOutputStream body = new ByteArrayOutputStream(512);
        return switch (http.get(path, timeout, (bytes, offset, length) -> {
            body.write(bytes, offset, length);
            return body.size() <= SMALL_BODY;
        })) {
            case Answer.Lost lost -> new SmallAnswer.Nothing(lost.why());
            case Answer.Got got when got.status() != 200 -> new SmallAnswer.Status(got.status());
            case Answer.Got got
            when got.encoded().isPresent() ->
                new SmallAnswer.Nothing(http.url(path) + " " + got.encoded().get());
            case Answer.Got _ -> {
                try {
                    yield new SmallAnswer.Json(new JsonObject(body.toString(StandardCharsets.UTF_8)));
                } catch (DecodeException notJson) {
                    yield new SmallAnswer.Nothing(http.url(path) + " answered something that is no JSON object");
                }
            }
        };
    }
}
