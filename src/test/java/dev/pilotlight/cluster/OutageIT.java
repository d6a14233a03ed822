package dev.pilotlight.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.cluster.ControlPlane.Component;
import dev.pilotlight.process.Web;
import dev.pilotlight.simulator.EngineOptions;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The API server is gone and comes back: the pods of a managed pool do as before, and say so in one line each way. */
@Tag("cluster")
class OutageIT {
    /** -Dcluster.outage=600 for the ten minutes of a release. */
    private static final Duration OUTAGE = Duration.ofSeconds(Integer.getInteger("cluster.outage", 40));

    private static final Duration SOON = Duration.ofMinutes(5);

    private final ControlPlane plane = ControlPlane.start("outage");
    private ManagedPool pool;
    private Clients clients;

    @BeforeEach
    void start() {
        pool = new ManagedPool(
                plane,
                plane.namespace("outage"),
                3,
                pod -> EngineOptions.builder(),
                Map.of("pool.min-active", "2", "pool.standby", "1"));
        clients = new Clients(pool::offered, 60);
        pool.workload().awaitReady(3, SOON);
        pool.await(2, 1, SOON);
        clients.become(8);
        Calm.await(pool, pool.pods("ready active"));
        pool.leader();
    }

    @AfterEach
    void end() {
        clients.close();
        pool.close();
        plane.close();
    }

    @Test
    void aServerThatIsDownChangesNothing() throws IOException, InterruptedException {
        pods(() -> plane.stop(Component.API_SERVER), () -> plane.start(Component.API_SERVER));
    }

    @Test
    void aServerThatHangsChangesNothing() throws IOException, InterruptedException {
        pods(() -> plane.freeze(Component.API_SERVER), () -> plane.thaw(Component.API_SERVER));
    }

    private void pods(Runnable goes, Runnable comes) throws IOException, InterruptedException {
        List<RunningPod> pods = pool.kubelet().pods();
        Map<String, Long> linesBefore = new TreeMap<>();
        for (RunningPod pod : pods) {
            linesBefore.put(pod.name(), (long) pod.sidecar().log().size());
        }
        SortedSet<String> active = pool.pods("ready active");
        Map<String, String> roles = roles(pods);
        List<ManagedPool.Plan> plans = List.copyOf(pool.plans());

        goes.run();
        List<Double> answers = new ArrayList<>();
        List<String> wrong = new ArrayList<>();
        long over = System.nanoTime() + OUTAGE.toNanos();
        while (System.nanoTime() < over) {
            for (RunningPod pod : pods) {
                for (String path : List.of("/q/health/live", "/q/health/ready", "/q/health/group/engine", "/metrics")) {
                    answers.add(timed(pod.at(path), wrong));
                }
                if (pod.metric("pilotlight_load_ratio ").isEmpty()) {
                    wrong.add(pod.name() + " says no load");
                }
            }
            if (!roles(pods).equals(roles)) {
                wrong.add("roles " + roles(pods));
            }
            Thread.sleep(1_000);
        }
        System.out.printf("API server away for %d s; probes and scrapes: %s%n", OUTAGE.toSeconds(), Delays.of(answers));
        assertThat(wrong).isEmpty();

        comes.run();
        plane.awaitAnswer();
        // The longest that a sidecar waits between two tries is half a minute; then it has to be served for some
        // seconds.
        Thread.sleep(60_000);
        assertThat(roles(pods)).isEqualTo(roles);
        assertThat(pool.pods("ready active")).isEqualTo(active);
        assertThat(pool.plans().getLast().active()).isEqualTo(plans.getLast().active());
        for (RunningPod pod : pods) {
            List<String> lines = pod.sidecar().log().stream()
                    .skip(linesBefore.get(pod.name()))
                    .filter(line -> line.contains("API server"))
                    // The end of a silence of before, on a busy machine.
                    .dropWhile(line -> line.contains("answers again"))
                    .toList();
            System.out.println(pod.name() + " wrote\n  " + String.join("\n  ", lines));
            assertThat(lines).hasSize(2);
            assertThat(lines.getFirst()).contains("WARN");
            assertThat(lines.getLast()).contains("answers again");
        }
    }

    private static double timed(URI uri, List<String> wrong) throws IOException, InterruptedException {
        long begin = System.nanoTime();
        int status = Web.get(uri).status();
        if (status != 200) {
            wrong.add(uri + ": " + status);
        }
        return (System.nanoTime() - begin) / 1e6;
    }

    private static Map<String, String> roles(List<RunningPod> pods) throws IOException, InterruptedException {
        Map<String, String> roles = new TreeMap<>();
        for (RunningPod pod : pods) {
            roles.put(pod.name(), pod.status().getString("role", ""));
        }
        return roles;
    }
}
