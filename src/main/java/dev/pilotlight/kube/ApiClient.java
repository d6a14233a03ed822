package dev.pilotlight.kube;

import dev.pilotlight.http.Causes;
import dev.pilotlight.kube.ApiWire.NoWay;
import dev.pilotlight.kube.ApiWire.Wire;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.RequestOptions;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;

/**
 * The wire to the API server. HTTP/1.1 with a connection per watch: one that a router has forgotten is given up with the request that
 * timed out on it, where HTTP/2 would go on using it. Trees of JSON and no classes of the API: four kinds of object are read and a few
 * fields of each, and the thousands of classes of a general client are most of a native image.
 */
public final class ApiClient implements ApiServer {
    /** A page of a hundred pods is 1 to 5 MB. Its tree takes many times that, so much more would not fit into a small container. */
    private static final int LONGEST_ANSWER = 8 << 20;

    private final ApiWire wire;
    private final Duration timeout;
    private final AtomicReference<KubeTally> calls = new AtomicReference<>(KubeTally.EMPTY);

    /** @param server empty where there is none: each call then says so */
    public ApiClient(Vertx vertx, Optional<ApiAddress> server, Duration timeout) {
        this.wire = new ApiWire(vertx, server, timeout);
        this.timeout = timeout;
    }

    @Override
    public KubeTally calls() {
        return calls.get();
    }

    @Override
    public Answer send(Call call) {
        Answer answer = exchange(call).to(call);
        calls.updateAndGet(all -> all.add(call, answer));
        return answer;
    }

    private Answer exchange(Call call) {
        AtomicReference<HttpClientRequest> open = new AtomicReference<>();
        CompletableFuture<Answer> ended = new CompletableFuture<>();
        try {
            Wire to = wire.open();
            RequestOptions options = wire.options(call);
            begin(to, ended, () -> opened(to, options, call, open, ended)
                    .compose(ApiClient::whole)
                    .onSuccess(ended::complete));
        } catch (NoWay | IllegalArgumentException noWay) {
            return new Answer.Lost("there is no way to the API server: " + Causes.words(noWay));
        }
        return await(ended, open);
    }

    /** On the client's own event loop; a client that is closed throws there. */
    private static void begin(Wire to, CompletableFuture<Answer> ended, Supplier<Future<?>> call) {
        to.context().runOnContext(_ -> {
            try {
                call.get().onFailure(failure -> ended.complete(lost(failure)));
            } catch (IllegalStateException closed) {
                ended.complete(lost(closed));
            }
        });
    }

    private Answer await(CompletableFuture<Answer> ended, AtomicReference<HttpClientRequest> open) {
        try {
            return ended.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException late) {
            cut(ended, open);
            return new Answer.Lost("no answer within " + timeout.toMillis() + " ms");
        } catch (InterruptedException stop) {
            cut(ended, open);
            Thread.currentThread().interrupt();
            return new Answer.Lost("stopped while waiting");
        } catch (ExecutionException failed) {
            return lost(failed.getCause());
        }
    }

    /** Ends the connection too: whatever is wrong with it, the next call begins with another. */
    private static void cut(CompletableFuture<Answer> ended, AtomicReference<HttpClientRequest> open) {
        ended.complete(new Answer.Lost("too late"));
        HttpClientRequest request = open.get();
        if (request != null) {
            request.reset();
        }
    }

    private static Answer lost(Throwable failure) {
        return new Answer.Lost(Causes.words(failure));
    }

    private static Future<HttpClientResponse> opened(
            Wire to,
            RequestOptions options,
            Call call,
            AtomicReference<HttpClientRequest> open,
            CompletableFuture<Answer> ended) {
        return to.client().request(options).compose(request -> {
            open.set(request);
            // Said already by the answer that fails; the platform logs what nobody listens to.
            request.exceptionHandler(_ -> {});
            if (ended.isDone()) {
                request.reset();
                return Future.failedFuture("too late");
            }
            return call.body()
                    .map(body -> request.send(body.toBuffer()))
                    .orElseGet(request::send)
                    // Nothing is read before somebody listens.
                    .onSuccess(HttpClientResponse::pause);
        });
    }

    private static Future<Answer> whole(HttpClientResponse response) {
        CompletableFuture<Answer> done = new CompletableFuture<>();
        Buffer body = Buffer.buffer();
        response.exceptionHandler(done::completeExceptionally);
        response.endHandler(_ -> done.complete(
                new Answer.Got(response.statusCode(), body.toString(StandardCharsets.UTF_8), retryAfter(response))));
        response.handler(chunk -> {
            if (body.length() + chunk.length() > LONGEST_ANSWER) {
                done.complete(new Answer.Lost("the answer is longer than " + LONGEST_ANSWER + " bytes"));
                response.request().reset();
            } else {
                body.appendBuffer(chunk);
            }
        });
        response.resume();
        return Future.fromCompletionStage(done);
    }

    private static Optional<Duration> retryAfter(HttpClientResponse response) {
        try {
            return Optional.ofNullable(response.getHeader("Retry-After"))
                    .map(Long::parseLong)
                    .map(Duration::ofSeconds);
        } catch (NumberFormatException aDate) {
            return Optional.empty();
        }
    }

    @Override
    public Events watch(Call call) {
        AtomicReference<HttpClientRequest> open = new AtomicReference<>();
        CompletableFuture<Answer> ended = new CompletableFuture<>();
        WatchStream stream = new WatchStream();
        Answer answer;
        try {
            Wire to = wire.open();
            RequestOptions options = wire.options(call);
            begin(to, ended, () -> opened(to, options, call, open, ended).onSuccess(response -> {
                stream.begin(response, to.context());
                ended.complete(
                        isPage(response)
                                ? new Answer.Strange(response.statusCode(), "a page of text")
                                : new Answer.Got(response.statusCode(), "", retryAfter(response)));
            }));
            answer = await(ended, open);
        } catch (NoWay | IllegalArgumentException noWay) {
            answer = new Answer.Lost("there is no way to the API server: " + Causes.words(noWay));
        }
        Answer opened = answer;
        calls.updateAndGet(all -> all.add(call, opened));
        stream.opened(opened);
        return stream;
    }

    /** For people, where events were asked for. */
    private static boolean isPage(HttpClientResponse response) {
        String type = response.getHeader("Content-Type");
        return response.statusCode() / 100 == 2 && type != null && type.startsWith("text/html");
    }
}
