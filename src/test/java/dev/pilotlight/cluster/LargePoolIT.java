package dev.pilotlight.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.kube.ApiAddress;
import dev.pilotlight.kube.ApiClient;
import dev.pilotlight.pool.managed.PoolPolicy;
import dev.pilotlight.process.Await;
import dev.pilotlight.simulator.EngineOptions;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * What a large pool costs the API server and its leader, in steady state and when it promotes standbys: the leader is a packaged sidecar
 * in a process of its own, all others are simulated ones.
 */
@Tag("cluster")
class LargePoolIT {
    /** -Dcluster.pods=1000 -Dcluster.promoted=50 -Dcluster.steady=120 for the figures in docs/measurements.md. */
    private static final int PODS = Integer.getInteger("cluster.pods", 60);

    private static final int PROMOTED = Integer.getInteger("cluster.promoted", 5);
    private static final Duration STEADY = Duration.ofSeconds(Integer.getInteger("cluster.steady", 30));
    private static final Duration LONG = Duration.ofSeconds(300 + PODS);

    private final ControlPlane plane = ControlPlane.shared();
    private final String namespace = plane.namespace("large");
    private volatile double load = 0.5;

    @Test
    void steadyStateCostsNoWriteAndAPromotionOnePerPod() throws IOException, InterruptedException {
        plane.rights(namespace);
        plane.apply(namespace, Path.of("k8s/pool"));
        PoolPolicy policy = new PoolPolicy(1, PROMOTED, 0.7, 0.8, 0.4, Duration.ofSeconds(120));
        List<SimulatedSidecar> sidecars = new ArrayList<>();
        Vertx vertx = Vertx.vertx();
        try (Diary diary = new Diary(plane.admin(), namespace);
                RunningPod leader = leader()) {
            Await.until("the packaged sidecar leads", LONG, () -> leader.status()
                    .getJsonObject("cluster")
                    .containsKey("leaderOfTerm"));
            for (Pod pod : create()) {
                sidecars.add(new SimulatedSidecar(
                        vertx, client(vertx, pod), pod, pod.getStatus().getPodIP(), policy, () -> load));
            }
            awaitStandbys(diary, PROMOTED);
            // Deletion costs are written when a band has held for 30 s, and the last of the ramp-up with them.
            Await.until("the pool is at rest", LONG, () -> writes(Instant.now().minusSeconds(35)) == 0);

            Instant from = Instant.now();
            Usage before = Usage.of(leader, plane);
            Thread.sleep(STEADY);
            Usage after = Usage.of(leader, plane);
            Instant to = Instant.now();
            System.out.printf("%d pods, steady for %d s: %s%n", PODS, STEADY.toSeconds(), rates(from, to));
            System.out.println("  " + after.since(before));
            assertThat(writes(from)).as("writes to pods and the plan").isZero();

            Instant surge = Instant.now();
            load = 0.95;
            awaitStandbys(diary, 0);
            List<Double> labels = diary.all().stream()
                    .filter(entry -> entry.at().isAfter(surge) && entry.state().equals("ready active"))
                    .map(entry -> Duration.between(surge, entry.at()).toNanos() / 1e6)
                    .toList();
            Usage promoted = Usage.of(leader, plane);
            Thread.sleep(2_000);
            System.out.printf("promotion of %d: labels after %s%n", PROMOTED, Delays.of(labels));
            System.out.printf("  requests meanwhile: %s%n", counts(surge, Instant.now()));
            System.out.println("  " + promoted.since(after));
            assertThat(labels).hasSize(PROMOTED);
            assertThat(count(surge, "configmaps", "update"))
                    .as("writes of the plan")
                    .isEqualTo(1);
            assertThat(count(surge, "pods", "patch")).as("patches of pods").isEqualTo(PROMOTED);
        } finally {
            sidecars.forEach(SimulatedSidecar::close);
            vertx.close();
        }
    }

    private RunningPod leader() throws IOException {
        Pod pod = Workload.pod(plane, namespace, "leader", ManagedPool.NAME, Map.of());
        String address = Kubelet.freeAddress();
        report(pod, address);
        return new RunningPod(
                plane,
                pod,
                address,
                // It does as the others do: its own load is one of many.
                EngineOptions.builder(),
                Map.of("pool.mode", "managed", "pool.name", "vllm", "pool.standby", Integer.toString(PROMOTED)));
    }

