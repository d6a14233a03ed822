package dev.pilotlight.kube;

import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The objects that an informer shows: one by its name, or all with a label.
 *
 * @param path of their collection
 * @param name of the one; it needs the verbs get and watch, and no list
 * @param label as {@code key=value}
 */
public record Selection(String path, Optional<String> name, Optional<String> label) {
    /** Objects of one answer: of pods some 10 KB each, and seldom 50. */
    static final int PAGE = 100;

    public static Selection one(String path, String name) {
        return new Selection(path, Optional.of(name), Optional.empty());
    }

    public static Selection labelled(String path, String label) {
        return new Selection(path, Optional.empty(), Optional.of(label));
    }

    /**
     * The one from the server's own cache: the watch that follows brings what it lacks. A list comes in pages, since a thousand pods are
     * some 10 MB; the cache would not cut it.
     *
     * @param more as the last page said; empty for the first
     */
    Call read(Optional<String> more) {
        if (name.isPresent()) {
            return new Call(Call.Verb.GET, path + "/" + name.get(), Map.of("resourceVersion", "0"), Optional.empty());
        }
        Map<String, String> query = new TreeMap<>(selector());
        query.put("limit", Integer.toString(PAGE));
        more.ifPresent(token -> query.put("continue", token));
        return Call.list(path, query);
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
