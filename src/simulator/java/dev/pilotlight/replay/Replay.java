package dev.pilotlight.replay;

import dev.pilotlight.hpa.PodGroup;
import dev.pilotlight.loop.Policy;
import dev.pilotlight.simulator.Request;
import dev.pilotlight.simulator.Served;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.random.RandomGenerator;

/** One run of a scenario under one policy: a thread, a seed, no clock; the same every time. */
final class Replay {
    private static final long SECOND = 1_000_000_000L;
    private static final int SLICE_SECONDS = 60;
    /** The fleet comes up before the trace begins; until then nothing is counted. */
    private static final int RUN_UP_SECONDS = 120;

    private static final long RUN_UP = RUN_UP_SECONDS * SECOND;

    private final Scenario scenario;
    private final Contender contender;
    private final Scaler scaler;
    private final Policy policy;
    private final Optional<ManagedPool> pool;
    private final RandomGenerator random;
    private final Prometheus prometheus;
    private final List<Pod> pods = new ArrayList<>();
    private final List<Pod> gone = new ArrayList<>();
    private final ArrayDeque<Integer> held = new ArrayDeque<>();
    private final double[] ttft;
    private final double[] replicasPerSlice;
    private final double[] readyPerSlice;
    private final double[] loadPerSlice;
    private final double[] breachesPerSlice;
    private List<Pod> ready = List.of();
    private int wanted;
    private int turn;
    private int served;
    private int ups;
    private int downs;
    private int peak;
    private int created;
    private long preemptions;

    private Replay(Scenario scenario, Contender contender) {
        this.scenario = scenario;
        this.contender = contender;
        this.scaler = contender.making().scaler(scenario);
        Policy set = ProductSettings.policy(scenario.settings());
        this.policy = contender.kind() == Contender.Kind.PILOT_LIGHT ? set : Pod.unlabelled(set);
        this.pool = contender
                .making()
                .pool()
                .map(one -> new ManagedPool(one, contender.making().isManaged(), PodSidecar.instant(0)));
        this.random = Generators.random(scenario.seed());
        this.prometheus = new Prometheus(scenario.scrapeSeconds(), (long) (scenario.adapterSeconds() * SECOND));
        this.ttft = new double[scenario.arrivals().size()];
        int slices = (scenario.seconds() + SLICE_SECONDS - 1) / SLICE_SECONDS;
        this.replicasPerSlice = new double[slices];
        this.readyPerSlice = new double[slices];
        this.loadPerSlice = new double[slices];
        this.breachesPerSlice = new double[slices];
    }

    static Outcome run(Scenario scenario, Contender contender) {
        return new Replay(scenario, contender).run();
    }

    private Outcome run() {
        wanted = contender.making().initial(scenario);
        for (int i = 0; i < wanted; i++) {
            pods.add(created(0, 0, 0));
        }
        Arrivals arrivals = scenario.arrivals();
        int next = 0;
        for (int second = 1 - RUN_UP_SECONDS; second <= scenario.seconds(); second++) {
            long now = second * SECOND + RUN_UP;
            for (; next < arrivals.size() && arrivedNanos(next) < now; next++) {
                arrive(next);
            }
            second(second, now);
        }
        long end = scenario.seconds() * SECOND + RUN_UP;
        pods.forEach(pod -> collect(pod, pod.cut(end)));
        return outcome(end);
    }

    private long arrivedNanos(int index) {
        return scenario.arrivals().atNanos(index) + RUN_UP;
    }

    private void second(int second, long now) {
        for (Pod pod : pods) {
            collect(pod, pod.advance(now));
            pod.second(now);
        }
        pods.removeIf(pod -> {
            boolean isGone = pod.stage() == Pod.Stage.GONE;
            if (isGone) {
                collect(pod, pod.cut(now));
                gone.add(pod);
            }
            return isGone;
        });
        ready = onTraffic();
        pool.ifPresent(leader -> leader.look(pods, PodSidecar.instant(now)));
        while (!held.isEmpty() && !ready.isEmpty()) {
            int index = held.poll();
            send(index, now);
        }
        prometheus.second(pods, second, now);
        if (second <= 0) {
            return;
        }
        if (second % Scenario.SYNC_SECONDS == 0) {
            sync(now);
        }
        note(second);
    }

    private void arrive(int index) {
        if (ready.isEmpty()) {
            held.add(index);
        } else {
            send(index, arrivedNanos(index));
        }
    }

    private void send(int index, long now) {
        Arrivals arrivals = scenario.arrivals();
        int longest = scenario.profile().maxModelLen();
        int output = Math.min(arrivals.outputTokens(index), longest / 2);
        int prompt = Math.min(arrivals.promptTokens(index), longest - output);
        // The key says which request it is when it comes back; without prefix tokens it means nothing to the engine.
        Request request = new Request(prompt, output, output, index, 0);
        choose(now).batch().submit(request, arrivedNanos(index), now);
    }

    private Pod choose(long now) {
        return switch (scenario.router()) {
            case ROUND_ROBIN -> ready.get(turn++ % ready.size());
            case LEAST_IN_FLIGHT -> {
                Pod best = null;
                int fewest = Integer.MAX_VALUE;
                int offset = turn++ % ready.size();
                for (int i = 0; i < ready.size(); i++) {
                    Pod pod = ready.get((i + offset) % ready.size());
                    pod.batch().letPass(now);
                    if (pod.inFlight() < fewest) {
                        best = pod;
                        fewest = pod.inFlight();
                    }
                }
                yield best;
            }
        };
    }

