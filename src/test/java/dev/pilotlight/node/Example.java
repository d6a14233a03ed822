package dev.pilotlight.node;

import dev.pilotlight.process.Await;
import dev.pilotlight.process.Web;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/**
 * k8s/example as an operator applies it, in a namespace of its own: by an overlay that names the images, what the simulated engine is to
 * be like, and resources that the machine has.
 */
final class Example implements AutoCloseable {
    /** Far more than any start here takes. */
    static final Duration START = Duration.ofMinutes(6);

    private static final String WITHOUT_AUTOSCALER = """
            - target: { kind: HorizontalPodAutoscaler }
              patch: '{ apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: { name: any }, $patch: delete }'
            """;

    private final RealNode node;
    private final String namespace;

    private Example(RealNode node, String namespace) {
        this.node = node;
        this.namespace = namespace;
    }

    /** How an example differs from the one in k8s/. */
    static final class Overlay {
        private final String namespace;
        private String sidecar = "jvm";
        private String simulator = "--load-seconds=3";
        private int replicas = 1;
        private boolean autoscaler;
        private String more = "";

        private Overlay(String namespace) {
            this.namespace = namespace;
        }

        /** {@code jvm} or {@code native}, or another tag. */
        Overlay sidecar(String tag) {
            this.sidecar = tag;
            return this;
        }

        /** Flags of the simulated engine. */
        Overlay simulator(String flags) {
            this.simulator = flags;
            return this;
        }

        Overlay replicas(int replicas) {
            this.replicas = replicas;
            return this;
        }

        /** Leaves the autoscaler in, which starts as many pods as it has for its least. */
        Overlay autoscaled() {
            this.autoscaler = true;
            return this;
        }

        /** A setting of the sidecar, such as {@code PILOTLIGHT_LIVENESS_STUCK_AFTER}. */
        Overlay setting(String name, String value) {
            return patch("""
                    - target: { kind: Deployment, name: vllm }
                      patch: |
                        - { op: add, path: /spec/template/spec/initContainers/0/env/-, value: { name: %s, value: "%s" } }
                    """.formatted(name, value));
        }

        /** Further patches, as lines under {@code patches:}. */
        Overlay patch(String yaml) {
            this.more += yaml.indent(2);
            return this;
        }

        private String text() {
            return """
                    apiVersion: kustomize.config.k8s.io/v1beta1
                    kind: Kustomization
                    namespace: %s
                    resources: [../../../k8s/example]
                    patches:
                      - target: { kind: Deployment, name: vllm }
                        patch: |
                          - { op: add, path: /spec/template/spec/initContainers/0/image, value: "%s:%s" }
                          - { op: add, path: /spec/replicas, value: %d }
                          - { op: replace, path: /spec/template/spec/containers/0/resources/requests, value: { cpu: 50m, memory: 256Mi } }
                          - { op: replace, path: /spec/template/spec/containers/0/resources/limits/memory, value: 1Gi }
                          - { op: add, path: /spec/template/spec/containers/0/env/-, value: { name: SIMULATOR, value: "%s" } }
                    """.formatted(namespace, RealNode.SIDECAR, sidecar, replicas, simulator)
                    + (autoscaler ? "" : WITHOUT_AUTOSCALER.indent(2))
                    + more;
        }
    }

    static Overlay in(String namespace) {
        return new Overlay(namespace);
    }

    static Example apply(RealNode node, Overlay overlay) {
        Path folder = Path.of("target/node", overlay.namespace);
        try {
            Files.createDirectories(folder);
            Files.writeString(folder.resolve("kustomization.yaml"), overlay.text());
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
        node.kubectl("apply", "-k", folder.toAbsolutePath().toString()).orFail();
        return new Example(node, overlay.namespace);
    }

    String namespace() {
        return namespace;
    }

    KubernetesClient admin() {
        return node.admin();
    }

    /** The pods that nobody has begun to delete, the oldest first. */
    List<Pod> pods() {
        return admin().pods().inNamespace(namespace).withLabel("app", "vllm").list().getItems().stream()
                .filter(pod -> pod.getMetadata().getDeletionTimestamp() == null)
                .sorted(Comparator.comparing(pod -> pod.getMetadata().getCreationTimestamp()))
                .toList();
    }

    /** The only one, as it is now. */
    Pod pod() {
        List<Pod> pods = pods();
        if (pods.size() != 1) {
            throw new IllegalStateException(pods.size() + " pods in " + namespace + ": want one");
        }
        return pods.getFirst();
    }

    List<Pod> awaitReady(int count) {
        return Await.until(
                count + " pods of " + namespace + " are Ready",
                START,
                this::pods,
                pods -> pods.size() == count && pods.stream().allMatch(RealNode::isReady));
    }

    Pod awaitReady() {
        return awaitReady(1).getFirst();
    }

    Pod now(Pod pod) {
        return admin().resource(pod).get();
    }

    boolean isGone(Pod pod) {
        Pod now = now(pod);
        return now == null
                || !now.getMetadata().getUid().equals(pod.getMetadata().getUid());
    }

    /** Of the sidecar's port. */
    static URI sidecar(Pod pod, String path) {
        return URI.create("http://" + pod.getStatus().getPodIP() + ":9110" + path);
    }

    static Web.Answer ask(Pod pod, String path) throws IOException, InterruptedException {
        return Web.get(sidecar(pod, path));
    }

    /** Restarts of each container, for assertions that name what they saw. */
    Map<String, Integer> restarts(Pod pod) {
        Pod now = now(pod);
        return Map.of("pilotlight", RealNode.restarts(now, "pilotlight"), "vllm", RealNode.restarts(now, "vllm"));
    }

    /** Ends its pods at once, and all else of it. */
    @Override
    public void close() {
        node.kubectl("delete", "deployment", "-n", namespace, "--all", "--cascade=orphan");
        node.kubectl("delete", "rs,pod", "-n", namespace, "--all", "--grace-period=0", "--force");
        node.kubectl("delete", "namespace", namespace, "--wait=false");
    }
}
