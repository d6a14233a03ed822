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

/** A real vLLM whose engine core stands still, and one that only seems to. */
@Tag("vllm")
class StuckVllmIT {
    private static final Duration STUCK_AFTER = Duration.ofSeconds(10);
    private static final Duration CANARY = Duration.ofSeconds(8);
    private static final Duration HEARTBEAT = Duration.ofSeconds(10);
    private static final int LONGEST = 32768;

    private static Pod pod;

    @BeforeAll
    static void launch() {
        pod = Pod.launch(
                "stuck",
                "",
                Map.of(),
                // A long context in small pieces: a prompt of that length takes the engine a good while.
                List.of(
                        "--hf-overrides",
                        "{\"max_position_embeddings\": " + LONGEST + "}",
                        "--max-model-len",
                        Integer.toString(LONGEST),
                        "--max-num-batched-tokens",
                        "8",
                        "--enable-chunked-prefill",
                        "--no-enable-prefix-caching"),
                Map.of(
                        "engine.poll-every", "500ms",
                        "liveness.stuck-after", STUCK_AFTER.toSeconds() + "s",
                        "liveness.canary-timeout", CANARY.toSeconds() + "s",
                        "liveness.heartbeat-every", HEARTBEAT.toSeconds() + "s",
                        "warm-up.requests", "[{\"prompt_tokens\": 16}, {\"prompt_tokens\": 256}]"));
    }

    @BeforeEach
    void awaitReady() {
        pod.awaitReady();
    }

    @AfterAll
    static void end() {
        pod.close();
    }

    private static long engineCore() {
        assertThat(pod.server.engineCores()).hasSize(1);
        return pod.server.engineCores().getFirst();
    }

    @Test
    void isStuckUnderLoadAfterTheSetTimeAndNotBefore() throws IOException, InterruptedException {
        Streams streams = Streams.send(pod.server, 24, 400);
        Await.until("tokens come", SLACK, () -> streams.begun() >= 4);
        Instant stopped = Instant.now();
        Child.signal("STOP", engineCore());
        try {
            // The last token may be as old as one poll when the engine is stopped.
            pod.isStuckBetween(
                    stopped,
                    STUCK_AFTER.plus(CANARY).minusSeconds(1),
                    STUCK_AFTER.plus(CANARY),
                    "1 request for one token got no answer");
            assertThat(pod.server.status("/health")).isEqualTo(200);
        } finally {
            Child.signal("CONT", engineCore());
        }
        pod.isBackSoon();
        assertThat(streams.endings(Duration.ofMinutes(2))).allMatch(Streams.Ending::isWhole);
    }

    @Test
    void isStuckWhileIdleThoughNoPageShowsIt() throws IOException, InterruptedException {
        Await.until("nothing runs", SLACK, () -> pod.server.page().running() == 0);
        Instant stopped = Instant.now();
        Child.signal("STOP", engineCore());
        Streams unseen = Streams.send(pod.server, 6, 20);
        try {
            pod.isStuckBetween(
                    stopped, CANARY.minusSeconds(1), HEARTBEAT.plus(CANARY), "1 request for one token got no answer");
            assertThat(pod.server.page().running() + pod.server.page().waiting())
                    .isZero();
        } finally {
            Child.signal("CONT", engineCore());
        }
        pod.isBackSoon();
        assertThat(unseen.endings(Duration.ofMinutes(2))).allMatch(Streams.Ending::isWhole);
    }

    @Test
    void isNeverStuckBehindAQueueOfAThousand() {
        Instant began = Instant.now();
        Streams thousand = Streams.send(pod.server, 1000, 32);
        assertThat(thousand.endings(Duration.ofMinutes(8))).allMatch(Streams.Ending::isWhole);
        allWasWell(began, "a thousand requests");
    }

    @Test
    void isNeverStuckOverAPromptThatTakesLongerThanTheCanaryHasTime() {
        Instant began = Instant.now();
        Streams slow = Streams.send(pod.server, 1, 4, LONGEST - 64);
        assertThat(slow.endings(Duration.ofMinutes(8))).allMatch(Streams.Ending::isWhole);
        Duration took = allWasWell(began, "a prompt of " + (LONGEST - 64) + " tokens");
        // Else it would not have been found stuck by its counters alone, and this shows nothing.
        assertThat(took).isGreaterThan(STUCK_AFTER.plus(CANARY));
    }

    private static Duration allWasWell(Instant since, String what) {
        Duration took = Duration.between(since, Instant.now());
        List<Diary.Entry> seen = pod.diary.since(since);
        pod.say("%s in %.0f s, up and ready at %d looks", what, took.toMillis() / 1e3, seen.size());
        assertThat(seen).isNotEmpty().allMatch(entry -> entry.engineLive().up()).allMatch(entry -> entry.ready()
                .up());
        return took;
    }
}
