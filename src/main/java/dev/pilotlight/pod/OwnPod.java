package dev.pilotlight.pod;

import dev.pilotlight.kube.Names;
import dev.pilotlight.range.Range;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What the API server says of the own pod.
 *
 * @param version its resourceVersion
 * @param foreign keys of labels and annotations that another field manager owns, too
 * @param terminating whether it is being deleted
 * @param gracePeriod that it is given to end
 * @param endsAt when that is over, by the API server's clock
 * @param vllm the container that the engine runs in, where it is known
 * @param earlier how the sidecar itself ended before
 */
public record OwnPod(
        String uid,
        String version,
        Map<String, String> labels,
        Map<String, String> annotations,
        Set<String> foreign,
        boolean terminating,
        Optional<Duration> gracePeriod,
        Optional<Instant> endsAt,
        Optional<VllmContainer> vllm,
        EarlierEnds earlier) {

    public OwnPod {
        labels = Map.copyOf(labels);
        annotations = Map.copyOf(annotations);
        foreign = Set.copyOf(foreign);
    }

    /** @param container the name of vLLM's, where it is configured */
    public static OwnPod of(JsonObject pod, Optional<String> container) {
        JsonObject metadata = pod.getJsonObject("metadata", new JsonObject());
        JsonObject spec = pod.getJsonObject("spec", new JsonObject());
        Map<String, String> labels = texts(metadata.getJsonObject("labels", new JsonObject()));
        return new OwnPod(
                metadata.getString("uid", ""),
                metadata.getString("resourceVersion", ""),
                labels,
                texts(metadata.getJsonObject("annotations", new JsonObject())),
                foreign(metadata),
                metadata.containsKey("deletionTimestamp"),
                seconds(metadata.getValue("deletionGracePeriodSeconds"))
                        .or(() -> seconds(spec.getValue("terminationGracePeriodSeconds"))),
                Optional.ofNullable(metadata.getString("deletionTimestamp")).flatMap(VllmContainer::instant),
                VllmContainer.of(pod, labels, container),
                EarlierEnds.of(pod));
    }

    private static Optional<Duration> seconds(Object said) {
        return Range.GRACE_SECONDS.whole(said).stream()
                .mapToObj(Duration::ofSeconds)
                .findFirst();
    }

    private static Map<String, String> texts(JsonObject object) {
        return object.stream()
                .filter(it -> it.getValue() != null)
                .collect(Collectors.toMap(Map.Entry::getKey, it -> String.valueOf(it.getValue())));
    }

    /** From managedFields: {@code f:metadata} holds {@code f:labels} and {@code f:annotations}, and these a field for each key. */
    private static Set<String> foreign(JsonObject metadata) {
        Set<String> keys = new HashSet<>();
        for (Object entry : metadata.getJsonArray("managedFields", new JsonArray())) {
            if (entry instanceof JsonObject managed && !Names.FIELD_MANAGER.equals(managed.getString("manager"))) {
                JsonObject fields = managed.getJsonObject("fieldsV1", new JsonObject())
                        .getJsonObject("f:metadata", new JsonObject());
                for (String part : Set.of("f:labels", "f:annotations")) {
                    fields.getJsonObject(part, new JsonObject()).fieldNames().stream()
                            .filter(field -> field.startsWith("f:"))
                            .forEach(field -> keys.add(field.substring(2)));
                }
            }
        }
        return keys;
    }
}
