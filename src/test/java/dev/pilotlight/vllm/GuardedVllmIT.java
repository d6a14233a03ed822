package dev.pilotlight.vllm;

import static dev.pilotlight.vllm.Pod.SLACK;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.process.Await;
import dev.pilotlight.process.Child;
import dev.pilotlight.process.PackagedSidecar;
import dev.pilotlight.process.Web;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A real vLLM behind an API key and a root path, that counts its requests in flight. */
@Tag("vllm")
class GuardedVllmIT {
    private static final String ROOT_PATH = "/llm";
    private static final String KEY = "a-key-for-this-test";
    private static final Duration STUCK_AFTER = Duration.ofSeconds(10);
    private static final Duration CANARY = Duration.ofSeconds(8);

    private static Pod pod;

    @BeforeAll
    static void launch(@TempDir Path secrets) throws IOException {
        Path key = Files.writeString(secrets.resolve("api-key"), KEY + "\n");
        pod = Pod.launch(
                "guarded",
                ROOT_PATH,
                Map.of("VLLM_API_KEY", KEY),
                List.of("--root-path", ROOT_PATH, "--enable-server-load-tracking"),
                Map.of(
                        "engine.poll-every",
                        "500ms",
                        "engine.api-key-file",
                        key.toString(),
                        "liveness.stuck-after",
                        STUCK_AFTER.toSeconds() + "s",
                        "liveness.canary-timeout",
                        CANARY.toSeconds() + "s",
                        "liveness.heartbeat-every",
                        "60s",
                        "drain.deadline",
                        "120s"));
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
    void isWarmedThroughTheKeyWhichIsNeverShown() throws IOException, InterruptedException {
        assertThat(Web.get(pod.server.at("/v1/models")).status()).isEqualTo(401);
        assertThat(pod.sidecar.changes()).startsWith("starting -> warming", "warming -> ready");
        assertThat(pod.sidecar.get("/api/v1/status").body()).doesNotContain(KEY);
        assertThat(pod.sidecar.child().log()).noneMatch(line -> line.contains(KEY));
    }

    /** A missing secret is no reason to take an engine out of service that serves. */
    @Test
    void isReadyWithoutTheKeyBesideAnEngineThatHasServed() {
        try (PackagedSidecar stranger = PackagedSidecar.beside(
                URI.create(pod.server.url() + ROOT_PATH), RealVllm.VERSION + "-stranger", Map.of())) {
            PackagedSidecar.Probe ready = Await.until("ready", SLACK, stranger::ready, PackagedSidecar.Probe::up);
            assertThat(ready.reason()).contains("it has served before");
        }
    }

    @Test
    void seesRequestsInFlightThatNoGaugeShows() throws IOException, InterruptedException {
        // The count is believed from its first request on; the warm-up may have been too short to be seen.
        assertThat(Streams.send(pod.server, 6, 300).endings(Duration.ofMinutes(2)))
                .allMatch(Streams.Ending::isWhole);
        Await.until("idle", SLACK, () -> pod.server.page().running() == 0);
        long core = pod.server.engineCores().getFirst();
        Instant stopped = Instant.now();
        Child.signal("STOP", core);
        Streams unseen = Streams.send(pod.server, 3, 20);
        try {
            Await.until(
                    "three in flight",
                    SLACK,
                    () -> pod.sidecar.status().getJsonObject("engine").getDouble("requestsInFlight", -1.0),
                    inFlight -> inFlight == 3);
            assertThat(pod.server.page().running()).isZero();
            // Visible work: a canary after `stuck-after`, where an idle engine would get its heartbeat a minute later.
            pod.isStuckBetween(
                    stopped,
                    CANARY.minusSeconds(1),
                    STUCK_AFTER.plus(CANARY).plus(SLACK),
                    "1 request for one token got no answer");
        } finally {
            Child.signal("CONT", core);
        }
        assertThat(unseen.endings(Duration.ofMinutes(1))).allMatch(Streams.Ending::isWhole);
        pod.isBackSoon();
    }
}
