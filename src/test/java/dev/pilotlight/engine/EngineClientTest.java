package dev.pilotlight.engine;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import dev.pilotlight.engine.EngineReading.Answered;
import dev.pilotlight.engine.EngineReading.Pause;
import dev.pilotlight.engine.EngineReading.Unreachable;
import dev.pilotlight.engine.EngineReading.Unreadable;
import dev.pilotlight.http.Cause;
import dev.pilotlight.http.Certificates;
import dev.pilotlight.http.Http;
import dev.pilotlight.http.TlsFiles;
import dev.pilotlight.prometheus.Limits;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One poll of a server on this machine that answers by script: what it asks for, and what it makes of the answers. */
class EngineClientTest {
    private static final Instant NOON = Instant.parse("2026-11-25T12:00:00Z");
    private static final Duration PATIENCE = Duration.ofMillis(400);
    /** For what has to come: a busy machine takes its time. */
    private static final Duration AMPLE = Duration.ofSeconds(10);

    private static final Path CAPTURES = Path.of("src/test/resources/captures/vllm-0.32.0-cpu");
    private static final String IDLE = gauges("used-filtered.prom");
    private static final String BUSY = gauges("loaded-filtered.prom");
    private static final String MODELS = "{\"data\":[{\"id\":\"tiny\",\"max_model_len\":512}]}";

    private static Vertx vertx;

    @TempDir
    private static Path folder;

    private final Script server = new Script();

    private static String capture(String name) {
        try {
            return Files.readString(CAPTURES.resolve(name));
        } catch (IOException missing) {
            throw new UncheckedIOException(missing);
        }
    }

    /** As the server sends it when the histograms are not asked for. */
    private static String gauges(String name) {
        return capture(name)
                .lines()
                .filter(line -> !line.matches(".*_(bucket|sum|count)\\{.*"))
                .collect(Collectors.joining("\n", "", "\n"));
    }

    /** What a server answers, path by path; 404 to all others. It keeps what it was asked. */
    private static final class Script implements AutoCloseable {
        private record Line(int status, String body, Map<String, String> headers) {}

        record Asked(String path, Optional<String> authorization) {}

        private final Map<String, Line> lines = new ConcurrentHashMap<>();
        private final Queue<Asked> asked = new ConcurrentLinkedQueue<>();
        private final Queue<String> silent = new ConcurrentLinkedQueue<>();
        private final CountDownLatch end = new CountDownLatch(1);
        private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
        private HttpServer http;

        Script say(String path, int status, String body) {
            return say(path, status, body, Map.of());
        }

        Script say(String path, int status, String body, Map<String, String> headers) {
            lines.put(path, new Line(status, body, headers));
            return this;
        }

        /** No answer to a path that begins so. */
        void hang(String path) {
            silent.add(path);
        }

        URI start(HttpServer bound, String scheme) {
            http = bound;
            http.setExecutor(threads);
            http.createContext("/", this::answer);
            http.start();
            return URI.create(scheme + "://127.0.0.1:" + http.getAddress().getPort());
        }

        private void answer(HttpExchange exchange) throws IOException {
            String path = exchange.getRequestURI().getPath();
            asked.add(new Asked(
                    path, Optional.ofNullable(exchange.getRequestHeaders().getFirst("Authorization"))));
            if (silent.stream().anyMatch(path::startsWith)) {
                try {
                    end.await();
                } catch (InterruptedException _) {
                    Thread.currentThread().interrupt();
                }
                exchange.close();
                return;
            }
            Line line = lines.getOrDefault(path, new Line(404, "{\"detail\":\"Not Found\"}", Map.of()));
            byte[] body = line.body().getBytes(StandardCharsets.UTF_8);
            line.headers().forEach(exchange.getResponseHeaders()::set);
            exchange.sendResponseHeaders(line.status(), body.length == 0 ? -1 : body.length);
            try (exchange) {
                exchange.getResponseBody().write(body);
            } catch (IOException _) {
                // the client had enough
            }
        }

        long askedFor(String path) {
            return asked.stream().filter(it -> it.path().equals(path)).count();
        }

        @Override
        public void close() {
            end.countDown();
            if (http != null) {
                http.stop(0);
            }
            threads.shutdownNow();
        }
    }

