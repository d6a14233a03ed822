package dev.pilotlight.inject;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.fabric8.zjsonpatch.JsonPatch;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;

/** The pods of {@code src/test/resources/injection}, and what becomes of each. */
public final class Corpus {
    public static final String INJECTED = "injected";
    private static final Path FOLDER = Path.of("src/test/resources/injection");
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final YAMLMapper YAML = new YAMLMapper();

    private Corpus() {}

    /**
     * @param decision injected, or the code of the reason
     * @param container that vLLM runs in; "-" where it is left
     * @param slots the bound of its batch as the sidecar reads it; "-" where its arguments do not say
     * @param component what the Component makes of it, as the folder's README.md has it
     */
    public record Case(
            String name,
            String decision,
            String container,
            String port,
            String slots,
            String component,
            JsonObject pod) {
        public boolean injected() {
            return decision.equals(INJECTED);
        }

        @Override
        public String toString() {
            return name;
        }
    }

    public static List<Case> all() {
        try (Stream<String> lines = Files.lines(FOLDER.resolve("expected.csv"))) {
            return lines.skip(1)
                    .map(line -> line.split(","))
                    .map(cells -> new Case(
                            cells[0],
                            cells[1],
                            cells[2],
                            cells[3],
                            cells[4],
                            cells[5],
                            yaml(FOLDER.resolve(cells[0] + ".yaml"))))
                    .toList();
        } catch (IOException missing) {
            throw new UncheckedIOException(missing);
        }
    }

    /** One test for each of them that fits. */
    public static Stream<DynamicTest> each(
            java.util.function.Predicate<Case> fitting, java.util.function.Consumer<Case> test) {
        return all().stream().filter(fitting).map(it -> DynamicTest.dynamicTest(it.name(), () -> test.accept(it)));
    }

    /** The review that an API server would send. */
    public static JsonObject review(JsonObject pod) {
        return new JsonObject()
                .put("apiVersion", "admission.k8s.io/v1")
                .put("kind", "AdmissionReview")
                .put(
                        "request",
                        new JsonObject()
                                .put("uid", "705ab4f5-6393-11e8-b7cc-42010a800002")
                                .put("operation", "CREATE")
                                .put("namespace", "models")
                                .put(
                                        "resource",
                                        new JsonObject()
                                                .put("group", "")
                                                .put("version", "v1")
                                                .put("resource", "pods"))
                                .put("object", pod));
    }

    /** The pod as the answer has it. */
    public static JsonObject patched(JsonObject pod, JsonObject answer) {
        String patch = answer.getJsonObject("response").getString("patch");
        return patch == null
                ? pod
                : patched(pod, new JsonArray(new String(Base64.getDecoder().decode(patch))));
    }

    private static JsonObject patched(JsonObject pod, JsonArray patch) {
        try {
            JsonNode after = JsonPatch.apply(JSON.readTree(patch.encode()), JSON.readTree(pod.encode()));
            return new JsonObject(after.toString());
        } catch (JsonProcessingException impossible) {
            throw new UncheckedIOException(impossible);
        }
    }

    static JsonObject yaml(Path file) {
        try {
            return yaml(Files.readString(file));
        } catch (IOException missing) {
            throw new UncheckedIOException(missing);
        }
    }

    static JsonObject yaml(String text) {
        try {
            return new JsonObject(YAML.readTree(text).toString());
        } catch (JsonProcessingException garbled) {
            throw new UncheckedIOException(garbled);
        }
    }

    static String yaml(JsonObject object) {
        try {
            return YAML.writeValueAsString(JSON.readTree(object.encode()));
        } catch (JsonProcessingException impossible) {
            throw new UncheckedIOException(impossible);
        }
    }
}
