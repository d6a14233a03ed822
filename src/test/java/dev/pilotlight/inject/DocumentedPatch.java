package dev.pilotlight.inject;

import io.vertx.core.json.JsonArray;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;

/** The patches that name an image, as the comment on top of a kustomization.yaml tells a person to write them. */
public final class DocumentedPatch {
    public static final String IMAGE = "registry.example.com/pilotlight:1";

    private DocumentedPatch() {}

    /** @param folder of the kustomization */
    public static JsonArray of(Path folder) {
        try {
            String lines = Files.readAllLines(folder.resolve("kustomization.yaml")).stream()
                    .dropWhile(line -> !line.startsWith("#   patches:"))
                    .takeWhile(line -> line.startsWith("#   "))
                    .map(line -> line.substring(4))
                    .collect(Collectors.joining("\n"));
            return Corpus.yaml(lines).getJsonArray("patches");
        } catch (IOException missing) {
            throw new UncheckedIOException(missing);
        }
    }
}
