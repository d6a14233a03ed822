package dev.pilotlight;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.process.Await;
import dev.pilotlight.process.Child;
import dev.pilotlight.process.Clients;
import dev.pilotlight.process.PackagedSidecar;
import dev.pilotlight.process.Web;
import dev.pilotlight.simulator.EngineOptions;
import dev.pilotlight.simulator.Profile;
import dev.pilotlight.simulator.SimulatedEngine;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** How a pod leaves, with 200 requests in flight: {@code -Ddrains=20} for the table in docs/probes.md. */
class DrainIT {
    /** As many as the last page showed before the engine hung: the third may have begun after it. */
    private static final String STILL_IN_FLIGHT = "the deadline came first, with [123] requests? in flight";

    private static final int DRAINS = Integer.getInteger("drains", 2);
    private static final int REQUESTS = 200;
    private static final Duration POLL = Duration.ofSeconds(1);
    private static final Duration SOON = Duration.ofMinutes(1);

    private static final EngineOptions OPTIONS =
            EngineOptions.builder().profile(Profile.LLAMA_8B_80GB).build();

    private static PackagedSidecar ready(SimulatedEngine engine, String name, Map<String, String> settings)
            throws IOException {
        PackagedSidecar sidecar = PackagedSidecar.beside(engine.uri(), name, settings);
        Await.until("ready", SOON, () -> sidecar.ready().up());
        return sidecar;
    }

    /** Requests of 150 to 300 tokens, which take two to five seconds. */
    private static Clients inFlight(SimulatedEngine engine, int count, long seed) {
        Clients clients = new Clients(engine.uri(), seed);
        clients.burst(count, 150);
        Await.until("under way", SOON, () -> engine.openRequests() == count);
        return clients;
    }

    @Test
    void losesNoRequestAndAnswersWithinAPollOfTheLast() throws IOException, InterruptedException {
        Duration slowest = Duration.ZERO;
        int whole = 0;
        for (int round = 1; round <= DRAINS; round++) {
            try (SimulatedEngine engine = SimulatedEngine.start(OPTIONS);
                    PackagedSidecar sidecar = ready(engine, "drain-" + round, Map.of("drain.settle", "1s"))) {
                Clients clients = inFlight(engine, REQUESTS, round);
                Web.Answer answer = Web.drain(sidecar.at("/"), Duration.ofMinutes(1));
                Instant answered = Instant.now();
                int open = clients.open();
                engine.terminate();

                assertThat(open).as("open when the drain answered").isZero();
                assertThat(answer.status()).isEqualTo(200);
                assertThat(answer.json().getBoolean("drained")).isTrue();
                assertThat(clients.lost()).isEmpty();
                whole += clients.whole();
                Duration after = Duration.between(clients.last(), answered);
                slowest = after.compareTo(slowest) > 0 ? after : slowest;
            }
        }
        System.out.printf(
                Locale.ROOT,
                "%d drains of %d requests: %d whole, 0 cut; the answer at most %.2f s after the last%n",
                DRAINS,
                REQUESTS,
                whole,
                slowest.toMillis() / 1e3);
        assertThat(whole).isEqualTo(DRAINS * REQUESTS);
        assertThat(slowest).isLessThanOrEqualTo(POLL.plusMillis(250)); // two cores, 200 clients and two servers
    }

    /** What the drain is for: the same without it. */
    @Test
    void withoutItSigtermCutsWhatRuns() throws IOException, InterruptedException {
        int cut = 0;
        for (int round = 1; round <= DRAINS; round++) {
            try (SimulatedEngine engine = SimulatedEngine.start(OPTIONS)) {
                Clients warm = new Clients(engine.uri(), 0);
                Await.until(
                        "serves",
                        SOON,
                        () -> Web.get(engine.uri().resolve("/health")).status() == 200);
                warm.burst(1, 8);
                Await.until("warm", SOON, () -> warm.whole() == 1);
                Clients clients = inFlight(engine, REQUESTS, round);
                engine.terminate();
                Await.until("all have ended", SOON, () -> clients.open() == 0);
                cut += clients.lost().size();
            }
        }
        System.out.printf("%d times SIGTERM beside %d requests: %d cut%n", DRAINS, REQUESTS, cut);
        assertThat(cut).isEqualTo(DRAINS * REQUESTS);
    }

