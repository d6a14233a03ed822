package dev.pilotlight.pool.plan;

import io.vertx.core.json.JsonObject;

/** An object's metadata, to be sent back with a write: labels and owners that others gave it stay, and the version guards it. */
public final class Metadata {
    private Metadata() {}

    public static JsonObject of(JsonObject object) {
        JsonObject metadata = object.getValue("metadata") instanceof JsonObject there ? there.copy() : new JsonObject();
        // The server keeps these, and they are the bulk of it.
        metadata.remove("managedFields");
        return metadata;
    }
}
