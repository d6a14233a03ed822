package dev.pilotlight.inject;

import dev.pilotlight.guard.Guard;
import dev.pilotlight.inject.InjectionDecision.Leave;
import dev.pilotlight.inject.InjectionDecision.OptIn;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.http.Http2Settings;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.JsonObject;
import io.vertx.core.net.KeyCertOptions;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jboss.logging.Logger;

/**
 * The admission webhook: an AdmissionReview in, a decision out. A server of its own, since the API server speaks nothing but TLS to a
 * webhook. What it is asked is bounded; whom it asks is nobody.
 */
public final class Webhook implements AutoCloseable {
    private static final Logger LOG = Logger.getLogger("pilotlight");

    /** The kubelet brings a renewed secret within two minutes. */
    private static final Duration LOOK_EVERY = Duration.ofSeconds(2);
    /** All bodies together, so that a flood of long ones fills no heap; a pod's review has some 10 KB. */
    private static final int MOST_BYTES = 8 << 20;

    /** After 2 s the API server has gone on without us (timeoutSeconds in k8s/injection/webhook). */
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private static final Duration LAST_ANSWERS = Duration.ofSeconds(1);

    /**
     * Where it listens, what it shows, and what it injects.
     *
     * @param image of the sidecar
     */
    public record Place(String host, int port, Path certificate, Path key, String image) {}

    private final Vertx vertx;
    private final Place place;
    private final Supplier<Instant> clock;
    private final KeyFiles files;
    private final NewestKeys keys = new NewestKeys();
    private final JsonObject template = SidecarTemplate.read();
    private final Semaphore bytes = new Semaphore(MOST_BYTES);
    /** A tree takes many times the memory of its text, so only as many are open as cores could work on. */
    private final Semaphore trees = new Semaphore(2, true);

    private final Connections connections;
    private final Thread looks;
    private volatile Certificate certificate = Certificate.NONE;
    private volatile boolean warm;
    private volatile boolean closed;

    public Webhook(Vertx vertx, Place place, Supplier<Instant> clock) {
        this.vertx = vertx;
        this.connections = new Connections(vertx);
        this.place = place;
        this.clock = clock;
        this.files = new KeyFiles(vertx, place.certificate(), place.key());
        this.looks = Thread.ofVirtual()
                .name("certificate")
                .unstarted(Guard.guarded("certificate", () -> closed, this::watch));
    }

    /** Opens the port, or throws; without a certificate it is open, too, and nobody gets in until there is one. */
    public void start() {
        look();
        HttpServer server = vertx.createHttpServer(new HttpServerOptions()
                .setHost(place.host())
                .setPort(place.port())
                .setSsl(true)
                .setUseAlpn(true)
                .setKeyCertOptions(KeyCertOptions.wrap(keys))
                .setIdleTimeout((int) Connections.IDLE.toSeconds())
                .setIdleTimeoutUnit(TimeUnit.SECONDS)
                .setMaxHeaderSize(8 << 10)
                .setInitialSettings(new Http2Settings().setMaxConcurrentStreams(64)));
        server.connectionHandler(connection -> {
            // A caller that leaves, or that knows no TLS, is no news.
            connection.exceptionHandler(_ -> {});
            connections.opened(connection);
        });
        server.exceptionHandler(_ -> {});
        server.requestHandler(this::asked)
                .listen()
                .toCompletionStage()
                .toCompletableFuture()
                .join();
        looks.start();
    }

    /** Whether an API server can ask it, and would be answered in its time. */
    public boolean isReady() {
        return warm && certificate.isGood(clock.get());
    }

    /** What is to be said of its certificate, and of its beginning. */
    public String reason() {
        Instant now = clock.get();
        return !warm && certificate.isGood(now)
                ? "the first reviews of a process are slow: it asks itself until they are not"
                : certificate.line(now);
    }

    private void watch() {
        while (!closed) {
            if (!warm && certificate.isGood(clock.get())) {
                FirstReviews.ask(vertx, place, clock);
                warm = true;
            }
            try {
                Thread.sleep(LOOK_EVERY);
            } catch (InterruptedException stop) {
                Thread.currentThread().interrupt();
                return;
            }
            look();
        }
    }