    @Test
    void keepsTheDeadlineWhenARequestNeverEnds() throws IOException, InterruptedException {
        try (SimulatedEngine engine = SimulatedEngine.start(OPTIONS);
                PackagedSidecar sidecar =
                        ready(engine, "drain-never", Map.of("drain.settle", "1s", "drain.deadline", "4s"))) {
            inFlight(engine, 3, 1);
            engine.hang(-1);
            Instant began = Instant.now();
            Web.Answer answer = Web.drain(sidecar.at("/"), Duration.ofMinutes(1));
            Duration took = Duration.between(began, Instant.now());
            assertThat(answer.json().getBoolean("drained")).isFalse();
            assertThat(answer.json().getString("how")).matches(STILL_IN_FLIGHT);
            assertThat(took).isGreaterThanOrEqualTo(Duration.ofSeconds(4));
        }
    }

    /** Not a byte passes meanwhile, and the port hangs up on others that say nothing for so long. */
    @Test
    void theHookOutlastsTheIdleTimeout() throws IOException, InterruptedException {
        try (SimulatedEngine engine = SimulatedEngine.start(OPTIONS);
                PackagedSidecar sidecar = PackagedSidecar.beside(
                        engine.uri(),
                        "drain-idle",
                        Map.of("drain.deadline", "5s"),
                        PackagedSidecar.freePort(),
                        Map.of("quarkus.http.idle-timeout", "1s"))) {
            Await.until("ready", SOON, () -> sidecar.ready().up());
            inFlight(engine, 3, 1);
            engine.hang(-1);
            Web.Answer answer = Web.drain(sidecar.at("/"), Duration.ofMinutes(1));
            assertThat(answer.status()).isEqualTo(200);
            assertThat(answer.json().getString("how")).matches(STILL_IN_FLIGHT);
        }
    }

    @Test
    void sigtermToTheSidecarDoesTheSame() throws IOException, InterruptedException {
        try (SimulatedEngine engine = SimulatedEngine.start(OPTIONS);
                PackagedSidecar sidecar = ready(engine, "drain-sigterm", Map.of("drain.settle", "1s"))) {
            Clients clients = inFlight(engine, 20, 1);
            Child.signal("TERM", sidecar.child().process().pid());
            Await.until(
                    "draining",
                    SOON,
                    () -> sidecar.ready(),
                    probe -> !probe.up() && probe.reason().startsWith("draining"));
            assertThat(sidecar.get("/metrics").status()).isEqualTo(200);
            assertThat(sidecar.child().endsWithin(SOON)).isTrue();
            assertThat(clients.open()).isZero();
            assertThat(clients.lost()).isEmpty();
            assertThat(sidecar.child().log())
                    .anyMatch(line -> line.contains("drain ordered by SIGTERM"))
                    .anyMatch(line -> line.contains("draining: 20 requests in flight"))
                    .anyMatch(line -> line.contains("drained: no request in flight"));
        }
    }

    /** A sidecar that is no native one gets SIGTERM while the hook waits: the hook's answer is what holds the engine. */
    @Test
    void sigtermDoesNotCutTheHookShort() throws Exception {
        try (SimulatedEngine engine = SimulatedEngine.start(OPTIONS);
                PackagedSidecar sidecar = ready(engine, "drain-both", Map.of("drain.settle", "1s"));
                ExecutorService kubelet = Executors.newVirtualThreadPerTaskExecutor()) {
            Clients clients = inFlight(engine, 20, 1);
            Future<Web.Answer> hook = kubelet.submit(() -> Web.drain(sidecar.at("/"), Duration.ofMinutes(1)));
            Await.until("draining", SOON, sidecar::state, "draining"::equals);
            Child.signal("TERM", sidecar.child().process().pid());
            assertThat(hook.get().status()).isEqualTo(200);
            assertThat(clients.open()).isZero();
            assertThat(clients.lost()).isEmpty();
            assertThat(sidecar.child().endsWithin(SOON)).isTrue();
        }
    }

    @Test
    void endsAtOnceWhenTheEngineIsGoneBefore() throws IOException, InterruptedException {
        try (SimulatedEngine engine = SimulatedEngine.start(OPTIONS);
                PackagedSidecar sidecar =
                        ready(engine, "drain-gone", Map.of("drain.settle", "4m", "drain.deadline", "5m"))) {
            engine.die();
            Await.until("starting", SOON, sidecar::state, "starting"::equals);
            Child.signal("TERM", sidecar.child().process().pid());
            assertThat(sidecar.child().endsWithin(SOON))
                    .as("a native sidecar gets SIGTERM when the engine has ended: the settle time is over")
                    .isTrue();
        }
    }
}
