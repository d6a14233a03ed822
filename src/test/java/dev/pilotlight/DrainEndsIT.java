package dev.pilotlight;

import static dev.pilotlight.DrainIT.OPTIONS;
import static dev.pilotlight.DrainIT.SOON;
import static dev.pilotlight.DrainIT.inFlight;
import static dev.pilotlight.DrainIT.ready;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.process.Await;
import dev.pilotlight.process.Child;
import dev.pilotlight.process.Clients;
import dev.pilotlight.process.PackagedSidecar;
import dev.pilotlight.process.WaitsMostly;
import dev.pilotlight.process.Web;
import dev.pilotlight.simulator.SimulatedEngine;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** How a drain begins and ends where something else comes first: its deadline, SIGTERM, the engine's own end. */
@WaitsMostly
class DrainEndsIT {
    /** As many as the last page showed before the engine hung: the third may have begun after it. */
    private static final String STILL_IN_FLIGHT = "the deadline came first, with [123] requests? in flight";

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