    /** Makes the other pods, running and ready, each with an address. */
    private List<Pod> create() throws InterruptedException {
        Semaphore lanes = new Semaphore(8);
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            return threads
                    .invokeAll(IntStream.range(1, PODS)
                            .mapToObj(number -> (java.util.concurrent.Callable<Pod>) () -> {
                                lanes.acquire();
                                try {
                                    Pod pod =
                                            Workload.pod(plane, namespace, "pod-" + number, ManagedPool.NAME, Map.of());
                                    return report(pod, Kubelet.freeAddress());
                                } finally {
                                    lanes.release();
                                }
                            })
                            .toList())
                    .stream()
                    .map(java.util.concurrent.Future::resultNow)
                    .toList();
        }
    }

    private Pod report(Pod pod, String address) {
        JsonObject status = new JsonObject()
                .put("phase", "Running")
                .put("podIP", address)
                .put("podIPs", List.of(new JsonObject().put("ip", address)))
                .put("conditions", List.of(new JsonObject().put("type", "Ready").put("status", "True")));
        return plane.admin()
                .pods()
                .inNamespace(namespace)
                .withName(pod.getMetadata().getName())
                .subresource("status")
                .patch(
                        PatchContext.of(PatchType.JSON_MERGE),
                        new JsonObject().put("status", status).encode());
    }

    /** With the pod's own token, as all sidecars; they share threads, and nothing else. */
    private ApiClient client(Vertx vertx, Pod pod) {
        try {
            Path token = Files.writeString(Files.createTempFile("token", ""), plane.tokenFor(pod));
            token.toFile().deleteOnExit();
            return new ApiClient(
                    vertx,
                    Optional.of(new ApiAddress(plane.url(), Optional.of(token), Optional.of(plane.authority()))),
                    Duration.ofSeconds(2));
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    private void awaitStandbys(Diary diary, int standbys) {
        Await.until(
                "all are ready, " + standbys + " as standbys",
                LONG,
                () -> diary.now().stream().collect(Collectors.groupingBy(Diary::state, Collectors.counting())),
                states -> states.getOrDefault("ready active", 0L) == PODS - standbys
                        && states.getOrDefault("ready standby", 0L) == standbys);
    }

    private List<ControlPlane.Request> requests(Instant from, Instant to) {
        return plane.requests(namespace).stream()
                .filter(request -> request.at().isAfter(from) && request.at().isBefore(to))
                .filter(request -> request.user().contains(":pilotlight"))
                .toList();
    }

    /** Writes but those of the lease, which its holder renews. */
    private long writes(Instant from) {
        return requests(from, Instant.now()).stream()
                .filter(request -> request.writes() && !request.resource().equals("leases"))
                .count();
    }

    private long count(Instant from, String resource, String verb) {
        return requests(from, Instant.now()).stream()
                .filter(request ->
                        request.resource().equals(resource) && request.verb().equals(verb))
                .count();
    }

    private Map<String, Long> counts(Instant from, Instant to) {
        return requests(from, to).stream()
                .collect(Collectors.groupingBy(
                        request -> request.verb() + " " + request.resource(), TreeMap::new, Collectors.counting()));
    }

    private String rates(Instant from, Instant to) {
        double seconds = Duration.between(from, to).toMillis() / 1e3;
        return "%.1f requests/s (%s)"
                .formatted(
                        requests(from, to).size() / seconds,
                        counts(from, to).entrySet().stream()
                                .map(it -> "%s %.1f/s".formatted(it.getKey(), it.getValue() / seconds))
                                .collect(Collectors.joining(", ")));
    }

    /** What processes have used so far: /proc/PID/stat counts CPU in hundredths of a second. */
    private record Usage(Instant at, double leaderSeconds, long leaderKiB, double serverSeconds, long serverKiB) {
        static Usage of(RunningPod leader, ControlPlane plane) throws IOException {
            long pid = leader.sidecar().process().pid();
            long server = Long.parseLong(
                    Files.readString(plane.home().resolve("kube-apiserver.pid")).strip());
            return new Usage(Instant.now(), cpuSeconds(pid), residentKiB(pid), cpuSeconds(server), residentKiB(server));
        }

        String since(Usage before) {
            double seconds = Duration.between(before.at, at).toMillis() / 1e3;
            return "leader %.1f %% of a core, %d MiB resident; API server %.1f %% of a core, %d MiB resident"
                    .formatted(
                            100 * (leaderSeconds - before.leaderSeconds) / seconds,
                            leaderKiB / 1024,
                            100 * (serverSeconds - before.serverSeconds) / seconds,
                            serverKiB / 1024);
        }

        private static double cpuSeconds(long pid) throws IOException {
            String stat = Files.readString(Path.of("/proc", Long.toString(pid), "stat"));
            String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
            return (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) / 100.0;
        }

        private static long residentKiB(long pid) throws IOException {
            return Files.readAllLines(Path.of("/proc", Long.toString(pid), "status")).stream()
                    .filter(line -> line.startsWith("VmRSS:"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
                    .findFirst()
                    .orElseThrow();
        }
    }
}
