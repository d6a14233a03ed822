package dev.pilotlight.vllm;

import static dev.pilotlight.vllm.Pod.SLACK;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.process.Await;
import dev.pilotlight.process.Child;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A real vLLM that makes embeddings and has no completions to ask for. */
@Tag("vllm")
class PoolingVllmIT {
    private static final Duration HEARTBEAT = Duration.ofSeconds(5);
    private static final Duration CANARY = Duration.ofSeconds(8);

    private static Pod pod;

    @BeforeAll
    static void launch() {
        pod = Pod.launch(
                "pooling",
                "",
                Map.of(),
                RealVllm.VERSION.startsWith("0.8.") ? List.of("--task", "embed") : List.of("--runner", "pooling"),
                Map.of(
                        "engine.poll-every", "500ms",
                        "liveness.canary-timeout", CANARY.toSeconds() + "s",
                        "liveness.heartbeat-every", HEARTBEAT.toSeconds() + "s"));
    }

    @BeforeEach
    void awaitReady() {
        pod.awaitReady();
    }

    @AfterAll
    static void end() {
        pod.close();
    }

    @Test
    void isWarmedByEmbeddingsAndKeptAliveByThem() throws IOException, InterruptedException {
        assertThat(pod.sidecar.changes()).startsWith("starting -> warming", "warming -> ready");
        double warmed = pod.server.page().finished();
        Instant began = Instant.now();
        Await.until(
                "two heartbeats",
                HEARTBEAT.multipliedBy(2).plus(SLACK),
                () -> pod.server.page().finished() >= warmed + 2);
        assertThat(pod.diary.since(began))
                .isNotEmpty()
                .allMatch(entry -> entry.engineLive().up() && entry.ready().up());
    }

    @Test
    void isStuckWhenItsCoreStandsStill() {
        long core = pod.server.engineCores().getFirst();
        Instant stopped = Instant.now();
        Child.signal("STOP", core);
        try {
            pod.isStuckBetween(
                    stopped, CANARY.minusSeconds(1), HEARTBEAT.plus(CANARY), "1 request for one token got no answer");
        } finally {
            Child.signal("CONT", core);
        }
        pod.isBackSoon();
    }
}
