package dev.pilotlight.pod;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The container that vLLM runs in.
 *
 * @param restarts how often the kubelet has started it anew
 * @param startedAt when its present process began
 */
public record VllmContainer(String name, VllmArguments arguments, int restarts, Optional<Instant> startedAt) {

    /** The one of that name; else the one whose command or image says vLLM; else the only one. */
    static Optional<VllmContainer> of(JsonObject pod, Optional<String> named) {
        List<JsonObject> containers = objects(pod.getJsonObject("spec", new JsonObject()), "containers");
        return containers.stream()
                .filter(it -> named.isPresent() ? named.get().equals(it.getString("name")) : saysVllm(it))
                .findFirst()
                .or(() -> named.isEmpty() && containers.size() == 1
                        ? Optional.of(containers.getFirst())
                        : Optional.empty())
                .map(it -> of(it, pod.getJsonObject("status", new JsonObject())));
    }

    private static VllmContainer of(JsonObject container, JsonObject podStatus) {
        String name = container.getString("name", "");
        Optional<JsonObject> status = objects(podStatus, "containerStatuses").stream()
                .filter(it -> name.equals(it.getString("name")))
                .findFirst();
        return new VllmContainer(
                name,
                VllmArguments.of(words(container).toList()),
                status.map(it -> it.getInteger("restartCount", 0)).orElse(0),
                status.map(it -> it.getJsonObject("state"))
                        .map(it -> it.getJsonObject("running"))
                        .map(it -> it.getString("startedAt"))
                        .flatMap(VllmContainer::instant));
    }

    private static boolean saysVllm(JsonObject container) {
        return Stream.concat(words(container), Stream.of(container.getString("image", "")))
                .anyMatch(word -> word.contains("vllm"));
    }

    private static Stream<String> words(JsonObject container) {
        return Stream.of("command", "args")
                .flatMap(key -> container.getJsonArray(key, new JsonArray()).stream())
                .map(String::valueOf);
    }

    private static List<JsonObject> objects(JsonObject of, String key) {
        return of.getJsonArray(key, new JsonArray()).stream()
                .filter(JsonObject.class::isInstance)
                .map(JsonObject.class::cast)
                .toList();
    }

    static Optional<Instant> instant(String text) {
        try {
            return Optional.of(Instant.parse(text));
        } catch (DateTimeParseException odd) {
            return Optional.empty();
        }
    }
}
