package dev.pilotlight.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pilotlight.process.Await;
import dev.pilotlight.process.Said;
import io.fabric8.kubernetes.api.model.Pod;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * A real vLLM as the pod's main container, on the CPU and with a tiny model: loaded, warmed, hung, restarted, drained. Its files are this
 * machine's own (scripts/vllm/vllm.sh install).
 */
@Tag("node")
class RealVllmIT {
    private static final String VERSION = System.getProperty("vllm.version", "0.32.0");
    private static final int STREAMS = 12;
    private static final int SLOTS = 4;
    private static final int TOKENS = 200;
    private static final Duration SOON = Duration.ofMinutes(2);

    /** 40 to 110 s on an idle machine. */
    private static final Duration START = Duration.ofMinutes(15);

    private static final Duration DRAINED = Duration.ofMinutes(6);

    private final RealNode node = RealNode.shared();

    /** The machine's programs and libraries, its python, the installation where it is, and the script that serves. */
    private static Example.Overlay overlay(String name, Path installed) throws IOException {
        String python = Files.readAllLines(installed.resolve("venv/pyvenv.cfg")).stream()
                .filter(line -> line.startsWith("home = "))
                .map(line ->
                        Path.of(line.substring("home = ".length())).getParent().toString())
                .findFirst()
                .orElseThrow();
        Path scripts = Path.of("scripts/vllm").toAbsolutePath();
        return Example.in(name)
                .setting("PILOTLIGHT_LIVENESS_STUCK_AFTER", "10s")
                .setting("PILOTLIGHT_LIVENESS_CANARY_TIMEOUT", "10s")
                .setting("PILOTLIGHT_LIVENESS_LONGEST_STEP", "30s")
                .setting("PILOTLIGHT_ENGINE_MAX_NUM_SEQS", Integer.toString(SLOTS))
                .patch("""
                        - target: { kind: Deployment, name: vllm }
                          patch: |
                            - { op: replace, path: /spec/template/spec/containers/0/resources/limits/memory, value: 8Gi }
                            - { op: add, path: /spec/template/spec/containers/0/command, value: ["%2$s/vllm.sh", serve, "%3$s"] }
                            - { op: replace, path: /spec/template/spec/containers/0/args, value: [--port=8000, --host=0.0.0.0, --served-model-name=qwen3-8b] }
                            - { op: add, path: /spec/template/spec/containers/0/env/-, value: { name: PILOTLIGHT_CACHE, value: "%4$s" } }
                            - { op: add, path: /spec/template/spec/volumes/-, value: { name: machine, hostPath: { path: /usr } } }
                            - { op: add, path: /spec/template/spec/volumes/-, value: { name: python, hostPath: { path: "%5$s" } } }
                            - { op: add, path: /spec/template/spec/volumes/-, value: { name: installed, hostPath: { path: "%1$s" } } }
                            - { op: add, path: /spec/template/spec/volumes/-, value: { name: scripts, hostPath: { path: "%2$s" } } }
                            - { op: add, path: /spec/template/spec/containers/0/volumeMounts/-, value: { name: machine, mountPath: /usr, readOnly: true } }
                            - { op: add, path: /spec/template/spec/containers/0/volumeMounts/-, value: { name: python, mountPath: "%5$s", readOnly: true } }
                            - { op: add, path: /spec/template/spec/containers/0/volumeMounts/-, value: { name: installed, mountPath: "%1$s" } }
                            - { op: add, path: /spec/template/spec/containers/0/volumeMounts/-, value: { name: scripts, mountPath: "%2$s", readOnly: true } }
                        """.formatted(
                        installed, scripts, VERSION, installed.getParent().getParent(), python));
    }

    private static JsonObject status(Pod pod) throws Exception {
        return Example.ask(pod, "/api/v1/status").json();
    }

    private static List<Pod> notInALoop(List<Pod> pods) {
        if (pods.stream().anyMatch(pod -> RealNode.restarts(pod, "vllm") > 1)) {
            throw new Await.Hopeless("vLLM ends again and again: kubectl logs --previous");
        }
        return pods;
    }

    @Test
    void loadsWarmsIsRestartedWhenItsCoreStopsAndDrains() throws Exception {
        List<String> versions = Said.by(new ProcessBuilder("scripts/vllm/vllm.sh", "installed"))
                .output()
                .lines()
                .toList();
        assumeTrue(versions.contains(VERSION), "vLLM " + VERSION + " is not installed: scripts/vllm/vllm.sh install");
        String name = "real-vllm";
        try (TimeLine line = new TimeLine(node.admin(), name, name)) {
            line.fault("kubectl apply -k");
            try (Example example =
                            Example.apply(node, overlay(name, RealNode.cache().resolve("vllm/" + VERSION)));
                    Callers crowd = Callers.of(node.admin(), name, "vllm", 1, line::add)) {
                Pod pod = Await.until(
                                "Ready",
                                START,
                                () -> notInALoop(example.pods()),
                                pods -> pods.size() == 1 && RealNode.isReady(pods.getFirst()))
                        .getFirst();
                line.add("phase " + status(pod).getString("phase") + ", cold start "
                        + status(pod).getValue("coldStartSeconds"));
                assertThat(example.restarts(pod)).containsEntry("vllm", 0).containsEntry("pilotlight", 0);

                crowd.keepBusy(SLOTS, TOKENS);
                Await.until("requests are under way", SOON, () -> crowd.streaming() == SLOTS);
                line.fault("the engine's core is stopped");
                node.exec(pod, "vllm", "pkill", "-STOP", "-f", "VLLM::EngineCore")
                        .orFail();
                line.await("not Ready", SOON, "not Ready"::equals);
                line.await("restarted", SOON, what -> what.startsWith("vllm running, restarts 1"));
                Await.until("Ready again", START, () -> RealNode.isReady(example.now(pod)));
                crowd.stop();
                Await.until("all have ended", SOON, () -> crowd.open() == 0);
                line.add(crowd.tally());
                assertThat(example.restarts(pod)).containsEntry("vllm", 1).containsEntry("pilotlight", 0);

                drain(example, pod, line);
            }
        }
    }

    private void drain(Example example, Pod pod, TimeLine line) {
        try (Callers crowd = Callers.of(node.admin(), example.namespace(), "vllm", 2, line::add)) {
            Await.until(
                    "the callers know the pod", SOON, () -> crowd.addresses().size() == 1);
            crowd.burst(STREAMS, TOKENS);
            Await.until("they are under way", SOON, () -> crowd.open() == STREAMS && crowd.streaming() >= SLOTS);
            line.fault("deleted with " + STREAMS + " streams, on " + SLOTS + " slots");
            node.kubectl(
                            "delete",
                            "pod",
                            "-n",
                            example.namespace(),
                            pod.getMetadata().getName(),
                            "--wait=false")
                    .orFail();
            Await.until("gone", DRAINED, () -> example.isGone(pod));
            Await.until("all have ended", DRAINED, () -> crowd.open() == 0);
            line.add(crowd.tally());
            assertThat(crowd.count(Callers.Outcome.WHOLE)).isEqualTo(STREAMS);
            assertThat(crowd.lost()).isEmpty();
        }
    }
}
