package dev.pilotlight.pool.plan;

import io.vertx.core.json.JsonObject;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * Which pods of a pool are in front of traffic: the one thing that its sidecars agree on, kept in one ConfigMap.
 *
 * @param metadata of the ConfigMap as it was read, so that a write changes nothing but the data
 * @param generation one more with each plan
 * @param term of the leader that made it: a later leader has a higher one
 * @param holder the pod of that leader
 * @param pods how many pods the pool had then
 * @param wanted how many are to serve
 * @param active their names; more than wanted where some answer nobody
 * @param reason why it was made, for people
 */
public record Plan(
        JsonObject metadata,
        long generation,
        int term,
        String holder,
        int pods,
        int wanted,
        SortedSet<String> active,
        String reason) {
    public Plan {
        active = java.util.Collections.unmodifiableSortedSet(new TreeSet<>(active));
    }

    /** The ConfigMap to write. */
    public JsonObject object() {
        return new JsonObject()
                .put("apiVersion", "v1")
                .put("kind", "ConfigMap")
                .put("metadata", metadata.copy())
                .put("data", data());
    }

    private JsonObject data() {
        return new JsonObject()
                .put("generation", Long.toString(generation))
                .put("term", Integer.toString(term))
                .put("holder", holder)
                .put("pods", Integer.toString(pods))
                .put("wanted", Integer.toString(wanted))
                .put("active", String.join("\n", active))
                .put("reason", reason);
    }
}
