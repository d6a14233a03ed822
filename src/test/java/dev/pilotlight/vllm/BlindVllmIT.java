package dev.pilotlight.vllm;

import static dev.pilotlight.vllm.Pod.SLACK;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.process.Await;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A real vLLM that says nothing of itself ({@code --disable-log-stats}), with more clients than places. */
@Tag("vllm")
class BlindVllmIT {
    private static final Duration STUCK_AFTER = Duration.ofSeconds(10);
    private static final Duration CANARY = Duration.ofSeconds(3);
    private static final Duration STANDBY_AFTER = Duration.ofSeconds(20);

    private static Pod pod;

    @BeforeAll
    static void launch() {
        pod = Pod.launch(
                "blind",
                "",
                Map.of(),
                List.of("--disable-log-stats", "--max-num-seqs", "2"),
                Map.of(
                        "engine.poll-every", "500ms",
                        "liveness.stuck-after", STUCK_AFTER.toSeconds() + "s",
                        "liveness.canary-timeout", CANARY.toSeconds() + "s",
                        "liveness.heartbeat-every", STUCK_AFTER.toSeconds() + "s",
                        "pool.standby-after", STANDBY_AFTER.toSeconds() + "s"));
    }

    @AfterAll
    static void end() {
        pod.close();
    }

    private static boolean isSaid(JsonObject status) {
        return status.getJsonArray("conditions").stream()
                .map(JsonObject.class::cast)
                .anyMatch(it -> it.getString("condition").equals("page_unreadable"));
    }

    @Test
    void isNeitherStuckNorStandbyWhileNobodyCanSeeWhetherItMoves() throws Exception {
        pod.awaitReady();
        Await.until("it is said", SLACK.plusSeconds(10), () -> isSaid(pod.sidecar.status()));
        Instant began = Instant.now();
        // Each waits its turn for longer than our own request may take.
        Streams streams = Streams.send(pod.server, 64, 400);
        assertThat(streams.endings(Duration.ofMinutes(8))).allMatch(Streams.Ending::isWhole);
        Duration took = Duration.between(began, Instant.now());
        assertThat(took).isGreaterThan(STUCK_AFTER.plus(CANARY));
        List<Diary.Entry> seen = pod.diary.since(began);
        pod.say("64 requests on two places in %.0f s, up and ready at %d looks", took.toMillis() / 1e3, seen.size());
        assertThat(seen)
                .isNotEmpty()
                .allMatch(entry -> entry.engineLive().up() && entry.ready().up());
        assertThat(pod.sidecar.status().getString("role")).isEqualTo("active");
    }
}
