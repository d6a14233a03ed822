package dev.pilotlight;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.process.Await;
import dev.pilotlight.process.Clients;
import dev.pilotlight.process.PackagedSidecar;
import dev.pilotlight.process.WaitsMostly;
import dev.pilotlight.process.Web;
import dev.pilotlight.simulator.EngineOptions;
import dev.pilotlight.simulator.Profile;
import dev.pilotlight.simulator.SimulatedEngine;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A sidecar that is killed and started again beside an engine that has served, as the kubelet would: {@code -Drestarts=100} for the
 * figures in docs/probes.md.
 */
@WaitsMostly
class RestartIT {
    private static final int RESTARTS = Integer.getInteger("restarts", 3);
    private static final Duration SOON = Duration.ofMinutes(1);

    /**
     * What a probe saw.
     *
     * @param sidecar which life of it, from 0
     * @param status 0 when nobody listens
     */
    private record Look(int sidecar, long atNanos, int status, String body) {}

    /** Asks a probe's endpoint again and again, far more often than a kubelet. */
    private static final class Prober implements AutoCloseable {
        private static final Duration EVERY = Duration.ofMillis(20);

        private final ConcurrentLinkedQueue<Look> looks = new ConcurrentLinkedQueue<>();
        private final Thread thread;
        private volatile int life;
        private volatile boolean closed;

        Prober(URI endpoint) {
            thread = Thread.ofPlatform().daemon().start(() -> run(endpoint));
        }

        private void run(URI endpoint) {
            while (!closed) {
                int asked = life;
                try {
                    Web.Answer answer = Web.get(endpoint, SOON);
                    looks.add(new Look(asked, System.nanoTime(), answer.status(), answer.body()));
                } catch (IOException nobody) {
                    looks.add(new Look(asked, System.nanoTime(), 0, ""));
                } catch (InterruptedException stop) {
                    return;
                }
                LockSupport.parkNanos(EVERY.toNanos());
            }
        }

        List<Look> answersOf(int wanted) {
            return looks.stream()
                    .filter(look -> look.sidecar() == wanted && look.status() != 0)
                    .toList();
        }

        @Override
        public void close() {
            closed = true;
        }
    }

    /** From its first answer to the first that says ready. */
    private static Duration untilReady(List<Look> answers) {
        long first = answers.getFirst().atNanos();
        return answers.stream()
                .filter(look -> look.status() == 200)
                .findFirst()
                .map(look -> Duration.ofNanos(look.atNanos() - first))
                .orElseThrow(() -> new AssertionError("never ready; the last answer: " + answers.getLast()));
    }

    @ParameterizedTest(name = "with {0} clients")
    @ValueSource(ints = {12, 0})
    void isReadyWithinTwoPollsWithoutASecondWarmUp(int clients) throws IOException, InterruptedException {
        // Llama on 24 GB writes 30 tokens a second: requests take seconds, and are under way at every kill.
        EngineOptions options =
                EngineOptions.builder().profile(Profile.LLAMA_8B_24GB).build();
        int port = PackagedSidecar.freePort();
        URI sidecars = URI.create("http://127.0.0.1:" + port);
        Duration slowest = Duration.ZERO;
        try (SimulatedEngine engine = SimulatedEngine.start(options);
                Prober engineLive = new Prober(sidecars.resolve("/q/health/group/engine"));
                Prober ready = new Prober(sidecars.resolve("/q/health/ready"))) {
            Clients busy = new Clients(engine.uri(), 20261125);
            PackagedSidecar sidecar = start(engine, port, clients, 0);
            Await.until("warm", SOON, () -> sidecar.ready().up());
            assertThat(sidecar.changes()).containsExactly("starting -> warming", "warming -> ready");
            sidecar.child().kill();
            busy.keepBusy(clients, 50);

            for (int life = 1; life <= RESTARTS; life++) {
                ready.life = engineLive.life = life;
                try (PackagedSidecar again = start(engine, port, clients, life)) {
                    int asked = life;
                    Await.until("ready", SOON, () -> ready.answersOf(asked).stream()
                            .anyMatch(look -> look.status() == 200));
                    assertThat(again.changes()).as("life %d", life).containsExactly("starting -> ready");
                }
                Duration took = untilReady(ready.answersOf(life));
                slowest = took.compareTo(slowest) > 0 ? took : slowest;
            }
            busy.stop();
            Await.until("the last requests end", Duration.ofMinutes(1), () -> busy.open() == 0);

            System.out.printf(
                    Locale.ROOT,
                    "%d restarts under %d clients: ready at most %.2f s after the first answer; %d engine probes answered, %d DOWN;"
                            + " %d requests whole, %d lost%n",
                    RESTARTS,
                    clients,
                    slowest.toMillis() / 1e3,
                    engineLive.looks.stream().filter(look -> look.status() != 0).count(),
                    engineLive.looks.stream()
                            .filter(look -> look.status() == 503)
                            .count(),
                    busy.whole(),
                    busy.lost().size());
            // Two polls and half a second on a quiet machine (docs/measurements.md); a warm-up of this engine takes
            // longer than any poll.
            assertThat(slowest).isLessThanOrEqualTo(SOON);
            assertThat(engineLive.looks)
                    .filteredOn(look -> look.status() != 0)
                    .isNotEmpty()
                    .allMatch(look -> look.status() == 200);
            assertThat(busy.lost()).isEmpty();
            assertThat(busy.whole()).isGreaterThanOrEqualTo(clients);
        }
    }

    private static PackagedSidecar start(SimulatedEngine engine, int port, int clients, int life) {
        return PackagedSidecar.beside(
                engine.uri(), "restart-" + clients + "-" + life, Map.of("engine.poll-every", "1s"), port, Map.of());
    }
}