    private void look() {
        Instant now = clock.get();
        Certificate before = certificate;
        boolean wasGood = before.isGood(now);
        Certificate after = before.look(files.read(), now);
        certificate = after;
        after.shown().ifPresent(keys::show);
        if (!after.shown().equals(before.shown())) {
            LOG.info(after.line(now));
        } else if (after.trouble().isPresent() && after.said() && !before.said()) {
            LOG.warn(after.line(now));
        } else if (before.said() && after.trouble().isEmpty() && wasGood) {
            LOG.info(after.line(now));
        }
    }

    private void asked(HttpServerRequest request) {
        if (request.method() != HttpMethod.POST) {
            error(request, 404, "POST an AdmissionReview to /api/v1/inject");
            return;
        }
        switch (request.path()) {
            // For the webhook whose objectSelector asks for the pod's own label.
            case "/api/v1/inject" -> take(request, OptIn.POD);
            // For the one whose namespaceSelector asks for the namespace's; a review does not show it.
            case "/api/v1/inject/namespace" -> take(request, OptIn.NAMESPACE);
            default -> error(request, 404, "POST an AdmissionReview to /api/v1/inject");
        }
    }

    /** Reads to the end, whatever comes: who still sends when the connection closes does not see the answer. */
    private void take(HttpServerRequest request, OptIn optIn) {
        ReviewBody body = new ReviewBody(bytes);
        Context context = vertx.getOrCreateContext();
        Runnable came = connections.asked(request);
        request.exceptionHandler(_ -> {
            came.run();
            body.drop();
        });
        request.handler(body::add);
        request.endHandler(_ -> {
            came.run();
            if (body.refused() != null) {
                error(request, body.status(), body.refused());
                return;
            }
            byte[] text = body.text().getBytes();
            int held = body.handOver();
            Thread.ofVirtual().name("review").start(Guard.once("review", () -> {
                Answer answer = answer(text, held, optIn);
                context.runOnContext(_ -> send(request, answer));
            }));
        });
    }

    private record Answer(int status, String body) {}

    private Answer answer(byte[] text, int held, OptIn optIn) {
        try {
            if (!trees.tryAcquire(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
                return new Answer(503, why("more reviews at once than can be read in time"));
            }
            try {
                return decided(text, optIn);
            } finally {
                trees.release();
            }
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
            return new Answer(503, why("the webhook stops"));
        } finally {
            bytes.release(held);
        }
    }

    private Answer decided(byte[] text, OptIn optIn) {
        return switch (Review.read(text)) {
            case Review.Garbled(String why) -> new Answer(400, why(why));
            case Review.Asked asked -> {
                InjectionDecision decision = asked.decide(optIn);
                if (decision instanceof Leave leave && leave.reason().unexpected()) {
                    LOG.infof(
                            "a pod in namespace %s was not injected (%s): %s",
                            asked.namespace(), leave.reason().code(), leave.why());
                }
                yield new Answer(
                        200, asked.answer(decision, template, place.image()).encode());
            }
        };
    }

    private static String why(String error) {
        return new JsonObject().put("error", error).encode();
    }

    private void error(HttpServerRequest request, int status, String why) {
        send(request, new Answer(status, why(why)));
    }

    private void send(HttpServerRequest request, Answer answer) {
        if (request.response().ended() || request.response().closed()) {
            return;
        }
        request.response().setStatusCode(answer.status()).putHeader("Content-Type", "application/json");
        boolean isLast = connections.isLast(request);
        if (isLast) {
            request.response().putHeader("Connection", "close");
        }
        request.response().end(answer.body()).onComplete(_ -> {
            if (isLast) {
                request.connection().close();
            }
        });
    }

    /** Who has asked goes elsewhere after the answer, and who comes all the same, since it does not know yet, is answered. */
    public void leave(Duration settle) throws InterruptedException {
        connections.leave();
        Thread.sleep(settle);
        // Those who came meanwhile; what is under way gets its answer.
        connections.leave();
        Thread.sleep(LAST_ANSWERS);
    }

    @Override
    public void close() {
        closed = true;
        looks.interrupt();
    }
}