    @BeforeAll
    static void vertx() {
        vertx = Vertx.vertx();
    }

    @AfterAll
    static void endVertx() {
        vertx.close();
    }

    @BeforeEach
    void script() {
        server.say("/health", 200, "")
                .say("/metrics/", 200, IDLE)
                .say("/v1/models", 200, MODELS)
                .say("/load", 200, "{\"server_load\":0}");
    }

    @AfterEach
    void end() {
        server.close();
    }

    private static InetSocketAddress anyPort() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    }

    private URI started() throws IOException {
        return server.start(HttpServer.create(anyPort(), 0), "http");
    }

    private static EngineClient client(URI url, Optional<String> apiKey, Duration timeout, Limits limits) {
        return new EngineClient(
                new Http(
                        vertx,
                        () -> url,
                        new Http.Security("", new TlsFiles(TlsFiles.Named.NONE), true, VllmHeaders.key(() -> apiKey)),
                        1),
                timeout,
                limits);
    }

    private EngineClient client() throws IOException {
        return client(started(), Optional.empty(), AMPLE, Limits.DEFAULT);
    }

    private static Answered answered(EngineReading reading) {
        assertThat(reading).isInstanceOf(Answered.class);
        return (Answered) reading;
    }

    private static Unreadable unreadable(EngineReading reading) {
        assertThat(reading).isInstanceOf(Unreadable.class);
        return (Unreadable) reading;
    }

    private static Unreachable unreachable(EngineReading reading) {
        assertThat(reading).isInstanceOf(Unreachable.class);
        return (Unreachable) reading;
    }

    @Test
    void readsASoundEngine() throws IOException {
        Answered reading = answered(client().read(NOON));
        assertThat(reading.at()).isEqualTo(NOON);
        assertThat(reading.health()).isEqualTo(new HealthAnswer.Healthy());
        assertThat(reading.model()).contains(new Model("tiny", OptionalInt.of(512)));
        assertThat(reading.modelsWhy()).isEmpty();
        assertThat(reading.inFlight()).isEmpty();
        assertThat(reading.pause()).isEqualTo(Pause.UNKNOWN);
        assertThat(reading.route()).isEqualTo("filtered");
        assertThat(reading.snapshot().successes().orElseThrow()).isPositive();
    }

    @Test
    void asksForTheModelsOnceAndForWhatIsNotThereOnce() throws IOException {
        EngineClient client = client();
        for (int second = 0; second < 60; second++) {
            client.read(NOON.plusSeconds(second));
        }
        assertThat(server.askedFor("/health")).isEqualTo(60);
        assertThat(server.askedFor("/metrics/")).isEqualTo(60);
        assertThat(server.askedFor("/v1/models")).isEqualTo(1);
        assertThat(server.askedFor("/is_paused")).isEqualTo(1);
        assertThat(server.askedFor("/is_sleeping")).isEqualTo(1);
    }

    @Nested
    class Load {
        @Test
        void isAskedForRarelyWhileNothingShowsThatItIsTracked() throws IOException {
            EngineClient client = client();
            for (int second = 0; second < 60; second++) {
                client.read(NOON.plusSeconds(second));
            }
            assertThat(server.askedFor("/load")).isEqualTo(6);
        }

        @Test
        void isGivenUpWhenItSaysZeroBesideVisibleWork() throws IOException {
            server.say("/metrics/", 200, BUSY);
            EngineClient client = client();
            for (int second = 0; second < 60; second++) {
                assertThat(answered(client.read(NOON.plusSeconds(second))).inFlight())
                        .isEmpty();
            }
            assertThat(server.askedFor("/load")).isEqualTo(3);
        }

        @Test
        void isAskedForAtEveryPollOnceItCounts() throws IOException {
            server.say("/load", 200, "{\"server_load\":3}");
            EngineClient client = client();
            for (int second = 0; second < 20; second++) {
                assertThat(answered(client.read(NOON.plusSeconds(second))).inFlight())
                        .isEqualTo(OptionalDouble.of(3));
            }
            server.say("/load", 200, "{\"server_load\":0}");
            assertThat(answered(client.read(NOON.plusSeconds(20))).inFlight()).isEqualTo(OptionalDouble.of(0));
        }
    }

    @Nested
    class InDeveloperMode {
        @BeforeEach
        void developerMode() {
            server.say("/is_paused", 200, "{\"is_paused\":false}").say("/is_sleeping", 200, "{\"is_sleeping\":false}");
        }

        private Pause pause(EngineClient client, int second) {
            return answered(client.read(NOON.plusSeconds(second))).pause();
        }

        @Test
        void asksEveryTenSeconds() throws IOException {
            EngineClient client = client();
            for (int second = 0; second < 60; second++) {
                assertThat(pause(client, second)).isEqualTo(Pause.NONE);
            }
            assertThat(server.askedFor("/is_paused")).isEqualTo(6);
        }

        @Test
        void isPausedUntilItSaysOtherwiseAndSeesThatAtOnce() throws IOException {
            server.say("/is_paused", 200, "{\"is_paused\":true}").say("/is_sleeping", 200, "{\"is_sleeping\":true}");
            EngineClient client = client();
            assertThat(pause(client, 0)).isEqualTo(Pause.PAUSED);
            server.say("/is_paused", 200, "{\"is_paused\":false}");
            assertThat(pause(client, 1)).isEqualTo(Pause.ASLEEP);
            server.say("/is_sleeping", 200, "{\"is_sleeping\":false}");
            assertThat(pause(client, 2)).isEqualTo(Pause.NONE);
        }

        @Test
        void takesNoAnswerForNoExcuseAndAsksOnlyOnce() throws IOException {
            server.say("/is_paused", 200, "{\"is_paused\":true}");
            URI url = started();
            EngineClient client = client(url, Optional.empty(), PATIENCE, Limits.DEFAULT);
            assertThat(pause(client, 0)).isEqualTo(Pause.PAUSED);
            server.hang("/is_paused");
            assertThat(pause(client, 1)).isEqualTo(Pause.UNKNOWN);
            assertThat(server.askedFor("/is_sleeping")).isEqualTo(1);
        }

        @Test
        void takesA503ForNoSignThatThePathsAreNotThere() throws IOException {
            server.say("/is_paused", 503, "").say("/is_sleeping", 503, "");
            EngineClient client = client();
            assertThat(pause(client, 0)).isEqualTo(Pause.UNKNOWN);
            server.say("/is_paused", 200, "{\"is_paused\":true}");
            assertThat(pause(client, 10)).isEqualTo(Pause.PAUSED);
        }
    }

    @Nested
    class WithAnApiKey {
        @Test
        void showsItToV1AndToNothingElse() throws IOException {
            EngineClient client = client(started(), Optional.of("secret"), AMPLE, Limits.DEFAULT);
            client.read(NOON);
            assertThat(server.asked).hasSizeGreaterThan(3).allSatisfy(it -> assertThat(it.authorization())
                    .isEqualTo(it.path().startsWith("/v1/") ? Optional.of("Bearer secret") : Optional.empty()));
        }

        @Test
        void goesByTheNameOnThePageWhereTheListIsKeptFromIt() throws IOException {
            server.say("/v1/models", 401, "{\"error\":\"Unauthorized\"}");
            Answered reading = answered(client().read(NOON));
            assertThat(reading.model()).contains(new Model("tiny", OptionalInt.empty()));
        }
    }

    @Test
    void knowsNoModelOfAServerThatIsNoEngine() throws IOException {
        URI url = started();
        Unreadable elsewhere = unreadable(client(url.resolve("/nowhere"), Optional.empty(), AMPLE, Limits.DEFAULT)
                .read(NOON));
        assertThat(elsewhere.model()).isEmpty();
        assertThat(elsewhere.why())
                .contains("/health answered 404", "/v1/models answered 404", "point to another server than vLLM?");
        Unreadable below = unreadable(client(url.resolve("/v1"), Optional.empty(), AMPLE, Limits.DEFAULT)
                .read(NOON));
        assertThat(below.model()).isEmpty();
        assertThat(below.why()).contains("pilotlight.engine.url ends in /v1: leave that away");
    }

    @Test
    void asksForTheModelsAgainWhenTheOneThatItKnowsIsDoubted() throws IOException {
        EngineClient client = client();
        assertThat(answered(client.read(NOON)).model().orElseThrow().name()).isEqualTo("tiny");
        server.say("/v1/models", 200, "{\"data\":[{\"id\":\"other\"}]}");
        client.doubtModel();
        assertThat(answered(client.read(NOON.plusSeconds(9)))
                        .model()
                        .orElseThrow()
                        .name())
                .isEqualTo("tiny");
        assertThat(answered(client.read(NOON.plusSeconds(10)))
                        .model()
                        .orElseThrow()
                        .name())
                .isEqualTo("other");
        client.read(NOON.plusSeconds(30));
        assertThat(server.askedFor("/v1/models")).isEqualTo(2);
    }

    @Test
    void findsEverythingBelowARootPath() throws IOException {
        Script below = server;
        below.say("/llm/health", 200, "")
                .say("/llm/metrics/", 200, IDLE)
                .say("/llm/v1/models", 200, MODELS)
                .say("/health", 500, "");
        URI url = started().resolve("/llm/");
        assertThat(answered(client(url, Optional.empty(), AMPLE, Limits.DEFAULT).read(NOON))
                        .health())
                .isEqualTo(new HealthAnswer.Healthy());
        assertThat(below.asked).allMatch(it -> it.path().startsWith("/llm/"));
    }

    @Nested
    class OfAServerThatMisbehaves {
        @Test
        void saysThatNothingListens() throws IOException {
            URI url = started();
            EngineClient client = client(url, Optional.empty(), AMPLE, Limits.DEFAULT);
            server.close();
            Unreachable reading = unreachable(client.read(NOON));
            assertThat(reading.cause()).isEqualTo(Cause.REFUSED);
            assertThat(reading.why()).contains("nothing listens at " + url.getAuthority());
        }

        @Test
        void givesUpOneThatHangs() throws IOException {
            server.hang("/");
            EngineClient client = client(started(), Optional.empty(), PATIENCE, Limits.DEFAULT);
            long began = System.nanoTime();
            assertThat(unreachable(client.read(NOON)).cause()).isEqualTo(Cause.TIMED_OUT);
            assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(AMPLE);
        }

        @Test
        void hearsTheHealthOfOneWhosePageHangsAndReadsThePageWhenItComes() throws IOException {
            server.hang("/metrics");
            EngineClient client = client(started(), Optional.empty(), PATIENCE, Limits.DEFAULT);
            Unreadable reading = unreadable(client.read(NOON));
            assertThat(reading.health()).isEqualTo(new HealthAnswer.Healthy());
            assertThat(reading.model()).isPresent();
            assertThat(reading.why()).contains("/metrics/?name[]=… within 400 ms");
            server.silent.clear();
            answered(client.read(NOON.plusSeconds(1)));
        }

        @Test
        void readsNoMoreThanTheBoundOfAHugePage() throws IOException {
            server.say("/metrics/", 200, IDLE + "# filler\n".repeat(100_000))
                    .say("/metrics", 200, "# f\n".repeat(100_000));
            EngineClient client = client(started(), Optional.empty(), AMPLE, new Limits(64 << 10, 1000));
            assertThat(unreadable(client.read(NOON)).why()).contains("pilotlight.engine.max-page-bytes");
        }

        @Test
        void saysWhatIsWrongWithAPageOfSomethingElse() throws IOException {
            server.say("/metrics/", 200, "<html>It works!</html>").say("/metrics", 200, "<html>It works!</html>");
            assertThat(unreadable(client().read(NOON)).why())
                    .contains("vllm:num_requests_running", "is it a vLLM server, and is --disable-log-stats off?");
        }

        /** A proxy in between that compresses whatever it is asked for. */
        @Test
        void saysThatAPageIsCompressedThoughNobodyAskedForThat() throws IOException {
            Map<String, String> gzip = Map.of("Content-Encoding", "gzip");
            server.say("/metrics/", 200, "\u001f not text", gzip).say("/metrics", 200, "\u001f not text", gzip);
            assertThat(unreadable(client().read(NOON)).why())
                    .contains("/metrics answered with Content-Encoding gzip, which nobody asked for")
                    .doesNotContain("--disable-log-stats");
        }

        @Test
        void readsAPageByItsContentWhateverItsTypeIsSaidToBe() throws IOException {
            EngineClient client = client();
            for (String type : List.of(
                    "text/html; charset=utf-8",
                    "application/openmetrics-text; version=1.0.0",
                    "application/octet-stream",
                    "application/json")) {
                server.say("/metrics/", 200, IDLE + "# EOF\n", Map.of("Content-Type", type));
                assertThat(client.read(NOON)).as(type).isInstanceOf(Answered.class);
            }
        }

        @Test
        void takesAPortalsPageForNoEngine() throws IOException {
            String portal = "<!doctype html>\n<html><body>Sign in</body></html>\n";
            Map<String, String> html = Map.of("Content-Type", "text/html");
            for (String path : List.of("/health", "/metrics/", "/metrics", "/v1/models")) {
                server.say(path, 200, portal, html);
            }
            Unreadable reading = unreadable(client().read(NOON));
            assertThat(reading.model()).isEmpty();
            assertThat(reading.why())
                    .contains("answered with a web page where a metrics page was expected", "pilotlight.engine.url");
        }

        @Test
        void followsNoRedirectAndSaysWhereItLeads() throws IOException {
            Map<String, String> away = Map.of("Location", "https://gateway.example/engine?token=secret");
            for (String path : List.of("/health", "/metrics/", "/metrics", "/v1/models")) {
                server.say(path, 307, "", away);
            }
            Unreadable reading = unreadable(client().read(NOON));
            assertThat(reading.health()).isEqualTo(new HealthAnswer.Unhealthy(307, "https://gateway.example/engine"));
            assertThat(reading.model()).isEmpty();
            assertThat(reading.why())
                    .contains(
                            "/metrics answered 307 and is sent on to https://gateway.example/engine, which is not followed",
                            "set pilotlight.engine.url")
                    .doesNotContain("secret");
        }

        @Test
        void tellsTheStatusOfARefusedPage() throws IOException {
            server.say("/health", 503, "").say("/metrics/", 503, "").say("/metrics", 503, "");
            Unreadable reading = unreadable(client().read(NOON));
            assertThat(reading.health()).isEqualTo(new HealthAnswer.Unhealthy(503));
            assertThat(reading.why()).contains("answered 503 where a metrics page was expected");
        }

        @Test
        void takesAGarbledListOfModelsForNone() throws IOException {
            EngineClient client = client();
            int second = 0;
            for (String garbled : List.of("{", "[]", "{\"data\":{}}", "{\"data\":[7]}", "{\"data\":[{\"id\":null}]}")) {
                server.say("/v1/models", 200, garbled);
                Answered reading = answered(client.read(NOON.plusSeconds(second++)));
                assertThat(reading.model()).as(garbled).isEmpty();
                assertThat(reading.modelsWhy()).as(garbled).isNotEmpty();
            }
        }
    }

    @Test
    void asksForTheWholePageWhereTheFilterBringsNothing() throws IOException {
        server.say("/metrics/", 200, "").say("/metrics", 200, capture("multi-process-used.prom"));
        EngineClient client = client();
        assertThat(answered(client.read(NOON)).route()).isEqualTo("whole");
        client.read(NOON.plusSeconds(1));
        assertThat(server.askedFor("/metrics/")).isEqualTo(1);
        assertThat(server.askedFor("/metrics")).isEqualTo(2);
    }

    @Test
    void findsOutEverythingAgainOfANewProcess() throws IOException {
        EngineClient client = client();
        client.read(NOON);
        server.say(
                        "/metrics/",
                        200,
                        IDLE.replaceAll("(?m)^process_start_time_seconds .*$", "process_start_time_seconds 9"))
                .say("/v1/models", 200, "{\"data\":[{\"id\":\"other\"}]}");
        assertThat(answered(client.read(NOON.plusSeconds(1))).model())
                .contains(new Model("other", OptionalInt.empty()));
    }

    @Test
    void showsNoKeyToAServerThatItDoesNotKnow() throws Exception {
        HttpsServer https = HttpsServer.create(anyPort(), 0);
        https.setHttpsConfigurator(new HttpsConfigurator(
                new Certificates(folder).selfSigned("engine").server(Optional.empty())));
        URI url = server.start(https, "https");
        assertThat(unreachable(client(url, Optional.of("secret"), AMPLE, Limits.DEFAULT)
                                .read(NOON))
                        .cause())
                .isEqualTo(Cause.TLS);
        assertThat(server.asked).isEmpty();
    }
}
