package dev.pilotlight.pool.peers;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.process.Await;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** Rounds among peers that answer, hang, drip, babble and refuse: one server that is each of them at an address of its own. */
class PeerClientTest {
    private static final Instant NOON = Instant.parse("2026-11-25T12:00:00Z");
    private static final Duration PATIENCE = Duration.ofMillis(200);
    /** What a round may take, and what a busy machine adds to it. */
    private static final Duration ROUND = Duration.ofMillis(1500);
    /** For what has to come. */
    private static final Duration AMPLE = Duration.ofSeconds(10);
    /** More than are asked at once. */
    private static final int MANY = 600;

    private static final String REPORT = "{\"ready\":true,\"load\":0.5,\"readySeconds\":60,\"flippedSecondsAgo\":7.5}";

    private static Vertx vertx;

    private final Map<String, Consumer<HttpServerRequest>> manners = new ConcurrentHashMap<>();
    private final Queue<String> asked = new ConcurrentLinkedQueue<>();
    private final AtomicInteger connections = new AtomicInteger();
    private HttpServer server;

    /** And one round for the classes that it loads. */
    @BeforeAll
    static void vertx() throws Exception {
        vertx = Vertx.vertx();
        PeerClientTest first = new PeerClientTest();
        first.start();
        first.hears(first.client(AMPLE), pods(0, 1), "p0");
        first.stop();
    }

    @AfterAll
    static void endVertx() {
        vertx.close();
    }

    @BeforeEach
    void start() throws Exception {
        server = listen("0.0.0.0");
    }

