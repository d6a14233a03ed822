package dev.pilotlight.vllm;

import static dev.pilotlight.vllm.Pod.SLACK;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.process.Await;
import dev.pilotlight.process.Child;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/** A real vLLM of two data-parallel ranks, of which one hangs beside one that works. */
@Tag("vllm")
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class RanksVllmIT {
    private static final Duration STUCK_AFTER = Duration.ofSeconds(10);
    private static final Duration CANARY = Duration.ofSeconds(8);
    private static final Duration HEARTBEAT = Duration.ofSeconds(10);

    private static Pod pod;

    @BeforeAll
    static void launch() {
        pod = Pod.launch(
                "ranks",
                "",
                Map.of(),
                List.of("--data-parallel-size", "2"),
                Map.of(
                        "engine.poll-every", "500ms",
                        "liveness.stuck-after", STUCK_AFTER.toSeconds() + "s",
                        "liveness.canary-timeout", CANARY.toSeconds() + "s",
                        "liveness.heartbeat-every", HEARTBEAT.toSeconds() + "s"));
    }

    @AfterAll
    static void end() {
        pod.close();
    }

    private static long engineCore(int rank) {
        assertThat(pod.server.engineCores()).hasSize(2);
        return pod.server.engineCores().get(rank);
    }

    @Test
    @Order(1)
    void warmsEachRank() throws IOException, InterruptedException {
        pod.awaitReady();
        JsonObject engine = pod.sidecar.status().getJsonObject("engine");
        pod.say("page read %s, ranks %s", engine.getString("metricsPage"), engine.getJsonArray("ranks"));
        assertThat(engine.getJsonArray("ranks")).hasSize(2).allSatisfy(rank -> assertThat(
                        ((JsonObject) rank).getDouble("successes"))
                .isGreaterThanOrEqualTo(12));
    }

    @Test
    @Order(2)
    void namesTheRankThatHangsUnderLoad() throws IOException, InterruptedException {
        pod.awaitReady();
        // In turns, so that both ranks have work.
        Streams streams = Streams.send(pod.server, 8, 480);
        Await.until("tokens come", SLACK, () -> streams.begun() >= 6);
        Instant stopped = Instant.now();
        Child.signal("STOP", engineCore(1));
        try {
            pod.isStuckBetween(
                    stopped, STUCK_AFTER.plus(CANARY).minusSeconds(1), STUCK_AFTER.plus(CANARY), "rank 1 is stuck");
        } finally {
            Child.signal("CONT", engineCore(1));
        }
        pod.isBackSoon();
        assertThat(streams.endings(Duration.ofMinutes(2))).allMatch(Streams.Ending::isWhole);
    }

    @Test
    @Order(3)
    void namesTheRankThatHangsWhileIdle() {
        pod.awaitReady();
        Instant stopped = Instant.now();
        Child.signal("STOP", engineCore(0));
        try {
            // One request is out at a time: the other rank's heartbeat may come first.
            pod.isStuckBetween(
                    stopped,
                    CANARY.minusSeconds(1),
                    HEARTBEAT.plus(CANARY.multipliedBy(2)).plus(SLACK),
                    "rank 0 is stuck");
        } finally {
            Child.signal("CONT", engineCore(0));
        }
        pod.isBackSoon();
    }

    /** Last, because the server does not survive it. */
    @Test
    @Order(4)
    void isStartingAndUpWhenOneRankDiedAndTheServerEndsForIt() throws IOException, InterruptedException {
        pod.awaitReady();
        Instant killed = Instant.now();
        Child.signal("KILL", engineCore(1));
        assertThat(pod.server.child().endsWithin(Duration.ofSeconds(60))).isTrue();
        pod.say(
                "one rank killed: the server ended with %d after %.1f s",
                pod.server.child().process().exitValue(),
                Duration.between(killed, Instant.now()).toMillis() / 1e3);
        Await.until("starting", SLACK, pod.sidecar::state, "starting"::equals);
        assertThat(pod.sidecar.ready().up()).isFalse();
        assertThat(pod.diary.since(killed)).isNotEmpty().allMatch(entry -> entry.engineLive()
                .up());
    }
}
