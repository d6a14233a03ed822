package dev.pilotlight.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.inject.DocumentedPatch;
import dev.pilotlight.process.Await;
import dev.pilotlight.process.Said;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * A Deployment of vLLM that knows nothing of the sidecar, in a cluster with the policy or with the webhook, which are applied as their
 * folders tell: it lives, and is drained without any rights.
 */
@Tag("node")
class InjectedIT {
    private static final int STREAMS = 50;
    private static final int TOKENS = 300;
    private static final Duration SOON = Duration.ofMinutes(2);
    private static final Duration DRAINED = Duration.ofMinutes(5);

    /** Of the API server's answers and of the webhook's pods: as many as a rollout of the webhook takes. */
    private static final int LEAST_REVIEWS = 50;

    private static final String SYSTEM = "pilotlight-system";
    private static final String INJECTOR = "pilotlight-injector";

    private static final String VLLM = """
            apiVersion: v1
            kind: Namespace
            metadata: { name: %1$s }
            ---
            apiVersion: v1
            kind: Service
            metadata: { name: vllm, namespace: %1$s }
            spec: { selector: { app: vllm }, ports: [{ port: 8000 }] }
            ---
            apiVersion: apps/v1
            kind: Deployment
            metadata: { name: vllm, namespace: %1$s }
            spec:
              selector: { matchLabels: { app: vllm } }
              template:
                metadata: { labels: { app: vllm, pilotlight.dev/inject: "true" } }
                spec:
                  containers:
                    - name: vllm
                      image: %2$s
                      args: [Qwen/Qwen3-8B, --served-model-name=qwen3-8b, --max-num-seqs=64]
                      ports: [{ containerPort: 8000 }]
            """;

    private final RealNode node = RealNode.shared();

    private interface Course {
        void run() throws Exception;
    }

    /** With an overlay over a folder of k8s/, with the patch that the folder's own comment shows. */
    private void with(Path of, Course course) throws Exception {
        Path folder = Files.createDirectories(
                Path.of("target/node/overlay-" + of.getFileName()).toAbsolutePath());
        Files.writeString(
                folder.resolve("kustomization.yaml"),
                new JsonObject()
                        .put(
                                "resources",
                                new JsonArray()
                                        .add(folder.relativize(of.toAbsolutePath())
                                                .toString()))
                        .put("patches", DocumentedPatch.of(of))
                        .encode()
                        .replace(DocumentedPatch.IMAGE, RealNode.SIDECAR + ":jvm"));
        try {
            node.kubectl("apply", "-k", folder.toString()).orFail();
            course.run();
        } finally {
            node.kubectl("delete", "-k", folder.toString());
        }
    }

    private List<Pod> pods(String namespace) {
        return node.admin().pods().inNamespace(namespace).list().getItems();
    }

    private static List<String> sidecars(Pod pod) {
        return pod.getSpec().getInitContainers().stream()
                .map(Container::getName)
                .toList();
    }

    /** Who injects takes a moment until the API server follows it; a pod that it missed is created again. */
    private Pod injected(String namespace) throws IOException {
        Path file = Files.writeString(
                Path.of("target/node", namespace + ".yaml").toAbsolutePath(),
                VLLM.formatted(namespace, RealNode.ENGINE));
        return Await.until(
                        "a pod with the sidecar",
                        SOON,
                        () -> {
                            node.kubectl("apply", "-f", file.toString()).orFail();
                            List<Pod> pods = pods(namespace);
                            if (!pods.isEmpty() && sidecars(pods.getFirst()).isEmpty()) {
                                node.kubectl("delete", "deployment", "-n", namespace, "vllm", "--cascade=foreground");
                            }
                            return pods;
                        },
                        pods -> pods.size() == 1 && sidecars(pods.getFirst()).equals(List.of("pilotlight")))
                .getFirst();
    }

