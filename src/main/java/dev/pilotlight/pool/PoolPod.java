package dev.pilotlight.pool;

import dev.pilotlight.kube.Names;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.Optional;

/**
 * A pod of the pool as the API server shows it.
 *
 * @param address of the pod; empty before it has one
 */
public record PoolPod(String name, Optional<String> address, boolean terminating) {
    static PoolPod of(JsonObject pod) {
        JsonObject metadata = pod.getJsonObject("metadata", new JsonObject());
        return new PoolPod(
                metadata.getString("name", ""),
                Optional.ofNullable(
                                pod.getJsonObject("status", new JsonObject()).getString("podIP"))
                        .filter(address -> !address.isEmpty()),
                metadata.containsKey("deletionTimestamp") || isOver(pod));
    }

    /** Whether it is in front of traffic: the Service of a managed pool takes it in. */
    static boolean isServing(JsonObject pod) {
        JsonObject metadata = object(pod, "metadata");
        boolean isReady = object(pod, "status").getValue("conditions") instanceof JsonArray conditions
                && conditions.stream()
                        .anyMatch(it -> it instanceof JsonObject condition
                                && "Ready".equals(condition.getValue("type"))
                                && "True".equals(condition.getValue("status")));
        return isReady
                && !metadata.containsKey("deletionTimestamp")
                && "active".equals(object(metadata, "labels").getValue(Names.ROLE));
    }

    private static JsonObject object(JsonObject parent, String key) {
        return parent.getValue(key) instanceof JsonObject there ? there : new JsonObject();
    }

    /** A pod that has ended, or was evicted, stays listed. */
    private static boolean isOver(JsonObject pod) {
        String phase = pod.getJsonObject("status", new JsonObject()).getString("phase", "");
        return phase.equals("Succeeded") || phase.equals("Failed");
    }
}
