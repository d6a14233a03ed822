package dev.pilotlight.inject;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pilotlight.inject.InjectionDecision.OptIn;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** The Component of {@code k8s/sidecar} gives a Deployment the very pod that the webhook gives. */
class ComponentTest {
    /** Relative to a folder beside it: kustomize takes no absolute path. */
    private static final Path COMPONENT = Path.of("k8s/sidecar").toAbsolutePath();

    @TempDir
    static Path folder;

    @BeforeAll
    static void kubectl() {
        assumeTrue(
                Stream.of(System.getenv("PATH").split(":"))
                        .anyMatch(path -> Files.isExecutable(Path.of(path, "kubectl"))),
                "there is no kubectl: install it to see the Component at work");
    }

    @TestFactory
    Stream<DynamicTest> givesThePodOfTheWebhook() throws Exception {
        List<Corpus.Case> fitting = Corpus.all().stream()
                .filter(it -> it.component().equals("same") || it.component().equals("port"))
                .toList();
        assertThat(fitting).hasSizeGreaterThanOrEqualTo(30);
        Map<String, JsonObject> built =
                built("all", fitting.stream().map(ComponentTest::deployment).toList());
        return fitting.stream()
                .map(it -> DynamicTest.dynamicTest(it.name(), () -> {
                    JsonObject pod = template(built.get(it.name()));
                    if (it.component().equals("port")) {
                        env(pod).put("value", "http://127.0.0.1:" + it.port());
                        hook(pod).ifPresent(command -> command.set(4, it.port()));
                    }
                    JsonObject byTheWebhook = template(deployment(it, byTheWebhook(it.pod())));
                    // What the Component cannot know: the name of the container, and what the pod's own ask for.
                    withoutContainer(byTheWebhook);
                    if (it.injected()) {
                        withUsualResources(byTheWebhook);
                    }
                    assertThat(pod).isEqualTo(byTheWebhook);
                }));
    }

    @TestFactory
    Stream<DynamicTest> stopsAtWhatItCannotWeigh() {
        return Corpus.each(it -> it.component().equals("stops"), it -> {
            Kustomize run = kustomize(it.name(), List.of(deployment(it)));
            assertThat(run.error())
                    .containsPattern(
                            "testing value /spec/template/spec/(containers/0/lifecycle|terminationGracePeriodSeconds)"
                                    + " failed");
            assertThat(run.built()).isEmpty();
        });
    }

    @Test
    void changesNothingTheSecondTime() throws Exception {
        List<JsonObject> deployments = Corpus.all().stream()
                .filter(it -> it.component().equals("same"))
                .map(ComponentTest::deployment)
                .toList();
        Map<String, JsonObject> once = built("once", deployments);
        assertThat(built("twice", List.copyOf(once.values()))).isEqualTo(once);
    }

    @Test
    void leavesADeploymentWithoutTheLabelAlone() throws Exception {
        Corpus.Case silent = Corpus.all().stream()
                .filter(it -> it.name().equals("not-asked"))
                .findFirst()
                .orElseThrow();
        assertThat(built("silent", List.of(deployment(silent))))
                .containsExactly(Map.entry("not-asked", deployment(silent)));
    }

    private static void withUsualResources(JsonObject pod) {
        pod.getJsonObject("spec")
                .getJsonArray("initContainers")
                .getJsonObject(0)
                .put(
                        "resources",
                        SidecarTemplate.read().getJsonObject("container").getJsonObject("resources"));
    }

    private static JsonObject byTheWebhook(JsonObject pod) {
        Review.Asked asked =
                (Review.Asked) Review.read(Corpus.review(pod).encode().getBytes());
        return Corpus.patched(
                pod, asked.answer(asked.decide(OptIn.POD), SidecarTemplate.read(), DocumentedPatch.IMAGE));
    }

    private static JsonObject deployment(Corpus.Case it) {
        return deployment(it, it.pod());
    }

