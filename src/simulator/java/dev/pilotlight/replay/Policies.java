package dev.pilotlight.replay;

import static dev.pilotlight.hpa.ScalingRules.Select.MAX;
import static dev.pilotlight.hpa.ScalingRules.Unit.PERCENT;
import static dev.pilotlight.hpa.ScalingRules.Unit.PODS;

import dev.pilotlight.hpa.HpaManifest;
import dev.pilotlight.hpa.HpaSpec;
import dev.pilotlight.hpa.MetricTarget;
import dev.pilotlight.hpa.ScalingRules;
import dev.pilotlight.pool.managed.PoolPolicy;
import dev.pilotlight.pool.managed.ScalePolicy;
import dev.pilotlight.replay.Contender.Kind;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** Today's practice, as users write it and as corrected; fixed fleets; an oracle. What the product's signals are measured against. */
final class Policies {
    /** The behavior of the policies as users write them. */
    private static final ScalingRules SLOW_UP = new ScalingRules(
            Duration.ofSeconds(60), MAX, List.of(new ScalingRules.Policy(PODS, 2, Duration.ofSeconds(120))));

    private static final ScalingRules SLOW_DOWN = new ScalingRules(
            Duration.ofSeconds(300), MAX, List.of(new ScalingRules.Policy(PODS, 1, Duration.ofSeconds(300))));
    /** At once, for a pod takes minutes to come up. */
    private static final ScalingRules QUICK_UP = new ScalingRules(
            Duration.ZERO, MAX, List.of(new ScalingRules.Policy(PERCENT, 100, Duration.ofSeconds(60))));

    private Policies() {}

    static List<Contender> baselines(Scenario scenario) {
        double capacity = Capacities.requestsPerSecond(scenario.arrivals(), scenario.profile(), scenario.sloSeconds());
        List<Contender> all = new ArrayList<>(List.of(
                slow("HPA on queue", Kind.AS_WRITTEN, pods("vllm:num_requests_waiting", 5)),
                slow("HPA on KV", Kind.AS_WRITTEN, pods("vllm:gpu_cache_usage_perc", 75)),
                slow(
                        "HPA combined",
                        Kind.AS_WRITTEN,
                        pods("vllm:num_requests_waiting", 5),
                        pods("vllm:gpu_cache_usage_perc", 80)),
                slow("HPA on KV, corrected", Kind.MENDED, pods("vllm:kv_cache_usage_perc", 0.75)),
                slow(
                        COMBINED_MENDED,
                        Kind.MENDED,
                        pods("vllm:num_requests_waiting", 5),
                        pods("vllm:kv_cache_usage_perc", 0.8)),
                keda("KEDA, corrected", 10),
                asOf2026(),
                keda("KEDA, rate at 70 % of a measured pod", 0.7 * capacity),
                quick("llm-d max(queue/5, kv/0.8)", pods("llm_d_saturation", 1)),
                quick(
                        "in flight, target 16",
                        external("sum(vllm:num_requests_running + vllm:num_requests_waiting)", 16)),
                quick(
                        "in flight, target 24",
                        external("sum(vllm:num_requests_running + vllm:num_requests_waiting)", 24)),
                quick(
                        "in flight, target 32",
                        external("sum(vllm:num_requests_running + vllm:num_requests_waiting)", 32))));
        for (int fleet : new int[] {4, 6, 8, 10, 12}) {
            all.add(Contender.fixed(fleet));
        }
        all.add(oracle(capacity));
        return List.copyOf(all);
    }

    static List<Contender> all(Scenario scenario) {
        List<Contender> all = new ArrayList<>(List.of(
                wanted(scenario, false, false),
                withSpare(),
                wanted(scenario, false, true),
                recommended(),
                warmPool(STANDBYS),
                wanted(scenario, true, false),
                wanted(scenario, true, true)));
        all.addAll(baselines(scenario));
        return all;
    }

    /** For a stock HorizontalPodAutoscaler, from each pod's own load. */
    static Contender recommended() {
        Path manifest = MANIFESTS.resolve("load");
        return Contender.hpa("Pilot Light (" + manifest + ")", Kind.PILOT_LIGHT, HpaManifest.read(manifest));
    }

    /** By KEDA, with a quarter of what the load leaves of the most to spare, all of it on traffic. */
    static Contender withSpare() {
        Path manifest = MANIFESTS.resolve("keda/load");
        return Contender.hpa("Pilot Light (" + manifest + ")", Kind.PILOT_LIGHT, HpaManifest.read(manifest));
    }

    /** The manifest and the settings of k8s/example-warm-pool, with so many standbys asked for; of the demand the manifest keeps two thirds. */
    static Contender warmPool(int standbys) {
        Path manifest = MANIFESTS.resolve("warm-pool");
        PoolPolicy usual = PoolPolicy.DEFAULT;
        return Contender.pool(
                "Pilot Light, standbys (%s)".formatted(manifest),
                HpaManifest.read(manifest),
                new PoolPolicy(2, standbys, 1, usual.promoteAt(), usual.demoteAt(), usual.demoteAfter()));
    }

