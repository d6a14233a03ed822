package dev.pilotlight.node;

import dev.pilotlight.process.Await;
import dev.pilotlight.process.Child;
import dev.pilotlight.process.Image;
import dev.pilotlight.process.Said;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A real node with its control plane (scripts/node/node.sh), whose network this process joins: its pods, and the API server, are reached
 * from here as from any pod. It ends with the process.
 */
final class RealNode {
    /** The tag of the engine's image in k8s/example. */
    static final String ENGINE = "docker.io/vllm/vllm-openai:v0.32.0";

    /** How images of the sidecar are called. */
    static final String SIDECAR = "pilotlight.test/pilotlight";

    /** What an operator applies once per cluster. */
    private static final Path CLUSTER_WIDE = Path.of("k8s/cluster");

    private static final String SCRIPT = "scripts/node/node.sh";
    private static final Duration BUILD_AND_START = Duration.ofMinutes(40);

    private static RealNode shared;

    private final Path home;
    private final KubernetesClient admin;

    private RealNode(Path home) {
        this.home = home;
        this.admin = new KubernetesClientBuilder()
                .withConfig(Config.fromKubeconfig(read(home.resolve("cp/admin.kubeconfig"))))
                .build();
    }

    /** The one of this process, with the images of the engine and of the sidecar on a JVM and, where given, as a binary. */
    static synchronized RealNode shared() {
        if (shared == null) {
            shared = start();
        }
        return shared;
    }

    private static RealNode start() {
        Path home = Path.of("target/node/n1").toAbsolutePath();
        delete(home.resolve("ready")); // of an earlier one
        Child child = new Child(List.of(SCRIPT, "run", home.toString()), Map.of(), Path.of(home + ".log"), true);
        Await.until("the node is Ready", BUILD_AND_START, () -> {
            if (!child.isAlive()) {
                throw new Await.Hopeless("the node did not start; " + child.lastOfLog());
            }
            return Files.exists(home.resolve("ready"));
        });
        List<String> definitions =
                definitions(); // out of modules that a proxy may have to send: nothing is reached from the namespace
        // Before this thread makes a client: threads join the namespace of those that start them.
        NetworkNamespace.enter(Long.parseLong(read(home.resolve("pid")).strip()));
        RealNode node = new RealNode(home);
        node.image("engine", "name=" + ENGINE);
        node.image("jvm");
        Image.nativeBinary().ifPresent(binary -> node.image("native", "binary=" + binary));
        node.define(definitions);
        return node;
    }

    /** The definitions of the kinds that k8s/example makes objects of. */
    private static List<String> definitions() {
        return Said.by(new ProcessBuilder("scripts/cluster/crds.sh"))
                .orFail()
                .lines()
                .filter(line -> line.contains("monitoring.coreos.com"))
                .toList();
    }

    private void define(List<String> files) {
        for (String file : files) {
            kubectl("apply", "--server-side", "-f", file).orFail();
        }
        kubectl("wait", "--for=condition=Established", "crd", "--all").orFail();
        if (Files.exists(CLUSTER_WIDE)) {
            kubectl("apply", "-k", CLUSTER_WIDE.toString()).orFail();
        }
    }

    /** Where the scripts keep what they have built. */
    static Path cache() {
        String set = System.getenv("PILOTLIGHT_CACHE");
        String all = System.getenv().getOrDefault("XDG_CACHE_HOME", System.getenv("HOME") + "/.cache");
        return set == null ? Path.of(all, "pilotlight") : Path.of(set);
    }

    KubernetesClient admin() {
        return admin;
    }

    Path home() {
        return home;
    }

    Said kubectl(String... arguments) {
        return script("kubectl", arguments);
    }

    /** A program of that name for scripts that call one, with every right. */
    String kubectlScript() {
        return "#!/bin/sh\nexec '" + Path.of(SCRIPT).toAbsolutePath() + "' kubectl '" + home + "' \"$@\"\n";
    }

    void image(String kind, String... settings) {
        script("image", Stream.concat(Stream.of(kind), Stream.of(settings)).toArray(String[]::new))
                .orFail();
    }

    /** Takes an image from the node, as a clean-up of a full disk does. */
    void removeImage(String name) {
        script("ctr", "images", "rm", "--sync", name).orFail();
    }

