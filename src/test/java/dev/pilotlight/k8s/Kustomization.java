package dev.pilotlight.k8s;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.pilotlight.inject.DocumentedPatch;
import dev.pilotlight.process.Program;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/** A folder under k8s/ that {@code kubectl apply -k} takes as it is. */
public record Kustomization(Path folder) {
    public static final Path ROOT = Path.of("k8s");
    static final YAMLMapper YAML = new YAMLMapper();

    /** All of them but Components, which only others can build. */
    public static List<Kustomization> all() {
        try (Stream<Path> files = Files.walk(ROOT)) {
            return files.filter(file -> file.endsWith("kustomization.yaml"))
                    .filter(file -> !documents(read(file))
                            .getFirst()
                            .path("kind")
                            .asText()
                            .equals("Component"))
                    .map(file -> new Kustomization(file.getParent()))
                    .sorted((left, right) -> left.folder.compareTo(right.folder))
                    .toList();
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    /** What {@code kubectl kustomize} makes of it; skips the test where there is no kubectl. */
    public List<JsonNode> build() {
        return documents(Program.KUBECTL.run("kustomize", folder.toString()).orFail());
    }

    /** As an operator has it who has named the sidecar's image. */
    static List<JsonNode> named(List<JsonNode> objects) {
        for (JsonNode object : objects) {
            for (String list : List.of("initContainers", "containers")) {
                each(object.at("/spec/template/spec").path(list))
                        .filter(container -> !container.has("image"))
                        .forEach(container -> ((ObjectNode) container).put("image", DocumentedPatch.IMAGE));
            }
            each(object.at("/spec/variables"))
                    .filter(variable -> variable.path("name").asText().equals("image"))
                    .forEach(variable -> ((ObjectNode) variable).put("expression", "'" + DocumentedPatch.IMAGE + "'"));
        }
        return objects;
    }

    public static List<JsonNode> documents(String yaml) {
        try (MappingIterator<JsonNode> documents =
                YAML.readerFor(JsonNode.class).readValues(yaml)) {
            return documents.readAll();
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }

    static Stream<JsonNode> each(JsonNode list) {
        return StreamSupport.stream(list.spliterator(), false);
    }

    static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    @Override
    public String toString() {
        return folder.toString();
    }
}
