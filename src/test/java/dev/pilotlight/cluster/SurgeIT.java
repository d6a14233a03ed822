package dev.pilotlight.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.process.Await;
import dev.pilotlight.simulator.EngineOptions;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SortedSet;
import java.util.TreeSet;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A managed pool of six meets a surge: how long from the first request of it until the standbys' labels say active at the API server. */
@Tag("cluster")
class SurgeIT {
    /** -Dcluster.surges=100 for the figures in docs/measurements.md. */
    private static final int SURGES = Integer.getInteger("cluster.surges", 5);

    private static final long SEED = Long.getLong("cluster.seed", 20261125);
    private static final Duration SOON = Duration.ofMinutes(5);
    /** So short that twelve a second come to each pod, as to one of real size: of one a second nobody can tell in a second that it tripled. */
    private static final int TOKENS = 12;
    /** Requests a second: half of what four engines of eight slots do. */
    private static final double USUAL = 48;

    private final ControlPlane plane = ControlPlane.shared();

    @Test
    void standbysTakeTrafficWithinSeconds() throws IOException, InterruptedException {
        Random random = new Random(SEED);
        List<Double> first = new ArrayList<>();
        List<Double> all = new ArrayList<>();
        List<Double> planned = new ArrayList<>();
        try (ManagedPool pool = new ManagedPool(
                        plane,
                        plane.namespace("surge"),
                        6,
                        pod -> EngineOptions.builder(),
                        Map.of("pool.min-active", "4", "pool.standby", "2"));
                Arrivals requests = new Arrivals(pool::offered, TOKENS)) {
            pool.workload().awaitReady(6, SOON);
            pool.await(4, 2, SOON);
            SortedSet<String> usual = pool.pods("ready active");
            for (int surge = 0; surge < SURGES; surge++) {
                requests.become(USUAL);
                Calm.restore(pool, usual);
                // The leader looks once a second: come at any moment of it, and not so often that surges are the usual.
                Thread.sleep(10_000 + random.nextInt(1_000));
                Instant begin = Instant.now();
                requests.become(3 * USUAL);
                SortedSet<String> promoted = new TreeSet<>(pool.pods("ready standby"));
                List<Instant> when = Await.until(
                        "both standbys are active",
                        SOON,
                        () -> promotions(pool, promoted, begin),
                        it -> it.size() == 2);
                first.add(millis(begin, when.getFirst()));
                all.add(millis(begin, when.getLast()));
                pool.plans().stream()
                        .map(ManagedPool.Plan::at)
                        .filter(begin::isBefore)
                        .findFirst()
                        .ifPresent(at -> planned.add(millis(begin, at)));
            }
        }
        System.out.printf("surges with seed %d, until the plan: %s%n", SEED, Delays.of(planned));
        System.out.printf("surges with seed %d, until the first label: %s%n", SEED, Delays.of(first));
        System.out.printf("surges with seed %d, until both labels: %s%n", SEED, Delays.of(all));
        assertThat(Delays.of(first).median()).as("median ms").isLessThan(2_000);
        assertThat(Delays.of(first).quantile(0.99)).as("p99 ms").isLessThan(4_000);
    }

    private static List<Instant> promotions(ManagedPool pool, SortedSet<String> of, Instant since) {
        return pool.diary().all().stream()
                .filter(entry -> entry.at().isAfter(since)
                        && of.contains(entry.pod())
                        && entry.state().equals("ready active"))
                .map(Diary.Entry::at)
                .sorted()
                .toList();
    }

    private static double millis(Instant from, Instant to) {
        return Duration.between(from, to).toNanos() / 1e6;
    }
}