    /**
     * As many pods as the pool's leader says. Managed, what no pod on traffic is wanted for stands by.
     *
     * @param predictive with the load to expect one cold start from now
     */
    static Contender wanted(Scenario scenario, boolean isManaged, boolean predictive) {
        Path manifest = MANIFESTS.resolve("wanted");
        PoolPolicy usual = PoolPolicy.DEFAULT;
        ScalePolicy scale = new ScalePolicy(
                scenario.minReplicas(),
                scenario.maxReplicas(),
                isManaged ? MANAGED_RESERVE : RESERVE,
                ScalePolicy.USUAL_RISK,
                predictive,
                Optional.of(Duration.ofSeconds(Math.round(scenario.lives().totalSeconds()))));
        PoolPolicy pool = new PoolPolicy(
                        2,
                        isManaged ? scenario.maxReplicas() / 2 : 0,
                        1,
                        usual.promoteAt(),
                        usual.demoteAt(),
                        usual.demoteAfter())
                .withScale(scale);
        return Contender.wanted(
                "Pilot Light, wanted%s%s".formatted(isManaged ? ", managed" : "", predictive ? ", predictive" : ""),
                HpaManifest.read(manifest),
                pool,
                isManaged);
    }

    /** {@code pilotlight.scale.reserve}, its default. */
    private static final double RESERVE = 0.26;
    /** The same as docs/pools.md has it for a managed pool. */
    private static final double MANAGED_RESERVE = 0.34;

    private static final Path MANIFESTS = Path.of("k8s/autoscaling");
    /** Of k8s/example-warm-pool. */
    static final int STANDBYS = 7;

    static final String COMBINED_MENDED = "HPA combined, corrected";

    /**
     * With {@code idleReplicaCount} gone and sums for means. Mended further, the rate threshold is what somebody measured of one pod
     * under this very mix of requests, which no manifest can know.
     */
    private static Contender keda(String name, double rate) {
        return Contender.hpa(
                name,
                Kind.MENDED,
                new HpaSpec(
                        name,
                        1,
                        100,
                        List.of(
                                external("sum(vllm:num_requests_waiting)", 5),
                                external("sum(rate(vllm:request_success_total[2m]))", rate)),
                        ScalingRules.DEFAULT_UP,
                        ScalingRules.DEFAULT_DOWN));
    }

    /** Queue and cache as it is written since: the mean of the cache's use, taken for a sum. */
    private static Contender asOf2026() {
        String name = "KEDA, queue 5 and KV 0.6";
        return Contender.hpa(
                name,
                Kind.AS_WRITTEN,
                new HpaSpec(
                        name,
                        1,
                        100,
                        List.of(
                                external("sum(vllm:num_requests_waiting)", 5),
                                external("avg(vllm:kv_cache_usage_perc)", 0.6)),
                        ScalingRules.DEFAULT_UP,
                        ScalingRules.DEFAULT_DOWN));
    }

    private static Contender slow(String name, Kind kind, MetricTarget... metrics) {
        return Contender.hpa(name, kind, new HpaSpec(name, 1, 100, Arrays.asList(metrics), SLOW_UP, SLOW_DOWN));
    }

    private static Contender quick(String name, MetricTarget... metrics) {
        return Contender.hpa(name, Kind.MENDED, new HpaSpec(name, 1, 100, Arrays.asList(metrics), QUICK_UP, SLOW_DOWN));
    }

    static MetricTarget pods(String metric, double average) {
        return new MetricTarget.Pods(metric, Math.round(average * 1000));
    }

    static MetricTarget external(String query, double average) {
        return new MetricTarget.PerReplica(query, Math.round(average * 1000));
    }

    /** Has at every moment as many pods ready as the traffic will need, and deletes them as soon as it will not. */
    private static Contender oracle(double capacity) {
        return new Contender("oracle", Kind.ORACLE, new Contender.Making() {
            @Override
            public Scaler scaler(Scenario scenario) {
                return new Scaler.Foreseen(plan(scenario, capacity));
            }

            @Override
            public int initial(Scenario scenario) {
                return plan(scenario, capacity)[0];
            }
        });
    }

    private static int[] plan(Scenario scenario, double capacity) {
        int slice = 15;
        int[] arrivals = scenario.arrivals().perSlice(slice * 1_000_000_000L);
        int coldStart = (int)
                Math.ceil((scenario.lives().nodeSeconds() + scenario.lives().loadSeconds())
                                * (1 + scenario.lives().spread())
                        + 45);
        int[] plan = new int[scenario.seconds() + 1];
        for (int second = 0; second < plan.length; second++) {
            double most = 0;
            int from = Math.max(0, (second - 60) / slice);
            int to = Math.min(arrivals.length - 1, (second + coldStart) / slice);
            for (int i = from; i <= to; i++) {
                most = Math.max(most, (mean(arrivals, i) / slice));
            }
            plan[second] = Math.clamp(
                    (int) Math.ceil(most / (ORACLE_LOAD * capacity)), scenario.minReplicas(), scenario.maxReplicas());
        }
        return plan;
    }

    /** How full the oracle runs its pods: its own margin for the noise that even it averages over. */
    private static final double ORACLE_LOAD = 0.95;

    private static double mean(int[] arrivals, int index) {
        int from = Math.max(0, index - 1);
        int to = Math.min(arrivals.length - 1, index + 1);
        double sum = 0;
        for (int i = from; i <= to; i++) {
            sum += arrivals[i];
        }
        return sum / (to - from + 1);
    }
}
