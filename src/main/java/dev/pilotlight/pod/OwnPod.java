package dev.pilotlight.pod;

import dev.pilotlight.kube.Fields;
import dev.pilotlight.kube.Names;
import dev.pilotlight.range.Range;
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
 * @param oddity which of its fields has another type than the API gives it, and counts as absent
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
        EarlierEnds earlier,
        Optional<String> oddity) {

    public OwnPod {
        labels = Map.copyOf(labels);
        annotations = Map.copyOf(annotations);
        foreign = Set.copyOf(foreign);
    }

    /** @param container the name of vLLM's, where it is configured */
    public static OwnPod of(JsonObject pod, Optional<String> container) {
        JsonObject metadata = Fields.object(pod, "metadata");
        Map<String, String> labels = texts(Fields.object(metadata, "labels"));
        Optional<String> deleted = Fields.text(metadata, "deletionTimestamp");
        return new OwnPod(
                Fields.text(metadata, "uid").orElse(""),
                Fields.text(metadata, "resourceVersion").orElse(""),
                labels,
                texts(Fields.object(metadata, "annotations")),
                foreign(metadata),
                deleted.isPresent(),
                seconds(metadata.getValue("deletionGracePeriodSeconds"))
                        .or(() -> seconds(Fields.object(pod, "spec").getValue("terminationGracePeriodSeconds"))),
                deleted.flatMap(VllmContainer::instant),
                VllmContainer.of(pod, labels, container),
                EarlierEnds.of(pod),
                PodShape.oddity(pod));
    }

    private static Optional<Duration> seconds(Object said) {
        return Range.GRACE_SECONDS.whole(said).stream()
                .mapToObj(Duration::ofSeconds)
                .findFirst();
    }

    private static Map<String, String> texts(JsonObject object) {
        return object.stream()
                .filter(it -> it.getValue() instanceof String)
                .collect(Collectors.toMap(Map.Entry::getKey, it -> (String) it.getValue()));
    }

    /** From managedFields: {@code f:metadata} holds {@code f:labels} and {@code f:annotations}, and these a field for each key. */
    private static Set<String> foreign(JsonObject metadata) {
        Set<String> keys = new HashSet<>();
        for (JsonObject managed : Fields.objects(metadata, "managedFields")) {
            if (!Names.FIELD_MANAGER.equals(managed.getValue("manager"))) {
                JsonObject fields = Fields.object(Fields.object(managed, "fieldsV1"), "f:metadata");
                for (String part : Set.of("f:labels", "f:annotations")) {
                    Fields.object(fields, part).fieldNames().stream()
                            .filter(field -> field.startsWith("f:"))
                            .forEach(field -> keys.add(field.substring(2)));
                }
            }
        }
        return keys;
    }
}
