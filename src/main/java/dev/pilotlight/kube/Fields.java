package dev.pilotlight.kube;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Optional;

/** Fields of an object of the API. Null, and what has another type than the API gives it, count as absent: a proxy may send anything. */
public final class Fields {
    private Fields() {}

    /** Empty where there is none. */
    public static JsonObject object(JsonObject parent, String key) {
        return parent.getValue(key) instanceof JsonObject there ? there : new JsonObject();
    }

    /** The objects of a list. */
    public static List<JsonObject> objects(JsonObject parent, String key) {
        return parent.getValue(key) instanceof JsonArray list
                ? list.stream()
                        .filter(JsonObject.class::isInstance)
                        .map(JsonObject.class::cast)
                        .toList()
                : List.of();
    }

    public static Optional<String> text(JsonObject parent, String key) {
        return parent.getValue(key) instanceof String text ? Optional.of(text) : Optional.empty();
    }
}
