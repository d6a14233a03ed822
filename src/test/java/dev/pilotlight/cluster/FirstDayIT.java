package dev.pilotlight.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.process.Await;
import dev.pilotlight.process.Web;
import dev.pilotlight.simulator.EngineOptions;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/**
 * An operator's first day on a control plane that has seen nothing yet, by the commands of docs/install.md: a vLLM Deployment that runs gets
 * the sidecar, is scaled out by the HPA, upgraded, and left alone by the removal.
 */
@Tag("cluster")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class FirstDayIT {
    private static final Duration LONG = Duration.ofMinutes(5);
    private static final String NAMESPACE = "models";

    private ControlPlane plane;
    private Kubelet kubelet;
    private Workload workload;
    private Monitoring monitoring;
    private InstallPage page;

    @BeforeAll
    void start() throws IOException {
        plane = ControlPlane.start("first-day");
        page = new InstallPage(plane, Map.of("registry.example.com", "registry.test", "NAME", "vllm"));
        plane.kubectl("create", "namespace", NAMESPACE).orFail();
        kubelet = new Kubelet(plane, NAMESPACE, _ -> EngineOptions.builder(), Map.of());
        plane.apply(NAMESPACE, Files.writeString(plane.home().resolve("vllm.yaml"), """
                apiVersion: apps/v1
                kind: Deployment
                metadata: { name: vllm }
                spec:
                  replicas: 1
                  selector: { matchLabels: { app: vllm } }
                  template:
                    metadata: { labels: { app: vllm } }
                    spec:
                      containers:
                        - name: vllm
                          image: vllm/vllm-openai:v0.32.0
                          args: ["--model", "tiny", "--max-num-seqs", "8"]
                          ports: [{ containerPort: 8000 }]
                          readinessProbe: { httpGet: { path: /health, port: 8000 } }
                """));
        workload = Workload.existing(plane, NAMESPACE);
        monitoring = Monitoring.start(plane, kubelet, NAMESPACE);
    }

    @AfterAll
    void end() {
        if (monitoring != null) {
            monitoring.close();
        }
        kubelet.close();
        plane.close();
    }

    private static Optional<String> sidecar(Pod pod) {
        return RunningPod.container(pod).map(Container::getImage);
    }

    private List<Pod> awaitReady(int pods, Optional<String> image) {
        return Await.until(
                pods + " pods are ready, with " + image,
                LONG,
                workload::pods,
                all -> all.size() == pods
                        && all.stream()
                                .allMatch(pod ->
                                        Workload.isReady(pod) && sidecar(pod).equals(image)));
    }

    @Test
    void installsScalesUpgradesAndLeaves() throws Exception {
        awaitReady(1, Optional.empty());

        // What the page's table names for a cluster like this: no webhook, which the API server could not reach here,
        // and an adapter that is there.
        page.run(
                "2. The chart",
                "helm install",
                "--set injection=policy",
                "--set 'autoscaling[0].way=load,autoscaling[0].namespace=models,autoscaling[0].deployment=vllm'",
                "--set 'autoscaling[0].minReplicas=1,autoscaling[0].maxReplicas=2'");
        page.run("3. The pods", "kubectl label");
        awaitInjection("registry.test/pilotlight:0.1.0");
        page.run("3. The pods", "kubectl rollout restart");
        List<Pod> first = awaitReady(1, Optional.of("registry.test/pilotlight:0.1.0"));
        assertThat(first.getFirst().getMetadata().getLabels()).containsEntry("pilotlight.dev/phase", "ready");

        try (Crowd _ = new Crowd(workload, kubelet, 60)) {
            awaitReady(2, Optional.of("registry.test/pilotlight:0.1.0"));
            assertThat(events()).contains("pilotlight_load_ratio");
        }

        page.run("Upgrade", "helm upgrade");
        assertThat(workload.pods()).as("pods that run keep theirs").allSatisfy(pod -> assertThat(sidecar(pod))
                .contains("registry.test/pilotlight:0.1.0"));
        awaitInjection("registry.test/pilotlight:0.2.0");
        page.run("3. The pods", "kubectl rollout restart");
        awaitReady(2, Optional.of("registry.test/pilotlight:0.2.0"));

        Await.until(
                "those of the old image have drained",
                LONG,
                () -> kubelet.pods().size() == 2);
        List<String> before = uids();
        page.run("Remove", "kubectl label");
        page.run("Remove", "helm uninstall");
        for (RunningPod pod : kubelet.pods()) {
            assertThat(Web.get(pod.at("/q/health/ready")).status()).isEqualTo(200);
        }
        assertThat(uids()).isEqualTo(before);
        assertThat(plane.kubectl("get", "hpa", "-n", NAMESPACE, "-o", "name").orFail())
                .isEmpty();
        assertThat(plane.kubectl(
                                "get",
                                "clusterroles,validatingadmissionpolicies,mutatingadmissionpolicies",
                                "-o",
                                "name")
                        .orFail())
                .doesNotContain("pilotlight");
        awaitInjection("");
        page.run("3. The pods", "kubectl rollout restart");
        awaitReady(2, Optional.empty());
    }

    /** An API server takes a policy up some seconds after it was made. */
    private void awaitInjection(String image) {
        Await.until(
                "a pod made now has the sidecar \"" + image + "\"",
                LONG,
                () -> plane.kubectl(
                                "run",
                                "try",
                                "-n",
                                NAMESPACE,
                                "--image=vllm/vllm-openai:v0.32.0",
                                "--dry-run=server",
                                "-o",
                                "jsonpath={.spec.initContainers[*].image}")
                        .orFail(),
                image::equals);
    }

    private List<String> uids() {
        return workload.pods().stream().map(pod -> pod.getMetadata().getUid()).toList();
    }

    /** Why the autoscaler did what it did. */
    private String events() {
        return plane.kubectl("get", "events", "-n", NAMESPACE, "-o", "jsonpath={.items[*].message}")
                .orFail();
    }
}
