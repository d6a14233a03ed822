package dev.pilotlight.pool;

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

    /** A pod that has ended, or was evicted, stays listed. */
    private static boolean isOver(JsonObject pod) {
        String phase = pod.getJsonObject("status", new JsonObject()).getString("phase", "");
        return phase.equals("Succeeded") || phase.equals("Failed");
    }
}
