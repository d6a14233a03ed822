package dev.pilotlight.kube;

import io.vertx.core.json.JsonObject;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * One call to the API server.
 *
 * @param path from the root, such as {@code /api/v1/namespaces/ns/pods}
 * @param query its parameters
 * @param body sent with it: a merge patch for {@link Verb#PATCH}, else an object
 */
public record Call(Verb verb, String path, Map<String, String> query, Optional<JsonObject> body) {
    /** As Kubernetes' RBAC names them. */
    public enum Verb {
        GET,
        LIST,
        WATCH,
        CREATE,
        UPDATE,
        PATCH;

        public String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    public Call {
        query = Map.copyOf(query);
    }

    public static Call get(String path) {
        return new Call(Verb.GET, path, Map.of(), Optional.empty());
    }

    public static Call list(String path, Map<String, String> query) {
        return new Call(Verb.LIST, path, query, Optional.empty());
    }

    public static Call watch(String path, Map<String, String> query) {
        Map<String, String> all = new TreeMap<>(query);
        all.put("watch", "true");
        all.put("allowWatchBookmarks", "true");
        return new Call(Verb.WATCH, path, all, Optional.empty());
    }

    /** Writes name us as the field manager, so that what others own can be told from what is ours. */
    public static Call create(String path, JsonObject object) {
        return write(Verb.CREATE, path, object);
    }

    public static Call update(String path, JsonObject object) {
        return write(Verb.UPDATE, path, object);
    }

    public static Call mergePatch(String path, JsonObject patch) {
        return write(Verb.PATCH, path, patch);
    }

    private static Call write(Verb verb, String path, JsonObject body) {
        return new Call(verb, path, Map.of("fieldManager", Names.FIELD_MANAGER), Optional.of(body));
    }

    /** Path and query as they stand in the request. */
    public String target() {
        return query.isEmpty()
                ? path
                : path + "?"
                        + new TreeMap<>(query)
                                .entrySet().stream()
                                        .map(it -> it.getKey() + "="
                                                + URLEncoder.encode(it.getValue(), StandardCharsets.UTF_8))
                                        .collect(Collectors.joining("&"));
    }
}
