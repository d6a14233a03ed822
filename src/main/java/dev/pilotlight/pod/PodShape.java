package dev.pilotlight.pod;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** What is read of a pod, and the type that the API gives it. */
final class PodShape {
    private static final Map<String, Class<?>> TYPES = new TreeMap<>(Map.ofEntries(
            Map.entry("metadata", JsonObject.class),
            Map.entry("metadata.uid", String.class),
            Map.entry("metadata.resourceVersion", String.class),
            Map.entry("metadata.labels", JsonObject.class),
            Map.entry("metadata.annotations", JsonObject.class),
            Map.entry("metadata.managedFields", JsonArray.class),
            Map.entry("metadata.deletionTimestamp", String.class),
            Map.entry("metadata.deletionGracePeriodSeconds", Number.class),
            Map.entry("spec", JsonObject.class),
            Map.entry("spec.containers", JsonArray.class),
            Map.entry("spec.terminationGracePeriodSeconds", Number.class),
            Map.entry("status", JsonObject.class),
            Map.entry("status.containerStatuses", JsonArray.class),
            Map.entry("status.initContainerStatuses", JsonArray.class)));

    private PodShape() {}

    /** The first field that has another type; null is none. */
    static Optional<String> oddity(JsonObject pod) {
        return TYPES.entrySet().stream()
                .filter(field -> !isAsDeclared(at(pod, field.getKey()), field.getValue()))
                .map(field -> "the API server says of this pod a " + field.getKey() + " that is no "
                        + word(field.getValue()) + ": it is read as absent; is there a proxy on the way?"
                        + " See pilotlight.kube.url")
                .findFirst();
    }

    private static boolean isAsDeclared(Object value, Class<?> type) {
        return value == null || type.isInstance(value);
    }

    private static Object at(JsonObject pod, String path) {
        Object value = pod;
        for (String key : path.split("\\.")) {
            value = value instanceof JsonObject parent ? parent.getValue(key) : null;
        }
        return value;
    }

    private static String word(Class<?> type) {
        return type == JsonObject.class
                ? "object"
                : type == JsonArray.class ? "list" : type == String.class ? "text" : "number";
    }
}
