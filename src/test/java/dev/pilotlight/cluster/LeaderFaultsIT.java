package dev.pilotlight.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.process.Await;
import dev.pilotlight.process.Web;
import dev.pilotlight.simulator.EngineOptions;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The leader of a managed pool is killed, frozen or cut off in the middle of a surge: what must hold all the same. */
@Tag("cluster")
class LeaderFaultsIT {
    /** -Dcluster.faults=50 for the figures in docs/measurements.md. */
    private static final int FAULTS = Integer.getInteger("cluster.faults", 3);

    private static final long SEED = Long.getLong("cluster.seed", 20261125);
    private static final Duration SOON = Duration.ofMinutes(5);
    private static final Duration FREEZE = Duration.ofSeconds(60);
    private static final int MIN_ACTIVE = 4;
    /** Requests of 120 tokens a second: half of what four engines of eight slots do. */
    private static final double USUAL = 4.8;

    private final ControlPlane plane = ControlPlane.shared();

    private enum Fault {
        KILLED,
        FROZEN,
        CUT_OFF
    }

    /** When roles may change more often: from a surge's first request until its end was planned by hand. */
    private record Surge(Instant from, Instant to) {
        boolean covers(Instant at) {
            return !at.isBefore(from) && !at.isAfter(to);
        }
    }

    @Test
    void aLeaderThatFailsInASurgeDoesNoHarm() throws IOException, InterruptedException {
        Random random = new Random(SEED);
        List<Surge> surges = new ArrayList<>();
        List<Double> served = new ArrayList<>();
        Map<Fault, Integer> counts = new TreeMap<>();
        List<ManagedPool.Plan> plans;
        List<Diary.Entry> changes;
        Instant settled;
        int mostLeaders;
        try (ManagedPool pool = new ManagedPool(
                        plane,
                        plane.namespace("faults"),
                        6,
                        pod -> EngineOptions.builder(),
                        Map.of("pool.min-active", Integer.toString(MIN_ACTIVE), "pool.standby", "2"));
                Arrivals requests = new Arrivals(pool::offered, 120)) {
            pool.workload().awaitReady(6, SOON);
            pool.await(4, 2, SOON);
            settled = Instant.now();
            SortedSet<String> usual = pool.pods("ready active");
            Leaders leaders = new Leaders(pool);
            for (int run = 0; run < FAULTS; run++) {
                Fault fault = Fault.values()[(run + random.nextInt(2)) % 3];
                Duration into = Duration.ofMillis(random.nextInt(2_500));
                Duration lasts = fault == Fault.FROZEN ? FREEZE : Duration.ofSeconds(5 + random.nextInt(25));
                counts.merge(fault, 1, Integer::sum);
                requests.become(USUAL);
                Calm.restore(pool, usual);
                RunningPod leader = pool.leader();

                Instant begin = Instant.now();
                requests.become(3 * USUAL);
                Thread.sleep(into);
                Instant struck = Instant.now();
                strike(fault, leader);
                // The frozen or cut leader may be a standby itself; the others can do no more than promote all that
                // they reach.
                Await.until(
                        "the plan names all",
                        SOON,
                        () -> pool.plans().getLast().active().size() >= 5);
                served.add(Duration.between(begin, Instant.now()).toNanos() / 1e6);
                System.out.printf(
                        "run %d: leader %s %s %d ms into the surge, for %d s; all planned after %.0f ms%n",
                        run, leader.name(), fault, into.toMillis(), lasts.toSeconds(), served.getLast());
                Thread.sleep(Math.max(
                        0, lasts.minus(Duration.between(struck, Instant.now())).toMillis()));
                fix(fault, leader);
                pool.workload().awaitReady(6, SOON);
                pool.await(6, 0, SOON);

                requests.become(USUAL);
                pool.leader();
                Calm.restore(pool, usual);
                surges.add(new Surge(begin, Instant.now()));
            }
            mostLeaders = leaders.most();
            leaders.close();
            plans = List.copyOf(pool.plans());
            changes = List.copyOf(pool.diary().all());
        }
        System.out.printf("%d runs with seed %d, %s: until the plan: %s%n", FAULTS, SEED, counts, Delays.of(served));
        System.out.printf(
                "%d plans of %d terms, %d role changes%n",
                plans.size(),
                plans.stream().map(ManagedPool.Plan::term).distinct().count(),
                changes.size());

        assertThat(mostLeaders).as("sidecars that lead at one time").isLessThanOrEqualTo(1);
        assertOneLineOfPlans(plans);
        assertThat(plans.stream().filter(plan -> plan.at().isAfter(settled)))
                .allSatisfy(plan -> assertThat(plan.active()).hasSizeGreaterThanOrEqualTo(MIN_ACTIVE));
        assertNeverTooFew(changes, settled);
        assertCalmOutside(surges, changes, settled);
    }

