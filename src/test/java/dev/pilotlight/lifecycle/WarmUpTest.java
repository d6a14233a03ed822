package dev.pilotlight.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.pilotlight.engine.EngineTarget;
import dev.pilotlight.engine.Model;
import dev.pilotlight.http.Http;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the requests make of servers that serve something else than completions, or nothing. */
class WarmUpTest {
    private static final Duration AMPLE = Duration.ofSeconds(20);
    private static final Model MODEL = new Model("m", OptionalInt.of(448));
    private static final Answer NOT_FOUND = new Answer(404, "application/json", "{\"detail\":\"Not Found\"}");
    private static final Answer TOKEN =
            new Answer(200, "text/event-stream", "data: {\"choices\":[]}\n\ndata: [DONE]\n\n");
    private static final Answer NO_COMPLETIONS = new Answer(
            400,
            "application/json",
            "{\"error\": {\"message\": \"The model does not support Completions API\", \"type\": \"BadRequestError\"}}");

    private static Vertx vertx;

    private final ConcurrentLinkedQueue<String> bodies = new ConcurrentLinkedQueue<>();
    private final AtomicInteger unknownModels = new AtomicInteger();
    private Map<String, Answer> serves = Map.of();
    private HttpServer server;
    private WarmUp warmUp;

    private record Answer(int status, String type, String body) {}

    @BeforeAll
    static void open() {
        vertx = Vertx.vertx();
    }

