package dev.pilotlight.vllm;

import static dev.pilotlight.vllm.Pod.SLACK;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pilotlight.process.Await;
import dev.pilotlight.process.Web;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A real vLLM in developer mode that somebody pauses or puts to sleep while requests are at it, or come to it. */
@Tag("vllm")
class SuspendedVllmIT {
    private static final Duration STUCK_AFTER = Duration.ofSeconds(5);
    private static final Duration CANARY = Duration.ofSeconds(15);
    /** The engine is asked every 10 s whether it is paused. */
    private static final Duration NOTICED = Duration.ofSeconds(12);

    private static Pod pod;

    @BeforeAll
    static void launch() {
        pod = Pod.launch(
                "suspended",
                "",
                Map.of("VLLM_SERVER_DEV_MODE", "1"),
                List.of(),
                Map.of(
                        "engine.poll-every", "500ms",
                        "liveness.stuck-after", STUCK_AFTER.toSeconds() + "s",
                        "liveness.canary-timeout", CANARY.toSeconds() + "s",
                        "liveness.heartbeat-every", STUCK_AFTER.toSeconds() + "s"));
    }

    @BeforeEach
    void awaitReady() {
        pod.awaitReady();
    }

    @AfterAll
    static void end() {
        pod.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"abort", "wait", "keep"})
    void isSuspendedWhilePaused(String mode) throws IOException, InterruptedException {
        assumeTrue(pod.server.status("/is_paused") == 200, "this version can not be paused");
        Streams running = Streams.send(pod.server, 6, 400);
        Await.until("tokens come", SLACK, () -> running.begun() >= 4);
        Instant ordered = Instant.now();
        CompletableFuture<Web.Answer> paused = order("/pause?mode=" + mode); // "wait" answers when all are done
        if (!mode.equals("wait")) {
            assertThat(paused.join().status()).isEqualTo(200);
        }
        Streams hanging = Streams.send(pod.server, 4, 20);
        staysSuspended(ordered, "paused");
        assertThat(hanging.begun()).isZero();
        assertThat(paused.join().status()).isEqualTo(200);

        assertThat(pod.server.order("/resume").status()).isEqualTo(200);
        Await.until(
                "ready again", NOTICED.plus(SLACK), () -> pod.sidecar.ready().up());
        assertThat(hanging.endings(Duration.ofMinutes(1))).allMatch(Streams.Ending::isWhole);
        long whole = running.endings(Duration.ofMinutes(1)).stream()
                .filter(Streams.Ending::isWhole)
                .count();
        pod.say("paused by %s with 6 requests running: %d of them whole", mode, whole);
        assertThat(whole).isEqualTo(mode.equals("abort") ? 0 : 6);
        upThroughout(ordered);
    }

    @Test
    void isSuspendedWhileAsleep() throws IOException, InterruptedException {
        Instant ordered = Instant.now();
        assertThat(pod.server.order("/sleep?level=1").status()).isEqualTo(200);
        Streams hanging = Streams.send(pod.server, 4, 20);
        staysSuspended(ordered, "asleep");
        assertThat(pod.server.order("/wake_up").status()).isEqualTo(200);
        Await.until(
                "ready again", NOTICED.plus(SLACK), () -> pod.sidecar.ready().up());
        assertThat(hanging.endings(Duration.ofMinutes(1))).allMatch(Streams.Ending::isWhole);
        upThroughout(ordered);
    }

    private static CompletableFuture<Web.Answer> order(String path) {
        return CompletableFuture.supplyAsync(() -> {
            try {
                return pod.server.order(path);
            } catch (IOException failed) {
                throw new CompletionException(failed);
            } catch (InterruptedException stop) {
                Thread.currentThread().interrupt();
                throw new CompletionException(stop);
            }
        });
    }

    /** Well beyond the time after which an engine that hangs so would be found stuck. */
    private static void staysSuspended(Instant ordered, String how) {
        Await.until("suspended", NOTICED.plus(SLACK), pod.sidecar::state, "suspended"::equals);
        Instant noticed = Instant.now();
        pod.say(
                "%s %.1f s after the order",
                how, Duration.between(ordered, noticed).toMillis() / 1e3);
        Duration stuck = STUCK_AFTER.plus(CANARY).plus(SLACK);
        Await.until(
                "time enough for a verdict",
                stuck.plus(SLACK),
                () -> Duration.between(noticed, Instant.now()).compareTo(stuck) > 0);
        assertThat(pod.diary.since(noticed))
                .isNotEmpty()
                .allMatch(entry -> entry.engineLive().up())
                .allMatch(entry -> entry.engineLive().reason().contains(how))
                .allMatch(entry -> !entry.ready().up() && !entry.publishes());
    }

    private static void upThroughout(Instant since) {
        assertThat(pod.diary.since(since)).isNotEmpty().allMatch(entry -> entry.engineLive()
                .up());
    }
}
