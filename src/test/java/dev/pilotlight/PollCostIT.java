package dev.pilotlight;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pilotlight.process.Await;
import dev.pilotlight.process.Image;
import dev.pilotlight.process.PackagedSidecar;
import dev.pilotlight.process.WaitsMostly;
import dev.pilotlight.simulator.EngineOptions;
import dev.pilotlight.simulator.SimulatedEngine;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/**
 * What a poll costs the sidecar itself, garbage and CPU, by its JVM's own account of each thread. Garbage is a matter of the code alone, and
 * is held to a bound; CPU depends on the machine, and is only said.
 */
@WaitsMostly
class PollCostIT {
    private static final int POLLS = Integer.getInteger("poll.polls", 80);
    /** Until the JVM has compiled what a poll runs. */
    private static final int POLLS_BEFORE = Integer.getInteger("poll.before", 30);

    /** Measured: 52 to 55 KB, of which half is the HTTP client's; 68 KB with streams in the verdicts and a virtual thread that waits. */
    private static final long MOST_BYTES = 62_000;

    /** Every tenth poll asks for the histograms, too. */
    private static final Duration PERIOD = Duration.ofMillis(500);

    private static final Duration FAR = Duration.ofMinutes(5);

    private record Cost(long polls, Map<String, PackagedSidecar.ThreadCost> threads) {}

    private static Cost cost(PackagedSidecar sidecar) throws Exception {
        return new Cost(polls(sidecar), sidecar.threadCosts());
    }

    private static long polls(PackagedSidecar sidecar) throws Exception {
        return sidecar.metrics().stream()
                .filter(line -> line.startsWith("pilotlight_poll_seconds_count{") && line.contains("source=\"engine\""))
                .mapToLong(line -> (long) Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                .sum();
    }

    @Test
    void makesLittleGarbage() throws Exception {
        assumeTrue(Image.nativeBinary().isEmpty(), "a native binary keeps no account of its threads");
        try (SimulatedEngine engine = SimulatedEngine.start(EngineOptions.defaults());
                PackagedSidecar sidecar = PackagedSidecar.beside(
                        engine.uri(), "poll-cost", Map.of("engine.poll-every", PERIOD.toMillis() + "ms"))) {
            Await.until("ready", FAR, () -> sidecar.ready().up());
            Cost before = after(sidecar, cost(sidecar).polls() + POLLS_BEFORE);
            Cost after = after(sidecar, before.polls() + POLLS);

            long polls = after.polls() - before.polls();
            Map<String, Long> bytes = new TreeMap<>();
            Map<String, Double> milliseconds = new TreeMap<>();
            after.threads().forEach((thread, cost) -> {
                PackagedSidecar.ThreadCost then =
                        before.threads().getOrDefault(thread, new PackagedSidecar.ThreadCost(0, 0));
                bytes.put(thread, (cost.allocatedBytes() - then.allocatedBytes()) / polls);
                milliseconds.put(thread, (cost.cpuMillis() - then.cpuMillis()) / polls);
            });
            long all = bytes.values().stream().mapToLong(Long::longValue).sum();
            System.out.printf(
                    "a poll of %d: %d bytes, %.3f ms of CPU; bytes by thread %s; CPU by thread %s%n",
                    polls,
                    all,
                    milliseconds.values().stream()
                            .mapToDouble(Double::doubleValue)
                            .sum(),
                    bytes,
                    milliseconds);
            assertThat(all).as("bytes a poll, by thread: %s", bytes).isLessThan(MOST_BYTES);
        }
    }

    private static Cost after(PackagedSidecar sidecar, long polls) throws Exception {
        // A scrape costs, too: two or three of them.
        for (long now = polls(sidecar); now < polls; now = polls(sidecar)) {
            Thread.sleep(PERIOD.multipliedBy(polls - now + 1));
        }
        return cost(sidecar);
    }
}
