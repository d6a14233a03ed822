package dev.pilotlight.kube;

import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.net.PemTrustOptions;
import io.vertx.core.net.SSLOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;

/** Which client the API server is reached by, with the token and the authorities as their files are now. */
final class ApiWire {
    /** The watches on the own pod, the plan and the lease's pods; the rest is for calls. */
    private static final int CONNECTIONS = 8;

    private final Vertx vertx;
    private final Optional<ApiAddress> server;
    private final Duration timeout;
    private final AtomicReference<Wire> wire = new AtomicReference<>();

    ApiWire(Vertx vertx, Optional<ApiAddress> server, Duration timeout) {
        this.vertx = vertx;
        this.server = server;
        this.timeout = timeout;
    }

    /** A client, its events' thread, and the authorities it was made with. */
    record Wire(HttpClient client, Context context, Optional<FileTime> trusted) {}

    Wire open() throws NoWay {
        if (server.isEmpty()) {
            throw new NoWay("KUBERNETES_SERVICE_HOST and pilotlight.kube.url are not set");
        }
        ApiAddress to = server.get();
        Optional<FileTime> trusted = to.caFile().flatMap(ApiWire::changed);
        Wire now = wire.get();
        if (now == null) {
            Wire made = make(to, trusted);
            if (wire.compareAndSet(null, made)) {
                return made;
            }
            made.client().close();
            return wire.get();
        }
        if (!now.trusted().equals(trusted) && trusted.isPresent()) {
            Wire renewed = new Wire(now.client(), now.context(), trusted);
            if (wire.compareAndSet(now, renewed)) {
                now.client()
                        .updateSSLOptions(new SSLOptions()
                                .setTrustOptions(trust(to.caFile().get())));
            }
        }
        return wire.get();
    }

    private Wire make(ApiAddress to, Optional<FileTime> trusted) throws NoWay {
        HttpClientOptions options = new HttpClientOptions().setSsl(isTls(to)).setKeepAlive(true);
        if (isTls(to) && to.caFile().isPresent()) {
            options.setTrustOptions(trust(to.caFile().get()));
        }
        return new Wire(
                vertx.httpClientBuilder()
                        .with(options)
                        .with(new PoolOptions().setHttp1MaxSize(CONNECTIONS))
                        // What breaks in a request is in its answer; an idle connection that breaks is no news.
                        .withConnectHandler(connection -> connection.exceptionHandler(_ -> {}))
                        .build(),
                vertx.getOrCreateContext(),
                trusted);
    }

    private static Optional<FileTime> changed(Path file) {
        try {
            return Optional.of(Files.getLastModifiedTime(file));
        } catch (IOException gone) {
            return Optional.empty();
        }
    }

    private static PemTrustOptions trust(Path file) throws NoWay {
        try {
            return new PemTrustOptions().addCertValue(Buffer.buffer(Files.readAllBytes(file)));
        } catch (IOException unreadable) {
            throw new NoWay("the API server's authority in " + file + " cannot be read: " + unreadable);
        }
    }

    RequestOptions options(Call call) throws NoWay {
        ApiAddress to = server.orElseThrow();
        String root = to.url().getRawPath() == null ? "" : to.url().getRawPath().replaceAll("/+$", "");
        RequestOptions options = new RequestOptions()
                .setHost(host(to))
                .setPort(to.url().getPort() > 0 ? to.url().getPort() : isTls(to) ? 443 : 80)
                .setURI(root + call.target())
                .setConnectTimeout(timeout.toMillis())
                .setFollowRedirects(false)
                .putHeader("Accept", "application/json");
        if (to.tokenFile().isPresent()) {
            options.putHeader("Authorization", "Bearer " + token(to.tokenFile().get()));
        }
        return switch (call.verb()) {
            case GET, LIST, WATCH -> options.setMethod(HttpMethod.GET);
            case CREATE -> options.setMethod(HttpMethod.POST).putHeader("Content-Type", "application/json");
            case UPDATE -> options.setMethod(HttpMethod.PUT).putHeader("Content-Type", "application/json");
            case PATCH -> options.setMethod(HttpMethod.PATCH).putHeader("Content-Type", "application/merge-patch+json");
        };
    }

    /** Without the brackets that a URL puts around an IPv6 address. */
    private static String host(ApiAddress to) {
        return to.url().getHost().replaceAll("[\\[\\]]", "");
    }

    private static boolean isTls(ApiAddress to) {
        return "https".equals(to.url().getScheme());
    }

    private static String token(Path file) throws NoWay {
        try {
            return Files.readString(file).strip();
        } catch (IOException unreadable) {
            throw new NoWay("the service account's token in " + file + " cannot be read (" + unreadable
                    + "); is automountServiceAccountToken off?");
        }
    }

    /** What keeps a call from being sent at all. */
    static final class NoWay extends Exception {
        private static final long serialVersionUID = 1;

        NoWay(String why) {
            super(why, null, false, false);
        }
    }
}
