package dev.pilotlight.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.process.Await;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A Deployment of vLLM that knows nothing of the sidecar, in a cluster with the policy: it lives, and is drained without any rights. */
@Tag("node")
class InjectedIT {
    private static final int STREAMS = 50;
    private static final int TOKENS = 300;
    private static final Duration SOON = Duration.ofMinutes(2);
    private static final Duration DRAINED = Duration.ofMinutes(5);
    private static final Path FOLDER = Path.of("target/node/policy");

    /** As the folder's own kustomization.yaml shows it. */
    private static final String POLICY = """
            apiVersion: kustomize.config.k8s.io/v1beta1
            kind: Kustomization
            resources: [../../../k8s/injection/policy]
            patches:
              - target: { kind: MutatingAdmissionPolicy }
                patch: '[{ "op": "replace", "path": "/spec/variables/0/expression", "value": "''%s:jvm''" }]'
            """.formatted(RealNode.SIDECAR);

    private static final String VLLM = """
            apiVersion: v1
            kind: Namespace
            metadata: { name: injected }
            ---
            apiVersion: v1
            kind: Service
            metadata: { name: vllm, namespace: injected }
            spec: { selector: { app: vllm }, ports: [{ port: 8000 }] }
            ---
            apiVersion: apps/v1
            kind: Deployment
            metadata: { name: vllm, namespace: injected }
            spec:
              selector: { matchLabels: { app: vllm } }
              template:
                metadata: { labels: { app: vllm, pilotlight.dev/inject: "true" } }
                spec:
                  containers:
                    - name: vllm
                      image: %s
                      args: [Qwen/Qwen3-8B, --served-model-name=qwen3-8b, --max-num-seqs=64]
                      ports: [{ containerPort: 8000 }]
            """.formatted(RealNode.ENGINE);

    private final RealNode node = RealNode.shared();

    private void apply(String how, Path what, String text, String name) throws IOException {
        Files.createDirectories(FOLDER);
        Files.writeString(FOLDER.resolve(name), text);
        node.kubectl("apply", how, what.toAbsolutePath().toString()).orFail();
    }

    private List<Pod> pods() {
        return node.admin().pods().inNamespace("injected").list().getItems();
    }

    private static List<String> names(List<Container> containers) {
        return containers.stream().map(Container::getName).toList();
    }

    @Test
    void livesAndDrainsByThePolicyAlone() throws Exception {
        apply("-k", FOLDER, POLICY, "kustomization.yaml");
        try (TimeLine line = new TimeLine(node.admin(), "injected", "injected");
                Callers crowd = Callers.of(node.admin(), "injected", "vllm", 1, line::add)) {
            // A policy takes a moment until the API server follows it; a pod that it missed is made anew.
            Pod pod = Await.until(
                            "a pod with the sidecar",
                            SOON,
                            () -> {
                                apply("-f", FOLDER.resolve("vllm.yaml"), VLLM, "vllm.yaml");
                                List<Pod> pods = pods();
                                if (!pods.isEmpty()
                                        && names(pods.getFirst().getSpec().getInitContainers())
                                                .isEmpty()) {
                                    node.kubectl(
                                            "delete", "deployment", "-n", "injected", "vllm", "--cascade=foreground");
                                }
                                return pods;
                            },
                            pods -> pods.size() == 1
                                    && names(pods.getFirst().getSpec().getInitContainers())
                                            .equals(List.of("pilotlight")))
                    .getFirst();
            Await.until(
                    "Ready",
                    Example.START,
                    () -> RealNode.isReady(node.admin().resource(pod).get()));
            Await.until(
                    "the callers know the pod", SOON, () -> crowd.addresses().size() == 1);
            crowd.burst(STREAMS, TOKENS);
            Await.until("all stream", SOON, () -> crowd.streaming() == STREAMS);
            line.fault("deleted");
            node.kubectl("delete", "deployment", "-n", "injected", "vllm").orFail();
            Await.until("gone", DRAINED, () -> pods().isEmpty());
            Await.until("all have ended", DRAINED, () -> crowd.open() == 0);
            line.add(crowd.tally());

            assertThat(crowd.count(Callers.Outcome.WHOLE)).isEqualTo(STREAMS);
            assertThat(crowd.lost()).isEmpty();
        } finally {
            node.kubectl("delete", "-k", FOLDER.toAbsolutePath().toString());
            node.kubectl("delete", "namespace", "injected", "--wait=false");
        }
    }
}
