package dev.pilotlight.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.process.Await;
import io.fabric8.kubernetes.api.model.Pod;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Pods that are unlike the example: they live, too, and are drained where they say how. */
@Tag("node")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class OtherPodsIT {
    private static final int STREAMS = 60;
    private static final int TOKENS = 300;
    private static final Duration SOON = Duration.ofMinutes(2);
    private static final Duration DRAINED = Duration.ofMinutes(4);

    /** The engine's liveness probe begins after two minutes, and fails twice in ten seconds. */
    private static final Duration PROBED = Duration.ofSeconds(150);

    private static final String WITHOUT_A_SHELL = """
            - target: { kind: Deployment, name: vllm }
              patch: |
                - { op: replace, path: /spec/template/spec/containers/0/image, value: "pilotlight.test/engine-bare:1" }
                - { op: replace, path: /spec/template/spec/containers/0/args, value: [--host=0.0.0.0, --model=qwen3-8b, --max-num-seqs=64, --load-seconds=3] }
            """;

    private final RealNode node = RealNode.shared();

    @BeforeAll
    void build() {
        node.image("engine-bare");
    }

    private interface Course {
        void run(Example example, Pod pod) throws Exception;
    }

    /** Lives through the course, and is deleted with streams under way. Says how many were whole. */
    private long whole(String name, Example.Overlay overlay, Course course) throws Exception {
        try (Example example = Example.apply(node, overlay);
                TimeLine line = new TimeLine(node.admin(), name, name);
                Callers crowd = Callers.of(node.admin(), name, "vllm", 1, line::add)) {
            Pod pod = example.awaitReady();
            course.run(example, pod);
            Await.until(
                    "the callers know the pod", SOON, () -> !crowd.addresses().isEmpty());
            crowd.burst(STREAMS, TOKENS);
            Await.until("all stream", SOON, () -> crowd.streaming() == STREAMS);
            assertThat(example.restarts(pod)).containsEntry("pilotlight", 0).containsEntry("vllm", 0);
            line.fault("deleted");
            node.kubectl("delete", "pod", "-n", name, pod.getMetadata().getName(), "--wait=false")
                    .orFail();
            Await.until("gone", DRAINED, () -> example.isGone(pod));
            Await.until("all have ended", DRAINED, () -> crowd.open() == 0);
            line.add(crowd.tally());
            return crowd.count(Callers.Outcome.WHOLE);
        }
    }

    private static String lines(String manifest) throws IOException {
        return Files.readString(Path.of("k8s/sidecar", manifest));
    }

    /** As the label {@code pilotlight.dev/without-shell} makes it: probe and hook over HTTP. */
    @Test
    void drainsWithoutAShellWhereThePodSaysSo() throws Exception {
        String overHttp = "- target: { kind: Deployment, name: vllm }\n  patch: |\n"
                + ("- { op: remove, path: /spec/template/spec/containers/0/lifecycle }\n"
                                + lines("pre-stop-http.yaml")
                                + lines("liveness-probe-http.yaml"))
                        .indent(4);
        assertThat(whole(
                        "other-http", Example.in("other-http").patch(WITHOUT_A_SHELL + overHttp), (example, pod) -> {}))
                .isEqualTo(STREAMS);
    }

    /** Its probe cannot run, which is no verdict. Nor can its hook: the kubelet says so, and nothing is drained. */
    @Test
    void livesWithoutAShellWhereThePodDoesNotSaySo() throws Exception {
        whole("other-bare", Example.in("other-bare").patch(WITHOUT_A_SHELL), (example, pod) -> {
            Instant until = Instant.now().plus(PROBED);
            Await.until(
                    "time to be probed",
                    PROBED.plusMinutes(1),
                    () -> Instant.now().isAfter(until) || RealNode.restarts(example.now(pod), "vllm") > 0);
            assertThat(RealNode.isReady(example.now(pod))).isTrue();
        });
    }

    @Test
    void drainsOnTheHostsNetwork() throws Exception {
        assertThat(whole("other-host", Example.in("other-host").patch("""
                        - target: { kind: Deployment, name: vllm }
                          patch: |
                            - { op: add, path: /spec/template/spec/hostNetwork, value: true }
                        """), (example, pod) -> {}))
                .isEqualTo(STREAMS);
    }

    /** Nothing can be saved, and nothing hangs. */
    @Test
    void endsAtOnceWithoutAGracePeriod() throws Exception {
        assertThat(whole("other-no-grace", Example.in("other-no-grace").patch("""
                        - target: { kind: Deployment, name: vllm }
                          patch: |
                            - { op: replace, path: /spec/template/spec/terminationGracePeriodSeconds, value: 0 }
                        """), (example, pod) -> {}))
                .isZero();
    }
}
