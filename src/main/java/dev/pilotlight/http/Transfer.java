package dev.pilotlight.http;

import dev.pilotlight.http.Http.Answer;
import dev.pilotlight.http.Http.Body;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientResponse;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** The body of an answer on its way to whoever takes it; used on one event loop alone. */
final class Transfer {
    private static final int CHUNK = 8 * 1024;

    private final byte[] chunk = new byte[CHUNK];

    /** Hands the body on chunk by chunk, until it ends, the taker has enough, or nobody waits any more. */
    Future<Answer> drain(HttpClientResponse response, Body body, CompletableFuture<Answer> ended) {
        Promise<Answer> done = Promise.promise();
        response.exceptionHandler(done::tryFail);
        response.endHandler(_ -> done.tryComplete(got(response, true)));
        response.handler(buffer -> {
            if (!done.future().isComplete() && (ended.isDone() || !pour(buffer, body))) {
                done.tryComplete(got(response, false));
                response.request().reset();
            }
        });
        return done.future();
    }

    private boolean pour(Buffer buffer, Body body) {
        for (int start = 0; start < buffer.length(); start += chunk.length) {
            int length = Math.min(chunk.length, buffer.length() - start);
            buffer.getBytes(start, start + length, chunk);
            if (!body.accept(chunk, 0, length)) {
                return false;
            }
        }
        return true;
    }

    private static Answer got(HttpClientResponse response, boolean whole) {
        return new Answer.Got(
                response.statusCode(),
                whole,
                word(response.getHeader("Content-Type")),
                encoded(word(response.getHeader("Content-Encoding"))),
                sentOn(response));
    }

    private static Optional<String> encoded(String encoding) {
        return encoding.isEmpty() || encoding.equals("identity")
                ? Optional.empty()
                : Optional.of("answered with Content-Encoding " + Excerpt.of(encoding, 60)
                        + ", which nobody asked for: have the proxy in between leave that away");
    }

    /** In small letters and without parameters; empty where there is none. */
    private static String word(String header) {
        if (header == null) {
            return "";
        }
        int parameters = header.indexOf(';');
        return (parameters < 0 ? header : header.substring(0, parameters))
                .strip()
                .toLowerCase(Locale.ROOT);
    }

    /** Without its query, which may hold what is nobody's business. */
    private static Optional<String> sentOn(HttpClientResponse response) {
        int status = response.statusCode();
        String to = response.getHeader("Location");
        return status >= 300 && status < 400 && status != 304
                ? Optional.of(to == null ? "nowhere" : Excerpt.of(Redacted.url(to.replaceAll("[?#].*", "")), 120))
                : Optional.empty();
    }
}