    private HttpServer listen(String address) throws Exception {
        return vertx.createHttpServer()
                .connectionHandler(connection -> {
                    connections.incrementAndGet();
                    connection.exceptionHandler(_ -> {});
                })
                .requestHandler(request -> {
                    String host = request.localAddress().host();
                    asked.add(request.method() + " " + host + request.uri());
                    manners.getOrDefault(host, it -> it.response().end(REPORT)).accept(request);
                })
                .listen(0, address)
                .toCompletionStage()
                .toCompletableFuture()
                .get(AMPLE.toSeconds(), TimeUnit.SECONDS);
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private static String address(int peer) {
        return "127.0." + (1 + peer / 200) + "." + (1 + peer % 200);
    }

    private static PoolPod pod(int peer) {
        return new PoolPod("p" + peer, Optional.of(address(peer)), true, false);
    }

    private static List<PoolPod> pods(int from, int to) {
        return IntStream.range(from, to).mapToObj(PeerClientTest::pod).toList();
    }

    private void peer(int peer, Consumer<HttpServerRequest> manner) {
        manners.put(address(peer), manner);
    }

    private void hang(int from, int to) {
        IntStream.range(from, to).forEach(peer -> peer(peer, _ -> {}));
    }

    private void recover(int peer) {
        manners.remove(address(peer));
    }

    private PeerClient client(Duration timeout) {
        return new PeerClient(vertx, server.actualPort(), timeout);
    }

    private static Optional<PeerReport> report() {
        return PeerReport.of(REPORT, NOON);
    }

    private static Map<String, PeerReport> inTime(PeerClient client, List<PoolPod> pods) {
        long began = System.nanoTime();
        Map<String, PeerReport> reports = client.read(pods, NOON);
        assertThat(Duration.ofNanos(System.nanoTime() - began)).as("the round").isLessThan(ROUND);
        return reports;
    }

    /** In this round or one of the next: a machine may be so busy that a second is over before all have answered. */
    private void hears(PeerClient client, List<PoolPod> pods, String... names) {
        Await.until("hears", AMPLE, () -> client.read(pods, NOON).keySet(), Set.of(names)::equals);
    }

    @Test
    void readsTheReportOfEachThatHasAnAddress() {
        List<PoolPod> pods = new ArrayList<>(pods(0, 2));
        pods.add(new PoolPod("unborn", Optional.empty(), true, false));
        assertThat(client(AMPLE).read(pods, NOON))
                .isEqualTo(Map.of("p0", report().orElseThrow(), "p1", report().orElseThrow()));
        assertThat(asked)
                .containsExactlyInAnyOrder("GET " + address(0) + "/api/v1/peer", "GET " + address(1) + "/api/v1/peer");
    }

    @Test
    void readsNobodyInAnEmptyPool() {
        assertThat(inTime(client(AMPLE), List.of())).isEmpty();
    }

    @Test
    void keepsItsConnections() {
        PeerClient client = client(AMPLE);
        for (int round = 0; round < 5; round++) {
            assertThat(client.read(pods(0, 3), NOON)).hasSize(3);
        }
        assertThat(connections).hasValue(3);
    }

    @Test
    void readsMorePeersThanItAsksAtOnce() {
        PeerClient client = client(AMPLE);
        Await.until("hears all", AMPLE, () -> client.read(pods(0, 200), NOON).size() == 200);
    }

    @Test
    void reachesAPeerAtAnAddressOfVersion6() throws Exception {
        server.close();
        server = listen("::1");
        Queue<String> hosts = new ConcurrentLinkedQueue<>();
        for (String local : Set.of("::1", "0:0:0:0:0:0:0:1")) {
            manners.put(local, request -> {
                hosts.add(request.getHeader("Host"));
                request.response().end(REPORT);
            });
        }
        hears(client(AMPLE), List.of(new PoolPod("six", Optional.of("::1"), true, false)), "six");
        assertThat(hosts).containsOnly("[::1]:" + server.actualPort());
    }

    @Nested
    class HasNoReport {
        private void of(Consumer<HttpServerRequest> manner) {
            peer(1, manner);
            PeerClient client = client(AMPLE);
            hears(client, pods(0, 3), "p0", "p2");
            recover(1);
            hears(client, pods(0, 3), "p0", "p1", "p2");
        }

        @Test
        void ofOneThatIsNotUpYet() {
            of(request -> request.response().setStatusCode(503).end(REPORT));
        }

        @Test
        void ofSomethingElse() {
            of(request -> request.response().end("<html>It works!</html>"));
        }

        @Test
        void ofOneThatBreaksOff() {
            of(request -> {
                request.response().putHeader("Content-Length", "100").write("{\"ready\"");
                request.connection().close();
            });
        }

        @Test
        void ofAnAnswerThatIsTooLong() {
            of(request -> request.response().end("{\"ready\":true,\"pad\":\"" + "x".repeat(20_000) + "\"}"));
        }

        @Test
        void ofOneThatSendsItElsewhere() {
            of(request -> request.response()
                    .setStatusCode(302)
                    .putHeader("Location", "http://" + address(0) + ":" + server.actualPort() + "/api/v1/peer")
                    .end());
        }

        @Test
        void ofAPortWhereNobodyListens() {
            PeerClient client = client(AMPLE);
            server.close().toCompletionStage().toCompletableFuture().join();
            assertThat(inTime(client, pods(0, 3))).isEmpty();
        }
    }

    @Nested
    class IsNotHeldUp {
        @Test
        void byOneThatHangs() {
            hang(1, 2);
            PeerClient client = client(PATIENCE);
            hears(client, pods(0, 3), "p0", "p2");
            inTime(client, pods(0, 3));
        }

        @Test
        void byOneThatDrips() {
            peer(1, request -> {
                request.response().setChunked(true).write("{");
                long timer = vertx.setPeriodic(20, _ -> request.response().write(" "));
                request.connection().closeHandler(_ -> vertx.cancelTimer(timer));
            });
            PeerClient client = client(PATIENCE);
            hears(client, pods(0, 3), "p0", "p2");
            inTime(client, pods(0, 3));
            recover(1);
            Await.until(
                    "is heard again", AMPLE, () -> inTime(client, pods(0, 3)).containsKey("p1"));
        }

        @Test
        void byHundredsThatHang() {
            hang(0, MANY);
            PeerClient client = client(PATIENCE);
            List<PoolPod> pods = pods(0, MANY + 3);
            Await.until(
                    "those that live are heard",
                    AMPLE,
                    () -> inTime(client, pods).size() == 3);
        }

        @Test
        void andHearsOneOfHundredsThatRecovers() {
            hang(0, MANY);
            PeerClient client = client(PATIENCE);
            List<PoolPod> pods = pods(0, MANY);
            inTime(client, pods);
            recover(MANY - 1);
            Await.until("is heard", AMPLE, () -> inTime(client, pods).containsKey("p" + (MANY - 1)));
        }
    }

    @Test
    void takesInNoMoreThanAReportOfOneThatNeverEnds() {
        AtomicLong sent = new AtomicLong();
        Set<HttpServerRequest> open = ConcurrentHashMap.newKeySet();
        Buffer block = Buffer.buffer("x".repeat(64 << 10));
        peer(1, request -> {
            open.add(request);
            request.connection().closeHandler(_ -> open.remove(request));
            request.response().setChunked(true).setWriteQueueMaxSize(1);
            pour(request, block, sent, open);
        });
        hears(client(AMPLE), pods(0, 3), "p0", "p2");
        Await.until("the connection is closed", AMPLE, open::isEmpty, Boolean::booleanValue);
        assertThat(sent).as("what sockets hold, and no more").hasValueLessThan(32 << 20);
    }

    private static void pour(HttpServerRequest request, Buffer block, AtomicLong sent, Set<HttpServerRequest> open) {
        if (open.contains(request) && sent.get() < 1L << 30) {
            request.response().write(block).onSuccess(_ -> {
                sent.addAndGet(block.length());
                pour(request, block, sent, open);
            });
        }
    }
}
