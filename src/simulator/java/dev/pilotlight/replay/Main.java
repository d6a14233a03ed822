package dev.pilotlight.replay;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** {@code make replay}. */
final class Main {
    private Main() {}

    public static void main(String[] args) throws Exception {
        long t0 = System.nanoTime();
        Scenario scenario = Scenarios.reference(Path.of("../shared/traces"));
        System.out.printf("%d requests %.1f/s capacity %.2f%n", scenario.arrivals().size(), scenario.arrivals().meanRate(),
                Capacities.requestsPerSecond(scenario.arrivals(), scenario.profile(), 2));
        List<Contender> all = new ArrayList<>(Policies.baselines(scenario));
        for (double target : new double[] {0.5, 0.6, 0.7, 0.8}) {
            all.add(Policies.load(target));
        }
        ExecutorService pool = Executors.newFixedThreadPool(2);
        List<Future<Outcome>> outcomes = all.stream().map(c -> pool.submit(() -> Replay.run(scenario, c))).toList();
        for (Future<Outcome> f : outcomes) {
            Outcome o = f.get();
            System.out.printf(Locale.ROOT, "%-34s %6.2f %% %6.1f h  %3d moves peak %2d  p50 %.2f p95 %.2f p99 %.2f%n", o.policy(), 100 * o.breachShare(), o.gpuHours(), o.moves(), o.peakReplicas(), o.ttft().p50(), o.ttft().p95(), o.ttft().p99());
        }
        pool.shutdown();
        System.out.printf("%.1f s%n", (System.nanoTime() - t0) * 1e-9);
    }
}