    /** Sends a signal to the first process of a container, which only the node can. */
    void signal(Pod pod, String container, String signal) {
        script("ctr", "tasks", "kill", "--signal", signal, containerId(pod, container))
                .orFail();
    }

    /** From now on a container can start no process beside those that it has. */
    void limitProcesses(Pod pod, String container) {
        Said.by(new ProcessBuilder("bash", "-c", """
                set -e
                for file in $(find /sys/fs/cgroup -path "*$0*" -name pids.max); do
                    cat ${file%max}current > $file
                done""", containerId(pod, container)))
                .orFail();
    }

    /**
     * Takes so much of a container's memory limit that the kernel kills it for the next pages that it wants, once it has taken back all that it
     * can. The limit is that of this life: the kubelet sets the next one as the pod says.
     */
    void starve(Pod pod, String container) {
        String id = containerId(pod, container);
        Said.by(new ProcessBuilder("bash", "-c", """
                set -e
                for file in $(find /sys/fs/cgroup -path "*$0*" \\( -name memory.limit_in_bytes -o -name memory.max \\)); do
                    # As low as it goes while in use; then, without a page to spare, it is killed.
                    for mib in $(seq 180 -2 10); do echo $((mib << 20)) > $file 2> /dev/null || break; done
                done""".replace("\\\\", "\\"), id)).orFail();
    }

    /** The most memory that a container has used in this life of it, as the kernel counts it against the limit. */
    long peakMiB(Pod pod, String container) {
        return Long.parseLong(Said.by(new ProcessBuilder("bash", "-c", """
                cat $(find /sys/fs/cgroup -path "*$0*" \\( -name memory.max_usage_in_bytes -o -name memory.peak \\)) /dev/null \\
                    | sort -n | tail -n 1""", containerId(pod, container)))
                        .orFail()
                        .strip())
                >> 20;
    }

    /** Runs something in a container; the pod says whether it ended well. */
    Said exec(Pod pod, String container, String... command) {
        List<String> arguments = new ArrayList<>(List.of(
                "exec",
                "-n",
                pod.getMetadata().getNamespace(),
                pod.getMetadata().getName(),
                "-c",
                container,
                "--"));
        arguments.addAll(List.of(command));
        return kubectl(arguments.toArray(String[]::new));
    }

    /** Makes the simulated engine of a pod misbehave, such as {@code hang?when=busy}. */
    void engineFault(Pod pod, String fault) {
        String request = "POST /sim/" + fault + " HTTP/1.0\\r\\nContent-Length: 0\\r\\n\\r\\n";
        Said said = exec(
                pod, "vllm", "bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/8000; printf '" + request + "' >&3; cat <&3");
        if (!said.orFail().contains(" 200 ")) {
            throw new AssertionError(fault + ": " + said.output());
        }
    }

    /** Starts the kubelet again with more lines of configuration; with none, with its own alone. */
    void kubelet(String... lines) {
        script("kubelet", lines).orFail();
    }

    /** Nothing is placed while its memory is short. */
    void awaitNoPressure() {
        Await.until(
                "no pressure, no taint",
                Duration.ofMinutes(3),
                () -> admin.nodes().withName("n1").get().getSpec().getTaints().isEmpty());
    }

    private Said script(String verb, String... arguments) {
        List<String> command = new ArrayList<>(List.of(SCRIPT, verb, home.toString()));
        command.addAll(List.of(arguments));
        return Said.by(new ProcessBuilder(command));
    }

    static Optional<ContainerStatus> status(Pod pod, String container) {
        return Stream.concat(
                        pod.getStatus().getInitContainerStatuses().stream(),
                        pod.getStatus().getContainerStatuses().stream())
                .filter(status -> status.getName().equals(container))
                .findFirst();
    }

    static int restarts(Pod pod, String container) {
        return status(pod, container).map(ContainerStatus::getRestartCount).orElse(0);
    }

    static boolean isReady(Pod pod) {
        return pod.getStatus().getConditions().stream()
                .anyMatch(condition -> condition.getType().equals("Ready")
                        && condition.getStatus().equals("True"));
    }

    private String containerId(Pod pod, String container) {
        Pod now = admin.resource(pod).get();
        return status(now, container).orElseThrow().getContainerID().replace("containerd://", "");
    }

    private static void delete(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }
}
