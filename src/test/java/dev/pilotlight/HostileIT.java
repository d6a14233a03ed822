package dev.pilotlight;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.hostile.Outside;
import dev.pilotlight.process.Await;
import dev.pilotlight.process.PackagedSidecar;
import dev.pilotlight.process.Probes;
import dev.pilotlight.simulator.EngineOptions;
import dev.pilotlight.simulator.SimulatedEngine;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/**
 * The packaged sidecar, with everything around it hostile at once: engine, completions, exporter, API server and peers answer with what cannot
 * be. Meanwhile it answers its probes as soon as a sidecar in peace does, and publishes numbers; afterwards it is as it was. The readers of each
 * boundary alone are tried with some 20,000 seeded inputs in the tests named Hostile*Test.
 */
@Isolated("measures probes")
class HostileIT {
    /** Spoilt answers, of all boundaries together; a release sees 10,000: {@code make test-restarts}. */
    private static final long STORM = Long.getLong("hostile.answers", 4_000);

    private static final Duration FAR_OFF = Duration.ofMinutes(10);
    private static final Duration SOON = Duration.ofMinutes(1);
    /** So many that a storm of 10,000 takes a minute and a half: the leader asks each once a second. */
    private static final int PEERS = 150;

    /** @param polls of the engine, per second */
    private record State(double polls, long threads, long heapKiB, int lines) {}

    private static State state(PackagedSidecar sidecar) throws IOException, InterruptedException {
        double before = sidecar.metric("pilotlight_poll_seconds_count").orElse(0);
        Instant from = Instant.now();
        Await.until(
                "20 polls more",
                SOON,
                () -> sidecar.metric("pilotlight_poll_seconds_count").orElse(0) >= before + 20);
        double seconds = Duration.between(from, Instant.now()).toMillis() / 1e3;
        double polls = (sidecar.metric("pilotlight_poll_seconds_count").orElse(0) - before) / seconds;
        return new State(
                polls,
                sidecar.threads(),
                // Of a native binary only that it stays within its heap is known: it would not live else.
                sidecar.heapAfterCollectionKiB().orElse(0),
                sidecar.child().log().size());
    }

    private static void publishesOnlyNumbers(PackagedSidecar sidecar) throws IOException, InterruptedException {
        List<String> lines = sidecar.metrics();
        assertThat(lines).isNotEmpty().noneMatch(line -> line.matches(".* [-+]?(NaN|Inf)"));
        assertThat(sidecar.get("/api/v1/status").body()).doesNotContainPattern("[:\\[,]\"?-?(NaN|Infinity)\"?[,}\\]]");
    }

    @Test
    void whateverIsAnsweredItStaysAsItWas() throws Exception {
        long seed = Long.getLong("hostile.seed", 20261124);
        int port = PackagedSidecar.freePort();
        try (Outside outside = new Outside(seed, port, PEERS);
                SimulatedEngine quiet = SimulatedEngine.start(EngineOptions.defaults());
                PackagedSidecar peaceful = PackagedSidecar.beside(quiet.uri(), "peaceful", Map.of());
                PackagedSidecar sidecar = PackagedSidecar.beside(
                        outside.engineUri(), "hostile", outside.settings(), port, outside.platform());
                Probes probes = Probes.of(sidecar, 2);
                Probes inPeace = Probes.of(peaceful, 2)) {
            Await.until(
                    "it is ready and leads",
                    SOON,
                    () -> sidecar.ready().up()
                            && sidecar.status().getJsonObject("cluster").containsKey("leaderOfTerm"));
            State before = state(sidecar);
            probes.forget();
            inPeace.forget();

            outside.beHostile(true);
            Instant end = Instant.now().plus(FAR_OFF);
            int samples = 0;
            while (outside.spoiltInAll() < STORM && Instant.now().isBefore(end)) {
                publishesOnlyNumbers(sidecar);
                samples++;
            }
            Probes.Taken during = probes.taken();
            Probes.Taken beside = inPeace.taken();
            outside.beHostile(false);

            // A warm-up that began meanwhile may wait for an answer that never comes, until its own time is over.
            Await.until("it is ready again", FAR_OFF, () -> sidecar.ready().up());
            Await.until("it publishes a load", SOON, () -> sidecar.signals().containsKey("load_ratio"));
            publishesOnlyNumbers(sidecar);
            State after = state(sidecar);
            System.out.printf(
                    "seed %d: %d spoilt answers %s; %d pages of numbers%n  probes   %s%n  in peace %s%n  before %s%n  after  %s%n",
                    seed, outside.spoiltInAll(), outside.spoilt(), samples, during, beside, before, after);
            assertThat(outside.spoiltInAll()).isGreaterThanOrEqualTo(STORM);
            during.assertPromptBeside(beside);
            assertThat(after.polls())
                    .as("polls per second, %.1f before", before.polls())
                    .isGreaterThan(before.polls() * 0.6);
            assertThat(after.threads()).as("threads").isLessThanOrEqualTo(before.threads() + 6);
            assertThat(after.heapKiB()).as("KiB in use").isLessThan(before.heapKiB() + (6 << 10));
            assertThat(after.lines() - before.lines()).as("lines of its log").isLessThan(500);
        }
    }
}