    private static void strike(Fault fault, RunningPod leader) {
        switch (fault) {
            case KILLED -> leader.sidecar().kill();
            case FROZEN -> leader.freezeSidecar();
            case CUT_OFF -> leader.cutOff();
        }
    }

    private static void fix(Fault fault, RunningPod leader) {
        switch (fault) {
            case KILLED -> {} // the kubelet has done it
            case FROZEN -> leader.thawSidecar();
            case CUT_OFF -> leader.reconnect();
        }
    }

    /** Each plan follows the one before it, and no term has two makers or comes back. */
    private static void assertOneLineOfPlans(List<ManagedPool.Plan> plans) {
        Map<Integer, String> makers = new HashMap<>();
        for (int i = 0; i < plans.size(); i++) {
            ManagedPool.Plan plan = plans.get(i);
            assertThat(makers.computeIfAbsent(plan.term(), _ -> plan.holder()))
                    .as("maker of term %d", plan.term())
                    .isEqualTo(plan.holder());
            if (i > 0) {
                assertThat(plan.generation()).isGreaterThan(plans.get(i - 1).generation());
                assertThat(plan.term()).isGreaterThanOrEqualTo(plans.get(i - 1).term());
            }
        }
    }

    /** By the labels, which the Service goes by. */
    private static void assertNeverTooFew(List<Diary.Entry> changes, Instant settled) {
        Map<String, String> states = new HashMap<>();
        for (Diary.Entry change : changes) {
            states.put(change.pod(), change.state());
            if (change.at().isAfter(settled)) {
                assertThat(states.values().stream().filter(it -> it.endsWith(" active")))
                        .as("active pods at %s: %s", change.at(), states)
                        .hasSizeGreaterThanOrEqualTo(MIN_ACTIVE);
            }
        }
    }

    /** No pod's role changes twice within a minute, unless a surge was on. */
    private static void assertCalmOutside(List<Surge> surges, List<Diary.Entry> changes, Instant settled) {
        Map<String, Diary.Entry> last = new HashMap<>();
        for (Diary.Entry change : changes) {
            Diary.Entry before = last.put(change.pod(), change);
            boolean surged = surges.stream().anyMatch(it -> it.covers(change.at()));
            if (before != null && change.at().isAfter(settled) && !surged) {
                assertThat(Duration.between(before.at(), change.at()))
                        .as("%s was %s, then %s at %s", change.pod(), before.state(), change.state(), change.at())
                        .isGreaterThanOrEqualTo(Duration.ofMinutes(1));
            }
        }
    }

    /** Asks all sidecars again and again who leads; between the end of one leader and the next there are 3 s. */
    private static final class Leaders implements AutoCloseable {
        private static final Duration PATIENCE = Duration.ofMillis(300);
        private static final Duration AT_ONE_TIME = Duration.ofSeconds(2);

        private final Thread thread;
        private volatile int most;

        Leaders(ManagedPool pool) {
            thread = Thread.ofVirtual().start(() -> watch(pool));
        }

        private void watch(ManagedPool pool) {
            while (!Thread.currentThread().isInterrupted()) {
                Instant begin = Instant.now();
                int leaders = 0;
                for (RunningPod pod : pool.kubelet().pods()) {
                    try {
                        leaders += Web.get(pod.at("/api/v1/status"), PATIENCE)
                                        .body()
                                        .contains("leaderOfTerm")
                                ? 1
                                : 0;
                    } catch (IOException _) {
                        // killed or frozen: it says nothing
                    } catch (InterruptedException stop) {
                        return;
                    }
                }
                if (Duration.between(begin, Instant.now()).compareTo(AT_ONE_TIME) < 0) {
                    most = Math.max(most, leaders);
                }
                LockSupport.parkNanos(200_000_000);
            }
        }

        int most() {
            return most;
        }

        @Override
        public void close() {
            thread.interrupt();
        }
    }
}
