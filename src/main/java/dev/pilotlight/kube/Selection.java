package dev.pilotlight.kube;

import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The objects that a mirror shows: one by its name, or all with a label.
 *
 * @param path of their collection
 * @param name of the one; it needs the verbs get and watch, and no list
 * @param label as {@code key=value}
 */
public record Selection(String path, Optional<String> name, Optional<String> label) {
    public static Selection one(String path, String name) {
        return new Selection(path, Optional.of(name), Optional.empty());
    }

    public static Selection labelled(String path, String label) {
        return new Selection(path, Optional.empty(), Optional.of(label));
    }

    /** From the server's own cache: the watch that follows brings what it lacks. */
    Call read() {
        Map<String, String> query = new TreeMap<>(name.isPresent() ? Map.of() : selector());
        query.put("resourceVersion", "0");
        return name.map(one -> new Call(Call.Verb.GET, path + "/" + one, query, Optional.empty()))
                .orElseGet(() -> Call.list(path, query));
    }

    Call watch(Optional<String> since, int seconds) {
        Map<String, String> query = new TreeMap<>(selector());
        since.ifPresent(version -> query.put("resourceVersion", version));
        query.put("timeoutSeconds", Integer.toString(seconds));
        return Call.watch(path, query);
    }

    private Map<String, String> selector() {
        return name.map(one -> Map.of("fieldSelector", "metadata.name=" + one))
                .or(() -> label.map(it -> Map.of("labelSelector", it)))
                .orElse(Map.of());
    }
}
