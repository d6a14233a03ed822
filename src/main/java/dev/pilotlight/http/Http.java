package dev.pilotlight.http;

import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.net.SocketAddress;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** The wire to one server: bounded requests, each with a deadline of its own, on kept-alive connections. */
public final class Http {
    /** Below the 5 s after which servers such as uvicorn close an idle connection: a request must not race with that. */
    private static final int KEEP_ALIVE_SECONDS = 4;

    private final HttpClient client;
    /** All of a connection's events come on this one: on another, an answer could end before anybody listens to it. */
    private final Context context;

    private final Supplier<URI> base;
    private final Security security;
    private final Lookup lookup;
    private final AtomicBoolean isLooking = new AtomicBoolean();
    /** Whether this server ever answered as an HTTP server does: then its address is right. */
    private volatile boolean hasAnswered;
    /** Why the last connection ended, where that came after the handshake. */
    private volatile Optional<Throwable> brokenBy = Optional.empty();

    private final Transfer transfer = new Transfer();

    /**
     * Who the server must be, and who we are to it.
     *
     * @param settings prefix of this server's settings, for people; empty where it has none
     * @param files looked at before every request
     * @param verifyHost whether the server's certificate must name the host
     * @param headers sent with each request
     */
    public record Security(String settings, TlsFiles files, boolean verifyHost, Headers headers) {
        public static Security none() {
            return new Security("", new TlsFiles(TlsFiles.Named.NONE), true, Headers.NONE);
        }
    }

    /** Headers by the path of a request. */
    @FunctionalInterface
    public interface Headers {
        Headers NONE = _ -> Map.of();

        Map<String, String> of(String path);
    }

    /** @param base of all requests, asked for each: scheme and path are as they were at first */
    public Http(Vertx vertx, Supplier<URI> base, Security security, int connections) {
        this(vertx, base, security, connections, Lookup.bySystem());
    }

    Http(Vertx vertx, Supplier<URI> base, Security security, int connections, Lookup lookup) {
        this.base = base;
        this.security = security;
        this.lookup = lookup;
        HttpClientOptions options = new HttpClientOptions()
                .setKeepAlive(true)
                .setKeepAliveTimeout(KEEP_ALIVE_SECONDS)
                .setSsl(Destination.isTls(base.get()))
                .setVerifyHost(security.verifyHost());
        if (Destination.isTls(base.get())) {
            security.files().changed().ifPresent(files -> options.setTrustOptions(files.getTrustOptions())
                    .setKeyCertOptions(files.getKeyCertOptions()));
        }
        this.context = vertx.getOrCreateContext();
        this.client = vertx.httpClientBuilder()
                .with(options)
                .with(new PoolOptions().setHttp1MaxSize(connections))
                // What breaks in a request is in its answer; an idle connection that breaks with its server is no news.
                .withConnectHandler(connection -> connection.exceptionHandler(why -> brokenBy = Optional.of(why)))
                .build();
    }

    /** Takes a body as it arrives, and keeps none of the array; false ends the transfer. */
    @FunctionalInterface
    public interface Body {
        boolean accept(byte[] bytes, int offset, int length);
    }

    /** How a request ended. */
    public sealed interface Answer {
        /**
         * @param whole whether the body was taken to its end
         * @param contentType as the server named it, in small letters and without parameters; empty where it named none
         * @param encoded what was done to the body though nobody asked for it, for people; empty where nothing was
         * @param sentOn where a redirect leads, for people: nothing follows it; empty where the answer is none
         */
        record Got(int status, boolean whole, String contentType, Optional<String> encoded, Optional<String> sentOn)
                implements Answer {
            /** What is wrong with a redirect, after the name of what was asked for. */
            public Optional<String> redirect() {
                return sentOn.map(to -> "answered " + status + " and is sent on to " + to + ", which is not followed");
            }
        }

        record Lost(Cause cause, String why) implements Answer {}
    }

    /** What is sent, and what it is called. */
    public record Content(String type, byte[] bytes) {
        public static Content json(String json) {
            return new Content("application/json", json.getBytes(StandardCharsets.UTF_8));
        }
    }

    public Answer get(String path, Duration timeout, Body body) {
        return exchange(HttpMethod.GET, path, Optional.empty(), Map.of(), timeout, body);
    }

    public Answer post(String path, Content content, Map<String, String> headers, Duration timeout, Body body) {
        return exchange(HttpMethod.POST, path, Optional.of(content), headers, timeout, body);
    }

    public String url(String path) {
        return Destination.url(base.get(), path);
    }

    private Answer exchange(
            HttpMethod method,
            String path,
            Optional<Content> sent,
            Map<String, String> headers,
            Duration timeout,
            Body body) {
        URI to = base.get();
        return lookup.tryEach(to.getHost(), timeout, address -> {
            readFilesAgain(to);
            return exchange(to, address, method, path, sent, headers, timeout, body);
        });
    }

