package dev.pilotlight.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.process.Await;
import io.fabric8.kubernetes.api.model.Pod;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What a node does to a pod that is well: nothing of it ends a sound engine, or leaves it unready for long. */
@Tag("node")
class RoughNodeIT {
    private static final int CALLERS = 4;
    private static final Duration SOON = Duration.ofMinutes(3);
    private static final Duration A_WHILE = Duration.ofSeconds(60);

    /** The engine's liveness probe begins so long after its container. */
    private static final Duration PROBED = Duration.ofSeconds(130);

    private final RealNode node = RealNode.shared();

    private static void pass(Duration time) {
        Instant until = Instant.now().plus(time);
        Await.until("time has passed", time.plusMinutes(1), () -> Instant.now().isAfter(until));
    }

    /** A kubelet that begins takes a container with a readiness probe for unready until its first answer, whoever asks for the probe. */
    @Test
    void losesNoneWhenTheKubeletStartsAgain() throws Exception {
        String name = "rough-kubelet";
        try (Example example = Example.apply(node, Example.in(name));
                TimeLine line = new TimeLine(node.admin(), name, name);
                Callers crowd = Callers.of(node.admin(), name, "vllm", 1, line::add)) {
            Pod pod = example.awaitReady();
            Await.until(
                    "the callers know the pod", SOON, () -> !crowd.addresses().isEmpty());
            crowd.keepBusy(CALLERS, 100);
            line.fault("the kubelet starts again");
            node.kubelet();
            pass(A_WHILE);
            crowd.stop();
            Await.until("all have ended", SOON, () -> crowd.open() == 0);
            line.add(crowd.tally());
            assertThat(example.restarts(pod)).containsEntry("pilotlight", 0).containsEntry("vllm", 0);
            assertThat(crowd.lost()).isEmpty();
            assertThat(RealNode.isReady(example.now(pod))).isTrue();
        }
    }

    /** The engine's probe is a process of its container. */
    @Test
    void endsNoEngineAtItsLimitOfProcesses() throws Exception {
        String name = "rough-processes";
        try (Example example = Example.apply(node, Example.in(name));
                TimeLine line = new TimeLine(node.admin(), name, name)) {
            Pod pod = example.awaitReady();
            pass(PROBED);
            line.fault("no process can be started");
            node.limitProcesses(pod, "vllm");
            pass(A_WHILE);
            assertThat(example.restarts(pod)).containsEntry("pilotlight", 0).containsEntry("vllm", 0);
            assertThat(RealNode.isReady(example.now(pod))).isTrue();
        }
    }

    /** A wrong flag, say: the kubelet's back-off, and not one moment of Ready. */
    @Test
    void isNeverReadyWhileItsEngineExitsAtOnce() throws Exception {
        String name = "rough-exits";
        try (Example example = Example.apply(node, Example.in(name).simulator("--no-such-flag"));
                TimeLine line = new TimeLine(node.admin(), name, name)) {
            Pod pod = Await.until("a pod", SOON, example::pods, pods -> pods.size() == 1)
                    .getFirst();
            Await.until("it has exited often", SOON, () -> RealNode.restarts(example.now(pod), "vllm") >= 4);
            assertThat(line.first("Ready"::equals)).isEmpty();
            assertThat(RealNode.restarts(example.now(pod), "pilotlight")).isZero();
            assertThat(Example.ask(example.now(pod), "/api/v1/status").json().getString("phase"))
                    .isEqualTo("starting");
        }
    }
}