    /** With the pod's labels on itself: the Component reads those of the Deployment. */
    private static JsonObject deployment(Corpus.Case it, JsonObject pod) {
        JsonObject metadata = new JsonObject().put("name", it.name());
        JsonObject ofThePod = pod.getJsonObject("metadata").copy();
        ofThePod.remove("name");
        if (ofThePod.containsKey("labels")) {
            metadata.put("labels", ofThePod.getJsonObject("labels").copy());
        }
        JsonObject template = new JsonObject()
                .put("metadata", ofThePod)
                .put("spec", pod.getJsonObject("spec").copy());
        return new JsonObject()
                .put("apiVersion", "apps/v1")
                .put("kind", "Deployment")
                .put("metadata", metadata)
                .put(
                        "spec",
                        new JsonObject()
                                .put(
                                        "selector",
                                        new JsonObject().put("matchLabels", new JsonObject().put("app", it.name())))
                                .put("template", template));
    }

    private static JsonObject template(JsonObject deployment) {
        return deployment.getJsonObject("spec").getJsonObject("template");
    }

    private static JsonObject env(JsonObject pod) {
        return variables(pod).getJsonObject(0);
    }

    private static void withoutContainer(JsonObject pod) {
        if (!pod.getJsonObject("spec").containsKey("initContainers")) {
            return;
        }
        JsonArray variables = variables(pod);
        for (int i = variables.size() - 1; i >= 0; i--) {
            if (variables.getJsonObject(i).getString("name").equals("PILOTLIGHT_POD_CONTAINER")) {
                variables.remove(i);
            }
        }
    }

    private static JsonArray variables(JsonObject pod) {
        return pod.getJsonObject("spec")
                .getJsonArray("initContainers")
                .getJsonObject(0)
                .getJsonArray("env", new JsonArray());
    }

    private static Optional<JsonArray> hook(JsonObject pod) {
        return Optional.ofNullable(pod.getJsonObject("spec")
                        .getJsonArray("containers")
                        .getJsonObject(0)
                        .getJsonObject("lifecycle", new JsonObject())
                        .getJsonObject("preStop", new JsonObject())
                        .getJsonObject("exec"))
                .map(exec -> exec.getJsonArray("command"));
    }

    private static Map<String, JsonObject> built(String name, List<JsonObject> deployments) throws Exception {
        Kustomize run = kustomize(name, deployments);
        assertThat(run.built()).as(run.error()).isNotEmpty();
        Map<String, JsonObject> built = new HashMap<>();
        for (String document : run.built().split("(?m)^---$")) {
            JsonObject deployment = Corpus.yaml(document);
            built.put(deployment.getJsonObject("metadata").getString("name"), deployment);
        }
        return built;
    }

    private record Kustomize(String built, String error) {}

    private static Kustomize kustomize(String name, List<JsonObject> deployments) {
        try {
            Path here = Files.createDirectory(folder.toRealPath().resolve(name));
            JsonArray resources = new JsonArray();
            for (JsonObject deployment : deployments) {
                String file = deployment.getJsonObject("metadata").getString("name") + ".yaml";
                Files.writeString(here.resolve(file), Corpus.yaml(deployment));
                resources.add(file);
            }
            JsonObject kustomization = new JsonObject()
                    .put("resources", resources)
                    .put(
                            "components",
                            new JsonArray().add(here.relativize(COMPONENT).toString()))
                    .put("patches", DocumentedPatch.of(COMPONENT));
            Files.writeString(here.resolve("kustomization.yaml"), kustomization.encode());
            Path error = here.resolve("error.txt");
            Process kubectl = new ProcessBuilder("kubectl", "kustomize", here.toString())
                    .redirectError(error.toFile())
                    .start();
            String built = new String(kubectl.getInputStream().readAllBytes());
            assertThat(kubectl.waitFor(1, TimeUnit.MINUTES)).as("kubectl ends").isTrue();
            return new Kustomize(built, Files.readString(error));
        } catch (IOException failed) {
            throw new java.io.UncheckedIOException(failed);
        } catch (InterruptedException ended) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(ended);
        }
    }
}
