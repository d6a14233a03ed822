package dev.pilotlight.k8s;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.cluster.ControlPlane;
import dev.pilotlight.process.Await;
import dev.pilotlight.process.Program;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** An operator's first day on a real API server, by the commands of docs/install.md: install, upgrade, roll back, remove. */
@Tag("cluster")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ChartIT {
    private static final Duration SOON = Duration.ofSeconds(60);
    private static final String SYSTEM = "pilotlight-system";

    /** Its own: what the chart makes is of the whole cluster. */
    private final ControlPlane plane = ControlPlane.start("chart");

    private int pods;

    @AfterAll
    void end() {
        plane.close();
    }

    private String helm(String... arguments) {
        List<String> all = new ArrayList<>(List.of(arguments));
        all.addAll(List.of("--kubeconfig", plane.kubeconfig().toString(), "--namespace", SYSTEM));
        return Program.HELM.run(all.toArray(String[]::new)).orFail();
    }

    private String kubectl(String... arguments) {
        return plane.kubectl(arguments).orFail();
    }

    /** The sidecar's image in a pod that is made now; empty where it has none. */
    private String injected(String namespace, boolean keep) {
        String name = "vllm-" + ++pods;
        List<String> run = new ArrayList<>(
                List.of("run", name, "-n", namespace, "--image=vllm/vllm-openai:v0.32.0", "-o", "json"));
        if (!keep) {
            run.add("--dry-run=server");
        }
        return sidecar(new JsonObject(kubectl(run.toArray(String[]::new))));
    }

    private static String sidecar(JsonObject pod) {
        JsonArray containers = pod.getJsonObject("spec").getJsonArray("initContainers", new JsonArray());
        return containers.stream()
                .map(JsonObject.class::cast)
                .filter(it -> it.getString("name").equals("pilotlight"))
                .map(it -> it.getString("image"))
                .findFirst()
                .orElse("");
    }

    private void awaitInjected(String namespace, String image) {
        Await.until("pods get " + image, SOON, () -> injected(namespace, false).equals(image));
    }

    @Test
    void installsUpgradesRollsBackAndLeavesWithoutTouchingARunningPod() {
        String models = plane.namespace("models");
        helm(
                "install",
                "pilotlight",
                "charts/pilotlight",
                "--create-namespace",
                "--set",
                "injection=policy,image.repository=registry.test/pilotlight",
                "--set",
                "namespaces[0].name=" + models + ",namespaces[0].serviceAccounts={default}");
        kubectl("label", "namespace", models, "pilotlight.dev/inject=true");
        awaitInjected(models, "registry.test/pilotlight:0.1.0");
        assertThat(injected(models, true)).isEqualTo("registry.test/pilotlight:0.1.0");
        String running = "vllm-" + pods;
        String before = spec(models, running);
        assertThat(mayPatchPods(models)).isEqualTo("yes");

        helm("upgrade", "pilotlight", "charts/pilotlight", "--reset-then-reuse-values", "--set", "image.tag=0.2.0");
        awaitInjected(models, "registry.test/pilotlight:0.2.0");
        assertThat(spec(models, running)).isEqualTo(before);

        helm("rollback", "pilotlight");
        awaitInjected(models, "registry.test/pilotlight:0.1.0");

        kubectl("label", "namespace", models, "pilotlight.dev/inject-");
        helm("uninstall", "pilotlight");
        assertThat(injected(models, false)).isEmpty();
        assertThat(spec(models, running)).isEqualTo(before);
        assertThat(mayPatchPods(models)).isEqualTo("no");
        assertThat(kubectl("get", "clusterroles,validatingadmissionpolicies,mutatingadmissionpolicies", "-o", "name"))
                .doesNotContain("pilotlight");
    }

    @Test
    void keepsItsCertificateOverUpgrades() {
        String[] set = {"--set", "injection=webhook,image.repository=registry.test/pilotlight,clusterRights=false"};
        helm("install", "webhook", "charts/pilotlight", "--create-namespace", set[0], set[1]);
        String before = kubectl("get", "secret", "pilotlight-injector-tls", "-n", SYSTEM, "-o", "jsonpath={.data}");
        helm("upgrade", "webhook", "charts/pilotlight", "--reset-then-reuse-values", "--set", "image.tag=0.2.0");
        assertThat(kubectl("get", "secret", "pilotlight-injector-tls", "-n", SYSTEM, "-o", "jsonpath={.data}"))
                .isEqualTo(before)
                .contains("ca.crt");
        helm("uninstall", "webhook");
    }

    private String spec(String namespace, String pod) {
        return kubectl(
                "get",
                "pod",
                pod,
                "-n",
                namespace,
                "-o",
                "jsonpath={.metadata.uid}{.spec.initContainers}{.spec.containers}");
    }

    private String mayPatchPods(String namespace) {
        return plane.kubectl(
                        "auth",
                        "can-i",
                        "patch",
                        "pods",
                        "-n",
                        namespace,
                        "--as",
                        "system:serviceaccount:" + namespace + ":default")
                .output()
                .lines()
                .toList()
                .getLast();
    }
}
