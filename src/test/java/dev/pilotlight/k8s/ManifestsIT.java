package dev.pilotlight.k8s;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.pilotlight.cluster.ControlPlane;
import dev.pilotlight.process.Await;
import dev.pilotlight.process.Said;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A real API server takes all that stands under k8s/, with the definitions of KEDA, prometheus-operator, Karpenter, cert-manager, KServe, InferencePool and LeaderWorkerSet of
 * current releases (scripts/cluster/crds.sh), and with every field known and valid.
 */
@Tag("cluster")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ManifestsIT {
    private static final String[] DRY_RUN = {"apply", "--dry-run=server", "--validate=strict"};

    /** Its definition is in no Go module that a proxy serves. */
    private static final String GOOGLES = "monitoring.googleapis.com/v1";

    private final ControlPlane plane = ControlPlane.shared();

    private Path folder;

    @BeforeAll
    void defineTheKinds(@TempDir Path folder) throws IOException, InterruptedException {
        this.folder = folder;
        for (String file : crds()) {
            // Server side: an annotation has no room for a definition of this size.
            plane.kubectl("apply", "--server-side", "-f", file).orFail();
        }
        // It fails at once on a definition whose status says nothing yet.
        Await.until(
                "the kinds are established",
                Duration.ofSeconds(60),
                () -> plane.kubectl("wait", "--for=condition=Established", "crd", "--all")
                                .code()
                        == 0);
        plane.kubectl("create", "namespace", "vllm");
        plane.kubectl("create", "namespace", "pilotlight-system");
        plane.kubectl("create", "namespace", "gpu-operator");
        Await.until(
                "the kinds are served",
                Duration.ofSeconds(30),
                () -> dryRun(built(Path.of("k8s/autoscaling/keda/load"))).code() == 0);
    }

    private static List<String> crds() throws IOException, InterruptedException {
        Process script = new ProcessBuilder("scripts/cluster/crds.sh")
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        List<String> files = new String(script.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
                .lines()
                .toList();
        assertThat(script.waitFor()).as("exit code of scripts/cluster/crds.sh").isZero();
        return files;
    }

    static Stream<Kustomization> all() {
        return Kustomization.all().stream();
    }

    @ParameterizedTest
    @MethodSource("all")
    void isAccepted(Kustomization kustomization) throws IOException {
        List<JsonNode> objects = built(kustomization.folder());
        List<JsonNode> known = objects.stream()
                .filter(object -> !object.path("apiVersion").asText().equals(GOOGLES))
                .toList();

        Said said = dryRun(known);

        assertThat(said.output().lines().filter(line -> line.endsWith("(server dry run)")))
                .as(said.output())
                .hasSameSizeAs(known);
        assertThat(said.code()).isZero();
        if (known.size() < objects.size()) {
            abort("accepted but for " + GOOGLES + ", which nobody here defines");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "k8s/example, initContainers[0].image: Required value",
        "k8s/injection/webhook, containers[0].image: Required value",
        "k8s/injection/policy, undeclared reference to 'name_the_image_of_the_sidecar'"
    })
    void refusesWhereNobodyNamedAnImage(String folder, String why) {
        Said said = plane.kubectl("apply", "--dry-run=server", "--validate=strict", "-k", folder);
        assertThat(said.code()).isNotZero();
        assertThat(said.output()).contains(why);
    }

    @Test
    void refusesAFieldThatAScaledObjectDoesNotHave() throws IOException {
        assertThat(refusal("k8s/autoscaling/keda/load", "ScaledObject", scaler -> spec(scaler)
                        .put("minReplicas", 2)))
                .contains("unknown field \"spec.minReplicas\"");
    }

    @Test
    void refusesAFallbackThatKedaDoesNotKnow() throws IOException {
        assertThat(refusal("k8s/autoscaling/keda/load", "ScaledObject", scaler -> ((ObjectNode)
                                spec(scaler).path("fallback"))
                        .put("behavior", "hope")))
                .contains("spec.fallback.behavior: Unsupported value: \"hope\"");
    }

    /** Where v1beta1 had it. */
    @Test
    void refusesAnExpiryOutsideOfTheNodesTemplate() throws IOException {
        assertThat(refusal("k8s/nodes/karpenter", "NodePool", pool -> ((ObjectNode)
                                spec(pool).path("disruption"))
                        .put("expireAfter", "720h")))
                .contains("unknown field \"spec.disruption.expireAfter\"");
    }

    @Test
    void refusesAnAlertWithoutAnExpression() throws IOException {
        assertThat(refusal("k8s/monitoring", "PrometheusRule", rule -> ((ObjectNode)
                                spec(rule).at("/groups/0/rules/0"))
                        .remove("expr")))
                .contains("rules[0].expr: Required value");
    }

    @Test
    void refusesAHorizontalPodAutoscalerWhoseLeastIsAboveItsMost() throws IOException {
        assertThat(refusal("k8s/autoscaling/load", "HorizontalPodAutoscaler", hpa -> spec(hpa)
                        .put("minReplicas", 15)))
                .contains("spec.maxReplicas: Invalid value: 14: must be greater than or equal to `minReplicas`");
    }

    /** What the API server says to the objects of a folder after one of them was spoilt. */
    private String refusal(String path, String kind, Consumer<JsonNode> spoil) throws IOException {
        List<JsonNode> objects = built(Path.of(path));
        objects.stream()
                .filter(object -> object.path("kind").asText().equals(kind))
                .findFirst()
                .ifPresent(spoil);
        Said said = dryRun(objects);
        assertThat(said.code()).isNotZero();
        return said.output();
    }

    /** With the kubectl of the same build, since there may be no other. */
    private List<JsonNode> built(Path kustomization) {
        return Kustomization.named(Kustomization.documents(
                plane.kubectl("kustomize", kustomization.toString()).orFail()));
    }

    private static ObjectNode spec(JsonNode object) {
        return (ObjectNode) object.path("spec");
    }

    private Said dryRun(List<JsonNode> objects) throws IOException {
        Path file = Files.createTempFile(folder, "objects", ".yaml");
        String namespace = objects.stream()
                .map(object -> object.at("/metadata/namespace").asText())
                .filter(name -> !name.isEmpty())
                .findFirst()
                .orElse("vllm");
        StringBuilder yaml = new StringBuilder();
        for (JsonNode object : objects) {
            yaml.append(Kustomization.YAML.writeValueAsString(object));
        }
        Files.writeString(file, yaml);
        return plane.kubectl(Stream.concat(Stream.of(DRY_RUN), Stream.of("-n", namespace, "-f", file.toString()))
                .toArray(String[]::new));
    }
}