    private void livesAndDrains(String namespace) throws Exception {
        try (TimeLine line = new TimeLine(node.admin(), namespace, namespace);
                Callers crowd = Callers.of(node.admin(), namespace, "vllm", 1, line::add)) {
            Pod pod = injected(namespace);
            Await.until(
                    "Ready",
                    Example.START,
                    () -> RealNode.isReady(node.admin().resource(pod).get()));
            Await.until(
                    "the callers know the pod", SOON, () -> crowd.addresses().size() == 1);
            crowd.burst(STREAMS, TOKENS);
            Await.until("all stream", SOON, () -> crowd.streaming() == STREAMS);
            Pod before = node.admin().resource(pod).get();
            line.fault("deleted");
            node.kubectl("delete", "deployment", "-n", namespace, "vllm").orFail();
            Await.until("gone", DRAINED, () -> pods(namespace).isEmpty());
            Await.until("all have ended", DRAINED, () -> crowd.open() == 0);
            line.add(crowd.tally());

            assertThat(crowd.count(Callers.Outcome.WHOLE)).isEqualTo(STREAMS);
            assertThat(crowd.lost()).isEmpty();
            assertThat(RealNode.restarts(before, "pilotlight")).isZero();
            assertThat(RealNode.restarts(before, "vllm")).isZero();
        } finally {
            node.kubectl("delete", "namespace", namespace, "--wait=false");
        }
    }

    @Test
    void livesAndDrainsByThePolicyAlone() throws Exception {
        with(Path.of("k8s/injection/policy"), () -> livesAndDrains("injected-by-policy"));
    }

    private void withWebhook(Course course) throws Exception {
        with(Path.of("k8s/injection/webhook"), () -> {
            Path tools = Files.createDirectories(Path.of("target/node/bin").toAbsolutePath());
            Path kubectl = Files.writeString(tools.resolve("kubectl"), node.kubectlScript());
            kubectl.toFile().setExecutable(true);
            ProcessBuilder certificate = new ProcessBuilder("scripts/injection/certificate.sh");
            certificate.environment().merge("PATH", tools.toString(), (path, first) -> first + ":" + path);
            Said.by(certificate).orFail();
            String within = "--timeout=" + SOON.toSeconds() + "s";
            node.kubectl("rollout", "status", "-n", SYSTEM, "deployment/" + INJECTOR, within)
                    .orFail();
            course.run();
        });
    }

    private List<Integer> restartsOfTheWebhook() {
        return pods(SYSTEM).stream()
                .map(pod -> RealNode.restarts(pod, "injector"))
                .toList();
    }

    /** Its own pods have a read-only root and the shipped limits, as those that it injects. */
    @Test
    void livesAndDrainsByTheWebhookAlone() throws Exception {
        withWebhook(() -> {
            livesAndDrains("injected-by-webhook");

            assertThat(restartsOfTheWebhook()).containsExactly(0, 0);
        });
    }

    /** A pod that it misses stays without the sidecar: nobody may be missed while its own pods are replaced. */
    @Test
    void missesNoPodWhileTheWebhookIsRolledOut() throws Exception {
        withWebhook(() -> {
            try (TimeLine line = new TimeLine(node.admin(), SYSTEM, "webhook-rolled-out")) {
                List<Pod> before = pods(SYSTEM);
                line.fault("rolled out");
                node.kubectl("rollout", "restart", "-n", SYSTEM, "deployment/" + INJECTOR)
                        .orFail();
                int asked = 0;
                int missed = 0;
                while (asked < LEAST_REVIEWS
                        || before.stream()
                                .anyMatch(pod -> node.admin().resource(pod).get() != null)) {
                    asked++;
                    if (!isInjected()) {
                        missed++;
                        line.add("missed pod " + asked);
                    }
                }
                line.add(missed + " of " + asked + " pods missed");

                assertThat(missed).isZero();
                assertThat(restartsOfTheWebhook()).containsExactly(0, 0);
            }
        });
    }

    /** What the API server would make of a pod. */
    private boolean isInjected() {
        Pod pod = new PodBuilder()
                .withNewMetadata()
                .withGenerateName("asks-")
                .withNamespace("default")
                .addToLabels("pilotlight.dev/inject", "true")
                .endMetadata()
                .withNewSpec()
                .addNewContainer()
                .withName("vllm")
                .withImage(RealNode.ENGINE)
                .withArgs("Qwen/Qwen3-8B")
                .endContainer()
                .endSpec()
                .build();
        return !sidecars(node.admin().resource(pod).dryRun().create()).isEmpty();
    }
}
