package dev.pilotlight.vllm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.pilotlight.process.Await;
import dev.pilotlight.process.Child;
import dev.pilotlight.process.PackagedSidecar;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.ConnectException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/** The packaged sidecar beside a real vLLM: one life of the server after the other, measured by what the server itself says. */
@Tag("vllm")
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class RealVllmIT {
    private static final Duration SOON = Duration.ofSeconds(10);
    private static final Duration LOADING = Duration.ofMinutes(5);
    /** A server whose engine core is gone ends by itself well before that. */
    private static final Duration DEATH = Duration.ofSeconds(60);

    private static final int SLOTS = 4;

    private static final int PORT = PackagedSidecar.freePort();
    private static RealVllm server;
    private static PackagedSidecar sidecar;
    private static Diary diary;

    @BeforeAll
    static void launch() {
        server = RealVllm.launch("life", PORT, Map.of());
        sidecar = PackagedSidecar.beside(
                server.url(),
                RealVllm.VERSION + "-life",
                Map.of(
                        "engine.poll-every", "500ms",
                        "engine.max-num-seqs", Integer.toString(SLOTS),
                        "pool.standby-after", "3s"));
        diary = new Diary(sidecar);
    }

    @AfterAll
    static void end() {
        diary.close();
        sidecar.close();
        server.close();
    }

    @Test
    @Order(1)
    void goesFromStartingThroughWarmingToReady() throws IOException, InterruptedException {
        assertThat(sidecar.state()).isEqualTo("starting");
        assertThat(sidecar.ready().up()).isFalse();
        assertThat(sidecar.engineLive().up()).isTrue();

        server.awaitServing();
        Await.until("the sidecar is ready", LOADING, () -> sidecar.ready().up());

        assertThat(sidecar.changes()).containsExactly("starting -> warming", "warming -> ready");
        // Each round is six requests: a short one, a long one, four at once; at least two rounds.
        int rounds =
                sidecar.status().getJsonObject("warmUp").getJsonArray("rounds").size();
        assertThat(rounds).isGreaterThanOrEqualTo(2);
        assertThat(server.page().finished()).isEqualTo(rounds * 6.0);
        assertThat(sidecar.metric("pilotlight_cold_start_seconds").orElse(0)).isGreaterThan(1);
    }

    @Test
    @Order(2)
    void becomesAStandbyAndIsActiveAtTheFirstRequest() {
        Await.until("standby", Duration.ofSeconds(20), sidecar::state, "ready standby"::equals);
        Streams one = Streams.send(server, 1, 200);
        Await.until("active", SOON, sidecar::state, "ready active"::equals);
        assertThat(one.endings(Duration.ofSeconds(60))).allMatch(Streams.Ending::isWhole);
    }

    @Test
    @Order(3)
    void saysWhatTheServerSaysUnderLoad() throws IOException, InterruptedException {
        // Half a minute's work: a tiny model on a quiet machine makes two thousand tokens a second.
        Streams many = Streams.send(server, 120, 400);
        Await.until("both say 4 running and the same queue", Duration.ofSeconds(30), () -> {
            JsonObject signals = sidecar.signals();
            ServerPage page = server.page();
            return signals.getDouble("running_requests", -1.0) == SLOTS
                    && page.running() == SLOTS
                    && page.waiting() > 10
                    && Math.abs(signals.getDouble("waiting_requests", -100.0) - page.waiting()) <= SLOTS;
        });
        assertThat(sidecar.signals().getDouble("load_ratio")).isGreaterThan(1);
        assertThat(sidecar.signals().getDouble("capacity_requests")).isLessThanOrEqualTo(SLOTS);
        assertThat(many.endings(Duration.ofMinutes(4))).allMatch(Streams.Ending::isWhole);

        Await.until(
                "the counters agree",
                SOON,
                () -> rank().getDouble("generationTokens") == server.page().first("vllm:generation_tokens_total")
                        && rank().getDouble("promptTokens") == server.page().first("vllm:prompt_tokens_total")
                        && rank().getDouble("successes") == server.page().finished());
        Await.until(
                "the load is gone",
                Duration.ofSeconds(60),
                () -> sidecar.signals().getDouble("load_ratio", 1.0) < 0.05);
        assertThat(sidecar.signals().getDouble("kv_cache_usage_ratio"))
                .isCloseTo(server.page().kvCacheUse(), within(0.01));
        System.out.printf(
                "vLLM %s: page read %s, %s%n",
                RealVllm.VERSION,
                sidecar.status().getJsonObject("engine").getString("metricsPage"),
                sidecar.status().getJsonObject("signals").encode());
    }

    private static JsonObject rank() throws IOException, InterruptedException {
        return sidecar.status().getJsonObject("engine").getJsonArray("ranks").getJsonObject(0);
    }

    @Test
    @Order(4)
    void takesADeadEngineCoreForAStartAndWarmsAgain() throws IOException, InterruptedException {
        // So many that the engine is at it still when the API server, which streams more slowly, has passed on the
        // first tokens.
        Streams cut = Streams.send(server, 80, 400);
        Await.until("tokens come", SOON, () -> cut.begun() >= 4);
        Instant killed = Instant.now();
        Child.signal("KILL", server.engineCores().getFirst());
        String seenOfIt = lastWords(killed);
        System.out.printf("vLLM %s, engine core killed: %s%n", RealVllm.VERSION, seenOfIt);
        assertThat(cut.endings(SOON)).anyMatch(ending -> !ending.isWhole());

        // As the kubelet does when a container's process has ended.
        assertThat(server.child().isAlive()).as(seenOfIt).isFalse();
        server.close();
        Await.until("starting", SOON, sidecar::state, "starting"::equals);
        assertThat(sidecar.signals()).isEmpty();
        server = RealVllm.launch("again", PORT, Map.of()).awaitServing();
        Await.until("ready again", LOADING, () -> sidecar.ready().up());

        assertThat(sidecar.changes()).endsWith("ready -> starting", "starting -> warming", "warming -> ready");
        assertThat(sidecar.metric("pilotlight_engine_restarts_total")).hasValue(1);
        assertThat(server.page().finished()).isGreaterThanOrEqualTo(12);
        List<Diary.Entry> seen = diary.since(killed);
        assertThat(seen).isNotEmpty().allMatch(entry -> entry.engineLive().up());
    }

    /** What /health answers until the server has ended, each change with the second it came in. */
    private static String lastWords(Instant since) throws InterruptedException {
        StringBuilder said = new StringBuilder();
        String before = "";
        Duration after = Duration.ZERO;
        while (server.child().isAlive() && after.compareTo(DEATH) < 0) {
            String now;
            try {
                now = "/health " + server.status("/health");
            } catch (IOException silent) {
                now = silent instanceof ConnectException ? "refused" : "no answer (" + silent.getMessage() + ")";
            }
            after = Duration.between(since, Instant.now());
            if (!now.equals(before)) {
                said.append(String.format(Locale.ROOT, "%s at %.1f s, ", now, after.toMillis() / 1e3));
                before = now;
            }
            server.child().endsWithin(Duration.ofMillis(100));
        }
        return said
                + (server.child().isAlive()
                        ? "still running after " + DEATH.toSeconds() + " s"
                        : String.format(
                                Locale.ROOT,
                                "ended with %d at %.1f s",
                                server.child().process().exitValue(),
                                Duration.between(since, Instant.now()).toMillis() / 1e3));
    }
}
