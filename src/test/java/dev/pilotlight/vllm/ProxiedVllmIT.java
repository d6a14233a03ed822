package dev.pilotlight.vllm;

import static dev.pilotlight.vllm.Pod.SLACK;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.http.Certificates;
import dev.pilotlight.process.Await;
import dev.pilotlight.process.PackagedSidecar;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A real vLLM that is well, and a way to it that is not: a wrong key, a proxy that answers 500, an authority that was rotated. */
@Tag("vllm")
class ProxiedVllmIT {
    private static final String KEY = "a-key-for-this-test";
    private static final int LONGEST = 32768;
    private static final Duration STUCK_AFTER = Duration.ofSeconds(10);
    private static final Duration CANARY = Duration.ofSeconds(8);
    private static final Duration HEARTBEAT = Duration.ofSeconds(5);
    private static final Duration STANDBY_AFTER = Duration.ofSeconds(15);
    /** docs/probes.md: `errors` after `heartbeat-every` and 20 s. */
    private static final Duration ERRORS = HEARTBEAT.plusSeconds(20);

    private static final Duration STALE_AFTER = Duration.ofSeconds(10);

    @TempDir
    private static Path files;

    private static RealVllm server;

    @BeforeAll
    static void launch() {
        server = RealVllm.launch(
                "proxied",
                PackagedSidecar.freePort(),
                Map.of("VLLM_API_KEY", KEY),
                "--hf-overrides",
                "{\"max_position_embeddings\": " + LONGEST + "}",
                "--max-model-len",
                Integer.toString(LONGEST),
                "--max-num-batched-tokens",
                "2048",
                "--enable-chunked-prefill",
                "--no-enable-prefix-caching");
        server.awaitServing();
    }

    @AfterAll
    static void end() {
        server.close();
    }

    /** A sidecar that reaches the server that way, and what was seen of it since it was ready. */
    private record Beside(String name, PackagedSidecar sidecar, Diary diary, Instant readyAt) implements AutoCloseable {
        static Beside launch(String name, URI url, Path key, Map<String, String> more) {
            Map<String, String> settings = new TreeMap<>(Map.of(
                    "engine.poll-every", "500ms",
                    "engine.stale-after", STALE_AFTER.toSeconds() + "s",
                    "engine.api-key-file", key.toString(),
                    "liveness.stuck-after", STUCK_AFTER.toSeconds() + "s",
                    "liveness.canary-timeout", CANARY.toSeconds() + "s",
                    "liveness.heartbeat-every", HEARTBEAT.toSeconds() + "s",
                    "liveness.longest-step", "30s",
                    "pool.standby-after", STANDBY_AFTER.toSeconds() + "s"));
            settings.putAll(more);
            PackagedSidecar sidecar = PackagedSidecar.beside(url, RealVllm.VERSION + "-proxied-" + name, settings);
            Await.until("ready", Pod.LOADING, () -> sidecar.ready().up());
            return new Beside(name, sidecar, new Diary(sidecar), Instant.now());
        }

        Optional<JsonObject> condition(String word) throws IOException, InterruptedException {
            return sidecar.status().getJsonArray("conditions").stream()
                    .map(JsonObject.class::cast)
                    .filter(it -> it.getString("condition").equals(word))
                    .findFirst();
        }

        JsonObject awaitCondition(String word, Duration within) {
            return Await.until(word, within, () -> condition(word), Optional::isPresent)
                    .orElseThrow();
        }

        long logged(String text) {
            return sidecar.child().log().stream()
                    .filter(line -> line.contains(text))
                    .count();
        }

        /** Until so much time has passed: what must never come is given time to come in; the diary has it. */
        void watch(Instant since, Duration time) {
            Await.until(
                    "that time has passed",
                    time.multipliedBy(2),
                    () -> Instant.now().isAfter(since.plus(time))
                            && !diary.since(since.plus(time)).isEmpty());
        }

        /** How long until the pod was seen not ready, counted from then. */
        Duration offAfter(Instant since, Duration within) {
            Diary.Entry off = diary.awaitSince(
                    since, "not ready", within, entry -> !entry.ready().up());
            say(
                    "not ready after %.1f s: %s",
                    seconds(since, off.at()), off.ready().reason());
            return Duration.between(since, off.at());
        }

        void isReadyAgain(Instant since, Duration within) {
            Await.until("ready again", within, () -> sidecar.ready().up());
            say("ready again after %.1f s", seconds(since, Instant.now()));
        }

        void wasNeverDown() {
            List<Diary.Entry> seen = diary.since(readyAt);
            say("liveness UP at each of %d looks", seen.size());
            assertThat(seen).isNotEmpty().allMatch(entry -> entry.engineLive().up());
        }

        void say(String format, Object... values) {
            System.out.printf(
                    java.util.Locale.ROOT,
                    "vLLM %s, %s: %s%n",
                    RealVllm.VERSION,
                    name,
                    String.format(java.util.Locale.ROOT, format, values));
        }

        @Override
        public void close() {
            diary.close();
            sidecar.close();
        }
    }

    private static double seconds(Instant from, Instant to) {
        return Duration.between(from, to).toMillis() / 1e3;
    }

    private static Path key(String name, String value) throws IOException {
        return Files.writeString(files.resolve(name), value + "\n");
    }

    /** As a mounted secret is replaced: another file under the same name, at once. */
    private static void replace(Path file, Path by) throws IOException {
        Path next = file.resolveSibling(file.getFileName() + ".next");
        Files.copy(by, next);
        Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
    }

