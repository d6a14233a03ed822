package dev.pilotlight.pod.metadata;

import dev.pilotlight.kube.Names;
import dev.pilotlight.pod.OwnPod;
import io.vertx.core.json.JsonObject;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * One merge patch of the own pod: what differs, and nothing else. It names the version that it was made for, so that the API server
 * refuses it when the pod has changed since.
 *
 * @param version the resourceVersion seen
 * @param labels to set; null takes a key away
 * @param annotations likewise
 */
public record MetadataPatch(
        String version, Map<String, Optional<String>> labels, Map<String, Optional<String>> annotations) {
    public MetadataPatch {
        labels = Map.copyOf(labels);
        annotations = Map.copyOf(annotations);
    }

    /** What is to be changed; empty when all that is worth a write is as wanted. Keys that others own are theirs. */
    public static Optional<MetadataPatch> of(OwnPod pod, PodMetadata wanted) {
        Map<String, Optional<String>> labels = differing(pod.labels(), wanted.labels(), pod);
        Map<String, Optional<String>> annotations = differing(pod.annotations(), wanted.annotations(), pod);
        if (labels.isEmpty() && annotations.isEmpty()) {
            return Optional.empty();
        }
        annotations.putAll(differing(pod.annotations(), wanted.alongside(), pod));
        return Optional.of(new MetadataPatch(pod.version(), labels, annotations));
    }

    private static Map<String, Optional<String>> differing(
            Map<String, String> there, Map<String, Optional<String>> wanted, OwnPod pod) {
        Map<String, Optional<String>> differing = new TreeMap<>();
        wanted.forEach((key, value) -> {
            boolean isSame = Optional.ofNullable(there.get(key)).equals(value);
            boolean isForeign = there.containsKey(key) && pod.foreign().contains(key) && !isOurs(key);
            if (!isSame && !isForeign) {
                differing.put(key, value);
            }
        });
        return differing;
    }

    /** Nobody else has a say in these: a phase copied from a template would stand for ever. */
    private static boolean isOurs(String key) {
        return key.startsWith(Names.PREFIX);
    }

    /** Whether it changes the same things in the same way, whatever the version. */
    public boolean isLike(MetadataPatch other) {
        return labels.equals(other.labels) && annotations.keySet().equals(other.annotations.keySet());
    }

    public JsonObject body() {
        JsonObject metadata = new JsonObject().put("resourceVersion", version);
        put(metadata, "labels", labels);
        put(metadata, "annotations", annotations);
        return new JsonObject().put("metadata", metadata);
    }

    private static void put(JsonObject metadata, String part, Map<String, Optional<String>> values) {
        if (!values.isEmpty()) {
            JsonObject object = new JsonObject();
            new TreeMap<>(values).forEach((key, value) -> object.put(key, value.orElse(null)));
            metadata.put(part, object);
        }
    }
}