    private void collect(Pod pod, List<Served> answers) {
        for (Served answer : answers) {
            if (!pod.sidecar().takes(answer)) {
                int index = (int) answer.request().prefixKey();
                double seconds = answer.timeToFirstTokenSeconds();
                ttft[index] = seconds;
                served++;
                preemptions += answer.preemptions();
                if (seconds > scenario.sloSeconds()) {
                    breachesPerSlice[slice(scenario.arrivals().atNanos(index))]++;
                }
            }
        }
    }

    private void sync(long now) {
        Set<String> pending = new TreeSet<>();
        Set<String> running = new TreeSet<>();
        for (Pod pod : pods) {
            if (pod.isCounted()) {
                (pod.stage() == Pod.Stage.PENDING ? pending : running).add(pod.name);
            }
        }
        int before = wanted;
        wanted = scaler.replicas(
                prometheus,
                new PodGroup(pending, running, (int)
                        pods.stream().filter(Pod::isReady).count()),
                wanted,
                now - RUN_UP);
        ups += wanted > before ? 1 : 0;
        downs += wanted < before ? 1 : 0;
        peak = Math.max(peak, wanted);
        reconcile(now);
    }

    /** What the ReplicaSet does: creates what is missing, deletes what is too much, the cheapest to lose first. */
    private void reconcile(long now) {
        List<Pod> counted = new ArrayList<>(pods.stream().filter(Pod::isCounted).toList());
        for (int i = counted.size(); i < wanted; i++) {
            long node = scenario.lives().drawNode(random);
            pods.add(created(now, node, scenario.lives().drawLoad(random)));
        }
        if (counted.size() > wanted) {
            counted.sort(FIRST_TO_GO);
            for (Pod victim : counted.subList(0, counted.size() - wanted)) {
                victim.delete(now, scenario.graceSeconds() * SECOND);
            }
            ready = onTraffic();
        }
    }

    private List<Pod> onTraffic() {
        return pods.stream().filter(Pod::isOnTraffic).toList();
    }

    private Pod created(long now, long node, long load) {
        String name = "vllm-" + created;
        Policy own = pool.isPresent() && contender.making().isManaged() ? Pod.managed(policy, name) : policy;
        return new Pod(name, created++, now, node, load, scenario.profile(), own);
    }

    /** The ReplicaSet controller's order: unassigned, not ready, of lower deletion cost, ready for a shorter time, newer. */
    private static final Comparator<Pod> FIRST_TO_GO = Comparator.<Pod>comparingInt(
                    pod -> pod.stage() == Pod.Stage.PENDING ? 0 : 1)
            .thenComparingInt(pod -> pod.isReady() ? 1 : 0)
            .thenComparingInt(Pod::deletionCost)
            .thenComparing(Comparator.comparingLong(Pod::readyNanos).reversed())
            .thenComparing(
                    Comparator.comparingLong((Pod pod) -> pod.createdNanos).reversed())
            .thenComparing(Comparator.comparingInt((Pod pod) -> pod.number).reversed());

    private void note(int second) {
        int slice = Math.min(replicasPerSlice.length - 1, (second - 1) / SLICE_SECONDS);
        replicasPerSlice[slice] += wanted / (double) SLICE_SECONDS;
        readyPerSlice[slice] += ready.size() / (double) SLICE_SECONDS;
        double load = 0;
        for (Pod pod : ready) {
            load += pod.sidecar()
                    .picture()
                    .signals()
                    .map(signals -> signals.load().orElse(0))
                    .orElse(0.0);
        }
        loadPerSlice[slice] += ready.isEmpty() ? 0 : load / ready.size() / SLICE_SECONDS;
    }

    private int slice(long atNanos) {
        return (int) Math.min(breachesPerSlice.length - 1, atNanos / SECOND / SLICE_SECONDS);
    }

    private Outcome outcome(long end) {
        held.forEach(index -> {
            ttft[index] = (end - arrivedNanos(index)) * 1e-9;
            breachesPerSlice[slice(scenario.arrivals().atNanos(index))]++;
        });
        if (served + held.size() != ttft.length) {
            throw new IllegalStateException("%d requests arrived, %d were served, %d are held: some are lost"
                    .formatted(ttft.length, served, held.size()));
        }
        gone.addAll(pods);
        double hours = 0;
        for (Pod pod : gone) {
            hours += ((pod.goneNanos() < 0 ? end : pod.goneNanos()) - Math.max(RUN_UP, pod.createdNanos))
                    / (3600.0 * SECOND);
        }
        long breaches = 0;
        for (double seconds : ttft) {
            breaches += seconds > scenario.sloSeconds() ? 1 : 0;
        }
        double[] sorted = ttft.clone();
        Arrays.sort(sorted);
        int[] perSlice = scenario.arrivals().perSlice(SLICE_SECONDS * SECOND);
        double[] rate = new double[replicasPerSlice.length];
        for (int i = 0; i < perSlice.length && i < rate.length; i++) {
            rate[i] = perSlice[i] / (double) SLICE_SECONDS;
        }
        return new Outcome(
                contender.name(),
                contender.kind(),
                ttft.length,
                breaches,
                hours,
                ups,
                downs,
                peak,
                preemptions,
                new Outcome.Percentiles(at(sorted, 0.5), at(sorted, 0.95), at(sorted, 0.99)),
                new Outcome.Timeline(
                        SLICE_SECONDS, rate, replicasPerSlice, readyPerSlice, loadPerSlice, breachesPerSlice));
    }

    private static double at(double[] sorted, double share) {
        return sorted.length == 0 ? 0 : sorted[(int) Math.min(sorted.length - 1, share * sorted.length)];
    }
}