    @AfterAll
    static void close() {
        vertx.close();
    }

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.createContext("/", exchange -> {
            String sent = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.ISO_8859_1);
            Answer answer = serves.getOrDefault(exchange.getRequestURI().getPath(), NOT_FOUND);
            bodies.add(exchange.getRequestURI().getPath() + " "
                    + exchange.getRequestHeaders().getFirst("Content-Type") + " " + sent);
            byte[] body = answer.body().getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().set("Content-Type", answer.type());
            if (answer.status() / 100 == 3) {
                exchange.getResponseHeaders().set("Location", answer.body());
            }
            exchange.sendResponseHeaders(answer.status(), body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        server.start();
        URI url = URI.create("http://127.0.0.1:" + server.getAddress().getPort());
        Http http = new Http(vertx, () -> url, Http.Security.none(), 8);
        // A 400 to the very first request is asked for TLS, too, which this server lets wait until the end.
        http.get("/health", AMPLE, (_, _, _) -> true);
        bodies.clear();
        warmUp = new WarmUp(http, AMPLE, new OwnRequests(), Instant::now, unknownModels::incrementAndGet);
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    private WarmUpOutcome round() {
        return warmUp.round(new Effect.SendWarmUp(
                1,
                1,
                MODEL,
                List.of(Shape.of("short", 16, 8, 1)),
                List.of(),
                Instant.now().plus(AMPLE)));
    }

    private ProbeOutcome probe() {
        return warmUp.probe(new Effect.SendProbe(2, MODEL, Optional.empty(), Duration.ZERO));
    }

    /** Case whisper-transcription-only: production-stack 469. */
    @Test
    void warmsAModelThatListensByATone() {
        serves = Map.of(
                "/v1/completions",
                NO_COMPLETIONS,
                "/v1/audio/transcriptions",
                new Answer(200, "application/json", "{\"text\":\"\"}"));
        assertThat(round()).isInstanceOf(WarmUpOutcome.Done.class);
        assertThat(bodies)
                .last()
                .asString()
                .startsWith("/v1/audio/transcriptions multipart/form-data; boundary=")
                .contains("name=\"model\"\r\n\r\nm\r\n", "filename=\"tone.wav\"", "RIFF");
        assertThat(probe()).isInstanceOf(ProbeOutcome.Answered.class);
    }

    @Test
    void findsNothingWrongWithAModelThatDislikesTheTone() {
        serves = Map.of(
                "/v1/completions",
                NO_COMPLETIONS,
                "/v1/audio/transcriptions",
                new Answer(400, "application/json", "{\"error\": \"no speech\"}"));
        assertThat(round()).isInstanceOfSatisfying(WarmUpOutcome.Unsupported.class, it -> assertThat(it.why())
                .contains("/v1/completions", "/v1/rerank", "/v1/audio/transcriptions"));
        assertThat(probe()).isInstanceOfSatisfying(ProbeOutcome.Refused.class, it -> assertThat(it.refusal())
                .isEqualTo(Refusal.UNSUPPORTED));
    }

    /** A server that leaves the connection open after its stream is done: that is whole, and not waited for. */
    @Test
    void takesAStreamThatIsLeftOpenAfterDoneForWhole() throws InterruptedException {
        CountDownLatch end = new CountDownLatch(1);
        server.createContext("/v1/completions", exchange -> {
            exchange.getRequestBody().readAllBytes();
            exchange.getResponseHeaders().set("Content-Type", "text/event-stream");
            exchange.sendResponseHeaders(200, 0);
            for (String piece : List.of("data: {\"choices\":[]}\n\nda", "ta: [DO", "NE]\n\n")) {
                exchange.getResponseBody().write(piece.getBytes(StandardCharsets.UTF_8));
                exchange.getResponseBody().flush();
            }
            try {
                end.await();
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
            }
            exchange.close();
        });
        Instant began = Instant.now();
        assertThat(probe()).isInstanceOf(ProbeOutcome.Answered.class);
        assertThat(round()).isInstanceOf(WarmUpOutcome.Done.class);
        assertThat(Duration.between(began, Instant.now())).isLessThan(AMPLE);
        end.countDown();
    }

    /** Two servers of one pod: each is asked what is for it, by its own model. */
    @Test
    void asksEachOfSeveralServers() {
        serves = Map.of("/a/v1/completions", TOKEN, "/b/v1/completions", TOKEN);
        String url = "http://127.0.0.1:" + server.getAddress().getPort();
        EngineTarget first = target(url + "/a", Optional.empty(), Optional.empty());
        EngineTarget second =
                target(url + "/b", Optional.of("1"), Optional.of(new Model("other", OptionalInt.of(448))));
        warmUp = new WarmUp(
                rank -> rank.map(label -> List.of(label.startsWith("b/") ? second : first))
                        .orElse(List.of(first, second)),
                AMPLE,
                new OwnRequests(),
                Instant::now);
        assertThat(round()).isInstanceOf(WarmUpOutcome.Done.class);
        assertThat(bodies)
                .hasSize(2)
                .anyMatch(it -> it.startsWith("/a/") && it.contains("\"m\""))
                .anyMatch(it -> it.startsWith("/b/") && it.contains("\"other\""));
        bodies.clear();
        assertThat(warmUp.probe(new Effect.SendProbe(3, MODEL, Optional.of("b/1"), Duration.ZERO)))
                .isInstanceOf(ProbeOutcome.Answered.class);
        assertThat(bodies).singleElement().asString().startsWith("/b/");
    }

    private static EngineTarget target(String url, Optional<String> rank, Optional<Model> model) {
        URI base = URI.create(url);
        return new EngineTarget(new Http(vertx, () -> base, Http.Security.none(), 8), rank, model, () -> {});
    }

    @Test
    void saysThatAnotherModelIsServedByNow() {
        serves = Map.of(
                "/v1/completions",
                new Answer(
                        404,
                        "application/json",
                        "{\"error\":{\"message\":\"The model `m` does not exist.\",\"type\":\"NotFoundError\"}}"));
        assertThat(probe()).isInstanceOf(ProbeOutcome.Refused.class);
        assertThat(unknownModels).hasValue(1);
        serves = Map.of();
        assertThat(probe()).isInstanceOf(ProbeOutcome.Refused.class);
        assertThat(unknownModels).as("a path that is not there").hasValue(1);
    }

    @Test
    void warmsARerankerByReranking() {
        serves = Map.of("/v1/rerank", new Answer(200, "application/json", "{\"results\":[]}"));
        assertThat(round()).isInstanceOf(WarmUpOutcome.Done.class);
        assertThat(bodies).last().asString().contains("\"query\"", "\"documents\"");
    }

    @Test
    void takesAWebPageForAFailure() {
        serves = Map.of("/v1/completions", new Answer(200, "text/html; charset=utf-8", "<html>sign in</html>"));
        assertThat(round()).isInstanceOfSatisfying(WarmUpOutcome.Lost.class, it -> assertThat(it.why())
                .contains("a web page where the engine's API was expected"));
    }

    @Test
    void takesWhatIsOfTheApiForAnAnswerWhateverItsTypeIsSaidToBe() {
        serves = Map.of("/v1/completions", new Answer(200, "text/html", "data: {\"choices\":[]}\n\ndata: [DONE]\n"));
        assertThat(round()).isInstanceOf(WarmUpOutcome.Done.class);
    }

    @Test
    void followsNoRedirectAndSaysWhereItLeads() {
        for (int status : List.of(302, 307, 308)) {
            bodies.clear();
            serves = Map.of(
                    "/v1/completions", new Answer(status, "text/html", "https://sso.example/login?state=secret#x"));
            assertThat(round()).isInstanceOfSatisfying(WarmUpOutcome.Lost.class, it -> assertThat(it.why())
                    .contains("/v1/completions answered " + status
                            + " and is sent on to https://sso.example/login, which is not followed; set"
                            + " pilotlight.engine.url")
                    .doesNotContain("secret"));
            assertThat(probe()).isInstanceOfSatisfying(ProbeOutcome.Refused.class, it -> assertThat(it.refusal())
                    .as("somebody else's answer is no error of the engine")
                    .isEqualTo(Refusal.UNSUPPORTED));
            assertThat(bodies).hasSize(2);
        }
    }

    @Test
    void quotesAnAnswerOnOneLine() {
        serves = Map.of("/v1/completions", new Answer(500, "text/plain", "Traceback\n  File \"a.py\"\u001b[31m\nboom"));
        assertThat(round()).isInstanceOfSatisfying(WarmUpOutcome.Lost.class, it -> assertThat(it.why())
                .contains("answered 500: Traceback", "File", "boom")
                .doesNotContain("\n", "\u001b"));
    }

    @Test
    void tellsATurnedAwayRequestFromAnError() {
        serves = Map.of(
                "/v1/completions",
                new Answer(
                        503,
                        "application/json",
                        "{\"error\":\"The model is currently scaling. Please try again later.\"}"));
        assertThat(probe()).isInstanceOfSatisfying(ProbeOutcome.Refused.class, it -> assertThat(it.refusal())
                .isEqualTo(Refusal.BUSY));
        serves = Map.of("/v1/completions", new Answer(500, "application/json", "{\"error\":\"CUDA error\"}"));
        assertThat(probe()).isInstanceOfSatisfying(ProbeOutcome.Refused.class, it -> assertThat(it.refusal())
                .isEqualTo(Refusal.ERROR));
    }
}