    @Test
    void aWrongKeyIsSaidAndTakesNothingOutOfService() throws Exception {
        Path key = key("rotated", KEY);
        try (Beside it = Beside.launch("wrong key", server.url(), key, Map.of())) {
            Instant rotated = Instant.now();
            replace(key, key("wrong", "none-that-opens"));
            JsonObject said =
                    it.awaitCondition("key_refused", HEARTBEAT.multipliedBy(2).plus(SLACK));
            it.say("said after %.1f s: %s", seconds(rotated, Instant.now()), said.getString("why"));
            assertThat(said.getString("effect")).isEqualTo("said");
            assertThat(said.getString("why")).contains("401", "pilotlight.engine.api-key");
            assertThat(it.sidecar().metric("pilotlight_condition{condition=\"key_refused\",effect=\"said\"}"))
                    .hasValue(1);
            // Refused thrice and more, and long enough for everything that kills.
            it.watch(rotated, Duration.ofSeconds(45));
            assertThat(it.logged("key_refused: ")).isEqualTo(1);
            assertThat(it.diary().since(rotated))
                    .allMatch(entry -> entry.ready().up());

            replace(key, key("right", KEY));
            Await.until("no longer said", HEARTBEAT.multipliedBy(2).plus(SLACK), () -> it.condition("key_refused")
                    .isEmpty());
            assertThat(it.logged("no longer key_refused")).isEqualTo(1);
            it.wasNeverDown();
        }
    }

    @Test
    void aProxyThatAnswers500IsNotReadyNeverAStandbyAndNeverDown() throws Exception {
        try (Gateway gateway = new Gateway(server).plain();
                Beside it = Beside.launch("500", gateway.at("http"), key("of 500", KEY), Map.of())) {
            assertThat(Streams.send(server, 4, 64).endings(Duration.ofMinutes(2)))
                    .allMatch(Streams.Ending::isWhole);
            Await.until("active", SLACK, it.sidecar()::state, "ready active"::equals);
            Instant broken = Instant.now();
            gateway.refuseCompletions(true);
            assertThat(it.offAfter(broken, ERRORS.plus(SLACK))).isLessThan(ERRORS.plus(SLACK));
            assertThat(it.awaitCondition("errors", SLACK).getString("why")).contains("500", "no upstream");
            assertThat(server.status("/health")).isEqualTo(200);
            // Beyond all that makes a standby or kills.
            it.watch(broken, Duration.ofSeconds(60));
            assertThat(it.diary().since(broken).getLast().ready().up()).isFalse();
            assertThat(it.logged("role standby")).isZero();
            assertThat(it.logged("errors: ")).isEqualTo(1);

            Instant well = Instant.now();
            gateway.refuseCompletions(false);
            it.isReadyAgain(well, Duration.ofSeconds(10).plus(SLACK));
            it.wasNeverDown();
        }
    }

    @Test
    void anAuthorityThatWasRotatedIsSaidUntilItsFileFollows() throws Exception {
        Certificates certificates = new Certificates(files);
        Certificates.Pair first = certificates.selfSigned("first");
        Certificates.Pair second = certificates.selfSigned("second");
        Path ca = Files.copy(first.certificate(), files.resolve("ca.pem"));
        try (Gateway gateway = new Gateway(server).tls(first);
                Beside it = Beside.launch(
                        "rotated", gateway.at("https"), key("of tls", KEY), Map.of("engine.ca-file", ca.toString()))) {
            Instant rotated = Instant.now();
            gateway.tls(second);
            JsonObject said = it.awaitCondition("tls_failed", SLACK);
            it.say("said after %.1f s: %s", seconds(rotated, Instant.now()), said.getString("why"));
            assertThat(said.getString("why")).contains("signed by nobody known here", "pilotlight.engine.ca-file");
            assertThat(it.offAfter(rotated, STALE_AFTER.plus(SLACK))).isGreaterThan(STALE_AFTER.minusSeconds(2));
            // Longer than anything that kills a server which does not answer.
            it.watch(rotated, Duration.ofSeconds(60));

            Instant followed = Instant.now();
            replace(ca, second.certificate());
            it.isReadyAgain(followed, SLACK);
            it.wasNeverDown();
            assertThat(it.sidecar().changes()).doesNotContain("ready -> starting");
        }
    }

    @Test
    void longPromptsAtOnceAreNeverStuck() throws Exception {
        // As shipped: on a slow machine a prompt takes longer than the half minute that the others give a step.
        Map<String, String> shipped = Map.of("liveness.longest-step", "5m");
        try (Beside it = Beside.launch("long prompts", server.url(), key("of prompts", KEY), shipped)) {
            Instant began = Instant.now();
            Streams prompts = Streams.send(server, 6, 4, LONGEST - 64);
            assertThat(prompts.endings(Duration.ofMinutes(8))).allMatch(Streams.Ending::isWhole);
            Duration took = Duration.between(began, Instant.now());
            it.say("6 prompts of %d tokens at once in %d s", LONGEST - 64, took.toSeconds());
            // Else a request of ours had no need to wait, and this shows nothing.
            assertThat(took).isGreaterThan(STUCK_AFTER.plus(CANARY));
            List<Diary.Entry> seen = it.diary().since(began);
            assertThat(seen).isNotEmpty().allMatch(entry -> entry.ready().up());
            it.wasNeverDown();
        }
    }
}
