package dev.pilotlight.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.process.Await;
import io.fabric8.kubernetes.api.model.Pod;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Every way in which a pod leaves, with sixty streams under way: none is lost where the grace period holds the longest. */
@Tag("node")
class LeavingIT {
    private static final int STREAMS = 60;

    /** Some ten seconds each. */
    private static final int TOKENS = 300;

    private static final Duration SOON = Duration.ofSeconds(60);
    private static final Duration DRAINED = Duration.ofMinutes(4);

    private final RealNode node = RealNode.shared();

    private interface Course {
        void run(Example example, Pod leaving, TimeLine line) throws Exception;
    }

    /** The callers of a pool of so many pods, of which the oldest leaves. */
    private List<String> lost(String name, Example.Overlay overlay, int pods, Course course) throws Exception {
        try (Example example = Example.apply(node, overlay.replicas(pods));
                TimeLine line = new TimeLine(node.admin(), name, name);
                Callers crowd = Callers.of(node.admin(), name, "vllm", 1, line::add)) {
            Pod leaving = example.awaitReady(pods).getFirst();
            Await.until(
                    "the callers know the pods", SOON, () -> crowd.addresses().size() == pods);
            crowd.burst(STREAMS, TOKENS);
            Await.until("all stream", SOON, () -> crowd.streaming() == STREAMS);
            if (pods > 1) {
                crowd.keepBusy(5, TOKENS / 10); // who comes meanwhile goes to the others
            }
            line.fault("the pod is told to leave");
            course.run(example, leaving, line);
            crowd.stop();
            Await.until("all have ended", DRAINED, () -> crowd.open() == 0);
            line.add(crowd.tally());
            assertThat(crowd.count(Callers.Outcome.WHOLE) + crowd.lost().size()).isGreaterThanOrEqualTo(STREAMS);
            return crowd.lost();
        }
    }

    private static void awaitGone(Example example, Pod pod) {
        Await.until("the pod is gone", DRAINED, () -> example.isGone(pod));
    }

    private void delete(Example example, Pod pod) {
        node.kubectl(
                        "delete",
                        "pod",
                        "-n",
                        example.namespace(),
                        pod.getMetadata().getName(),
                        "--wait=false")
                .orFail();
    }

    @Test
    void losesNoneWhenDeleted() throws Exception {
        assertThat(lost("leaving-deleted", Example.in("leaving-deleted"), 1, (example, pod, line) -> {
                    delete(example, pod);
                    awaitGone(example, pod);
                }))
                .isEmpty();
    }

    @Test
    void losesNoneWhenEvictedByTheApiUnderTheDisruptionBudget() throws Exception {
        assertThat(lost("leaving-evicted", Example.in("leaving-evicted"), 2, (example, pod, line) -> {
                    assertThat(example.admin()
                                    .pods()
                                    .inNamespace(example.namespace())
                                    .withName(pod.getMetadata().getName())
                                    .evict())
                            .as("the budget lets one go")
                            .isTrue();
                    awaitGone(example, pod);
                }))
                .isEmpty();
    }

    /** It sets no deletionTimestamp: the pod ends, and stays as Failed. */
    @Test
    void losesNoneWhenEvictedByTheKubelet() throws Exception {
        try {
            assertThat(lost("leaving-pressed", Example.in("leaving-pressed"), 1, (example, pod, line) -> {
                        // More than any machine has free: memory is short from now on.
                        node.kubelet(
                                "evictionSoft: { memory.available: 99% }",
                                "evictionSoftGracePeriod: { memory.available: 1s }",
                                "evictionMaxPodGracePeriod: 330",
                                "evictionPressureTransitionPeriod: 1s");
                        Await.until(
                                "the pod has ended",
                                DRAINED,
                                () -> example.isGone(pod)
                                        || example.now(pod)
                                                .getStatus()
                                                .getPhase()
                                                .equals("Failed"));
                    }))
                    .isEmpty();
        } finally {
            node.kubelet("evictionPressureTransitionPeriod: 1s");
            node.awaitNoPressure();
        }
    }

    @Test
    void losesNoneInARollout() throws Exception {
        assertThat(lost("leaving-rollout", Example.in("leaving-rollout"), 2, (example, pod, line) -> {
                    node.kubectl("rollout", "restart", "-n", example.namespace(), "deployment/vllm")
                            .orFail();
                    node.kubectl(
                                    "rollout",
                                    "status",
                                    "-n",
                                    example.namespace(),
                                    "deployment/vllm",
                                    "--timeout=" + DRAINED.toSeconds() + "s")
                            .orFail();
                    awaitGone(example, pod);
                }))
                .isEmpty();
    }

    @Test
    void losesNoneWhenScaledIn() throws Exception {
        assertThat(lost("leaving-scaled-in", Example.in("leaving-scaled-in"), 2, (example, pod, line) -> {
                    List<Pod> before = example.pods();
                    node.kubectl("scale", "-n", example.namespace(), "deployment/vllm", "--replicas=1")
                            .orFail();
                    Await.until(
                            "one is gone",
                            DRAINED,
                            () -> before.stream().filter(example::isGone).count() == 1);
                }))
                .isEmpty();
    }

    @Test
    void losesNoneWithoutRights() throws Exception {
        assertThat(lost("leaving-no-rights", Example.in("leaving-no-rights").patch("""
                                - target: { kind: Deployment, name: vllm }
                                  patch: |
                                    - { op: replace, path: /spec/template/spec/serviceAccountName, value: default }
                                """), 1, (example, pod, line) -> {
                    delete(example, pod);
                    awaitGone(example, pod);
                }))
                .isEmpty();
    }

    /** Nothing can save what runs longer; it is told, and the pod ends in its time. */
    @Test
    void keepsAGracePeriodThatIsTooShort() throws Exception {
        List<String> lost =
                lost("leaving-short-grace", Example.in("leaving-short-grace").patch("""
                        - target: { kind: Deployment, name: vllm }
                          patch: |
                            - { op: replace, path: /spec/template/spec/terminationGracePeriodSeconds, value: 8 }
                        """), 1, (example, pod, line) -> {
                    delete(example, pod);
                    awaitGone(example, pod);
                    assertThat(line.await("gone", SOON, "gone"::equals)).isLessThan(Duration.ofSeconds(40));
                });
        assertThat(lost).isNotEmpty();
    }
}
