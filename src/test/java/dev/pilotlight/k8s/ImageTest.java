package dev.pilotlight.k8s;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pilotlight.inject.DocumentedPatch;
import dev.pilotlight.process.Program;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** No image of the sidecar is named until an operator names one: a name that nobody owns is somebody's to take. */
class ImageTest {
    @TempDir
    private Path folder;

    @Test
    void isNamedNowhere() {
        List<JsonNode> ours = Kustomization.all().stream()
                .flatMap(kustomization -> kustomization.build().stream())
                .flatMap(ImageTest::ourContainers)
                .toList();
        assertThat(ours).isNotEmpty().noneMatch(container -> container.has("image"));
    }

    private static Stream<JsonNode> ourContainers(JsonNode object) {
        JsonNode spec = object.at("/spec/template/spec");
        return Stream.of("initContainers", "containers")
                .flatMap(list -> Kustomization.each(spec.path(list)))
                .filter(container -> List.of("pilotlight", "injector")
                        .contains(container.path("name").asText()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"k8s/injection/policy", "k8s/injection/webhook"})
    void isNamedByThePatchThatTheCommentTells(String resource) throws IOException {
        List<JsonNode> built = built(Path.of(resource), DocumentedPatch.of(Path.of(resource)));
        String text = built.toString();
        assertThat(text).contains(DocumentedPatch.IMAGE).doesNotContain("name_the_image");
        assertThat(built.stream().flatMap(ImageTest::ourContainers)).allSatisfy(container -> {
            assertThat(container.path("image").asText()).isEqualTo(DocumentedPatch.IMAGE);
            assertThat(Kustomization.each(container.path("env"))
                            .filter(variable -> variable.path("name").asText().equals("PILOTLIGHT_INJECTOR_IMAGE"))
                            .map(variable -> variable.path("value").asText()))
                    .containsExactly(DocumentedPatch.IMAGE);
        });
    }

    private List<JsonNode> built(Path resource, JsonArray patches) throws IOException {
        Path here = Files.createDirectory(folder.toRealPath().resolve("overlay"));
        Files.writeString(
                here.resolve("kustomization.yaml"),
                new JsonObject()
                        .put(
                                "resources",
                                new JsonArray()
                                        .add(here.relativize(resource.toAbsolutePath())
                                                .toString()))
                        .put("patches", patches)
                        .encode());
        return Kustomization.documents(
                Program.KUBECTL.run("kustomize", here.toString()).orFail());
    }
}