    private Answer exchange(
            URI to,
            InetAddress address,
            HttpMethod method,
            String path,
            Optional<Content> sent,
            Map<String, String> headers,
            Duration timeout,
            Body body) {
        int port = Destination.port(to);
        RequestOptions options = new RequestOptions()
                .setMethod(method)
                .setHost(to.getHost())
                .setPort(port)
                .setServer(SocketAddress.inetSocketAddress(new InetSocketAddress(address, port)))
                .setURI(Destination.target(to, path))
                .setConnectTimeout(timeout.toMillis())
                .setFollowRedirects(false);
        security.headers().of(path).forEach(options::putHeader);
        headers.forEach(options::putHeader);
        sent.ifPresent(content -> options.putHeader("Content-Type", content.type()));

        AtomicReference<HttpClientRequest> open = new AtomicReference<>();
        CompletableFuture<Answer> ended = new CompletableFuture<>();
        brokenBy = Optional.empty();
        context.runOnContext(_ -> requested(options)
                .compose(request -> {
                    open.set(request);
                    // Said already by the answer that fails; the platform logs what nobody listens to.
                    request.exceptionHandler(_ -> {});
                    if (ended.isDone()) {
                        request.reset();
                        return Future.failedFuture("too late");
                    }
                    return sent.map(content -> request.send(Buffer.buffer(content.bytes())))
                            .orElseGet(request::send);
                })
                .compose(response -> transfer.drain(response, body, ended))
                .onSuccess(ended::complete)
                .onFailure(failure -> ended.complete(lost(to, path, failure))));
        return judged(awaited(ended, open, to, path, timeout), to, new InetSocketAddress(address, port), timeout);
    }

    private Answer awaited(
            CompletableFuture<Answer> ended,
            AtomicReference<HttpClientRequest> open,
            URI to,
            String path,
            Duration timeout) {
        try {
            return ended.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException late) {
            ended.complete(new Answer.Lost(Cause.TIMED_OUT, "late"));
            cut(open);
            return new Answer.Lost(
                    Cause.TIMED_OUT,
                    "no answer from " + Destination.url(to, path) + " within " + timeout.toMillis() + " ms");
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
            cut(open);
            return new Answer.Lost(Cause.BROKEN, "stopped while waiting for " + Destination.url(to, path));
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

    /** New connections use the files as they are now. */
    private void readFilesAgain(URI to) {
        if (Destination.isTls(to) && security.files().areSet() && isLooking.compareAndSet(false, true)) {
            try {
                security.files().changed().ifPresent(files -> client.updateSSLOptions(files, true)
                        .toCompletionStage()
                        .toCompletableFuture()
                        .join());
            } finally {
                isLooking.set(false);
            }
        }
    }

    /** What a broken connection does not tell is found out here, and said: a certificate that is wanted of us, the other scheme. */
    private Answer judged(Answer answer, URI to, InetSocketAddress address, Duration timeout) {
        switch (answer) {
            case Answer.Got got
            when got.status() != 400 -> {
                hasAnswered = true;
                return answer;
            }
            case Answer.Got _ -> {}
            case Answer.Lost lost -> {
                lookup.forget(to.getHost());
                if (lost.cause() == Cause.REFUSED) {
                    return answer;
                }
            }
        }
        if (Destination.isTls(to) && isBroken(answer) && WantsClientCertificate.isSo(address, timeout)) {
            return new Answer.Lost(Cause.TLS, TlsFailure.closed(to.getRawAuthority(), security));
        }
        return hasAnswered
                ? answer
                : OtherScheme.why(to, address, timeout)
                        .<Answer>map(why -> new Answer.Lost(Cause.TLS, why))
                        .orElse(answer);
    }

    private static boolean isBroken(Answer answer) {
        return answer instanceof Answer.Lost lost && lost.cause() == Cause.BROKEN;
    }

    private static void cut(AtomicReference<HttpClientRequest> open) {
        HttpClientRequest request = open.get();
        if (request != null) {
            request.reset();
        }
    }

    private Answer lost(URI to, String path, Throwable failure) {
        if (failure instanceof ConnectException) {
            return new Answer.Lost(Cause.REFUSED, "nothing listens at " + to.getRawAuthority());
        }
        return Stream.concat(Stream.of(failure), brokenBy.stream())
                .flatMap(each -> TlsFailure.why(each, to.getRawAuthority(), security).stream())
                .findFirst()
                .map(why -> new Answer.Lost(Cause.TLS, why))
                .orElseGet(() -> new Answer.Lost(
                        Cause.BROKEN,
                        "request to " + Destination.url(to, path) + " failed: " + Excerpt.of(Causes.words(failure))));
    }
}
