package dev.pilotlight;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.process.Await;
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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** How a pod leaves, with 200 requests in flight: {@code -Ddrains=20} for the table in docs/probes.md. */
@Isolated("measures how soon an answer comes")
class DrainIT {
    private static final int DRAINS = Integer.getInteger("drains", 2);
    private static final int REQUESTS = 200;
    private static final Duration POLL = Duration.ofSeconds(1);
    static final Duration SOON = Duration.ofMinutes(1);

    static final EngineOptions OPTIONS =
            EngineOptions.builder().profile(Profile.LLAMA_8B_80GB).build();

    static PackagedSidecar ready(SimulatedEngine engine, String name, Map<String, String> settings) throws IOException {
        PackagedSidecar sidecar = PackagedSidecar.beside(engine.uri(), name, settings);
        Await.until("ready", SOON, () -> sidecar.ready().up());
        return sidecar;
    }

    /** Requests of 150 to 300 tokens, which take two to five seconds. */
    static Clients inFlight(SimulatedEngine engine, int count, long seed) {
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
}
