package dev.pilotlight.http;

import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.net.PemTrustOptions;
import java.net.ConnectException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;

/** The wire to one server: bounded requests, each with a deadline of its own, on kept-alive connections. */
public final class Http {
    /** Below the 5 s after which uvicorn closes an idle connection: a poll must not race with that. */
    private static final int KEEP_ALIVE_SECONDS = 4;

    private static final int CHUNK = 8 * 1024;

    private final HttpClient client;
    /** All of a connection's events come on this one: on another, an answer could end before anybody listens to it. */
    private final Context context;

    private final Supplier<URI> base;
    private final Optional<String> apiKey;

    /** @param base of all requests, asked for each: scheme and path are as they were at first */
    public Http(
            Vertx vertx,
            Supplier<URI> base,
            Optional<Path> caFile,
            boolean verifyHost,
            Optional<String> apiKey,
            int connections) {
        this.base = base;
        this.apiKey = apiKey;
        boolean tls = "https".equals(base.get().getScheme());
        HttpClientOptions options = new HttpClientOptions()
                .setKeepAlive(true)
                .setKeepAliveTimeout(KEEP_ALIVE_SECONDS)
                .setSsl(tls)
                .setVerifyHost(verifyHost);
        caFile.ifPresent(file -> options.setTrustOptions(new PemTrustOptions().addCertPath(file.toString())));
        this.context = vertx.getOrCreateContext();
        this.client = vertx.httpClientBuilder()
                .with(options)
                .with(new PoolOptions().setHttp1MaxSize(connections))
                // What breaks in a request is in its answer; an idle connection that breaks with its server is no news.
                .withConnectHandler(connection -> connection.exceptionHandler(_ -> {}))
                .build();
    }

    /** Takes a body as it arrives; false ends the transfer. */
    @FunctionalInterface
    public interface Body {
        boolean accept(byte[] bytes, int offset, int length);
    }

    /** How a request ended. */
    public sealed interface Answer {
        record Got(int status, boolean whole) implements Answer {}

        record Lost(Cause cause, String why) implements Answer {}
    }

    public Answer get(String path, Duration timeout, Body body) {
        return exchange(HttpMethod.GET, path, Optional.empty(), Optional.empty(), timeout, body);
    }

    /** Sends JSON; {@code rank} picks a data-parallel rank. */
    public Answer post(String path, String json, Optional<String> rank, Duration timeout, Body body) {
        return exchange(HttpMethod.POST, path, Optional.of(json), rank, timeout, body);
    }

    public String url(String path) {
        return url(base.get(), path);
    }

    /** For people. */
    private static String url(URI base, String path) {
        return Redacted.url(base.getScheme() + "://" + base.getRawAuthority()) + target(base, path);
    }

    private static String target(URI base, String path) {
        String root = base.getRawPath();
        return root == null || root.isEmpty() || "/".equals(root) ? path : root.replaceAll("/+$", "") + path;
    }

    private Answer exchange(
            HttpMethod method, String path, Optional<String> json, Optional<String> rank, Duration timeout, Body body) {
        URI to = base.get();
        RequestOptions options = new RequestOptions()
                .setMethod(method)
                .setHost(to.getHost())
                .setPort(to.getPort() > 0 ? to.getPort() : "https".equals(to.getScheme()) ? 443 : 80)
                .setURI(target(to, path))
                .setConnectTimeout(timeout.toMillis())
                .setFollowRedirects(false);
        if (path.startsWith("/v1/")) {
            apiKey.ifPresent(key -> options.putHeader("Authorization", "Bearer " + key));
        }
        rank.ifPresent(value -> options.putHeader("X-data-parallel-rank", value));
        json.ifPresent(text -> options.putHeader("Content-Type", "application/json"));

        AtomicReference<HttpClientRequest> open = new AtomicReference<>();
        CompletableFuture<Answer> ended = new CompletableFuture<>();
        context.runOnContext(_ -> requested(options)
                .compose(request -> {
                    open.set(request);
                    if (ended.isDone()) {
                        request.reset();
                        return Future.failedFuture("too late");
                    }
                    return json.map(request::send).orElseGet(request::send);
                })
                .compose(response -> drain(response, body, ended))
                .onSuccess(ended::complete)
                .onFailure(failure -> ended.complete(lost(to, path, failure))));
        try {
            return ended.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException late) {
            ended.complete(new Answer.Lost(Cause.TIMED_OUT, "late"));
            cut(open);
            return new Answer.Lost(
                    Cause.TIMED_OUT, "no answer from " + url(to, path) + " within " + timeout.toMillis() + " ms");
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
            cut(open);
            return new Answer.Lost(Cause.BROKEN, "stopped while waiting for " + url(to, path));
        } catch (ExecutionException impossible) {
            return lost(to, path, impossible.getCause());
        }
    }

    /** A client that was closed throws, where another says so by its future. */
    private Future<HttpClientRequest> requested(RequestOptions options) {
        try {
            return client.request(options);
        } catch (IllegalStateException closed) {
            return Future.failedFuture(closed);
        }
    }

    /** Hands the body on chunk by chunk, until it ends, the taker has enough, or nobody waits any more. */
    private static Future<Answer> drain(HttpClientResponse response, Body body, CompletableFuture<Answer> ended) {
        CompletableFuture<Answer> done = new CompletableFuture<>();
        response.exceptionHandler(done::completeExceptionally);
        response.endHandler(end -> done.complete(new Answer.Got(response.statusCode(), true)));
        response.handler(buffer -> {
            if (!done.isDone() && (ended.isDone() || !pour(buffer, body))) {
                done.complete(new Answer.Got(response.statusCode(), false));
                response.request().reset();
            }
        });
        return Future.fromCompletionStage(done);
    }

    private static boolean pour(Buffer buffer, Body body) {
        byte[] chunk = new byte[Math.min(CHUNK, buffer.length())];
        for (int start = 0; start < buffer.length(); start += chunk.length) {
            int length = Math.min(chunk.length, buffer.length() - start);
            buffer.getBytes(start, start + length, chunk);
            if (!body.accept(chunk, 0, length)) {
                return false;
            }
        }
        return true;
    }

    private static void cut(AtomicReference<HttpClientRequest> open) {
        HttpClientRequest request = open.get();
        if (request != null) {
            request.reset();
        }
    }

    private static Answer lost(URI to, String path, Throwable failure) {
        Cause cause = failure instanceof ConnectException ? Cause.REFUSED : Cause.BROKEN;
        String what = failure.getMessage() == null ? failure.getClass().getSimpleName() : failure.getMessage();
        return new Answer.Lost(
                cause,
                cause == Cause.REFUSED
                        ? "nothing listens at " + to.getRawAuthority()
                        : "request to " + url(to, path) + " failed: " + what);
    }
}
