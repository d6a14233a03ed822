package dev.pilotlight.kube;

import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * What an informer shows.
 *
 * @param items by name
 * @param heardAt when the API server last said anything of them, if only that there is nothing new; empty before the first time
 * @param problem why it says nothing now; empty while the watch is open
 */
public record Cached<T>(Map<String, Item<T>> items, Optional<Instant> heardAt, Optional<Problem> problem) {
    /** @param version the object's resourceVersion */
    public record Item<T>(String version, T value) {}

    static <T> Cached<T> begin() {
        return new Cached<>(Map.of(), Optional.empty(), Optional.empty());
    }

    /** The value where one object is watched. */
    public Optional<T> one() {
        return items.values().stream().findFirst().map(Item::value);
    }

    Cached<T> heard(Instant now) {
        return new Cached<>(items, Optional.of(now), Optional.empty());
    }

    Cached<T> failed(Problem why) {
        return new Cached<>(items, heardAt, Optional.of(why));
    }

    Cached<T> replaced(Map<String, Item<T>> found, Instant now) {
        Map<String, Item<T>> all = new TreeMap<>(found);
        all.replaceAll((name, item) -> {
            Item<T> there = items.get(name);
            return there != null && isOlder(item.version(), there.version()) ? there : item;
        });
        return new Cached<>(all, Optional.of(now), problem);
    }

    /** With the object, unless a newer one of its name is there: a write's answer and the watch may overtake each other. */
    Cached<T> with(JsonObject object, Function<JsonObject, T> read) {
        Item<T> there = items.get(name(object));
        if (there != null && isOlder(version(object), there.version())) {
            return this;
        }
        Map<String, Item<T>> all = new TreeMap<>(items);
        all.put(name(object), item(object, read));
        return new Cached<>(all, heardAt, problem);
    }

    Cached<T> without(JsonObject object) {
        Map<String, Item<T>> all = new TreeMap<>(items);
        all.remove(name(object));
        return new Cached<>(all, heardAt, problem);
    }

    static <T> Item<T> item(JsonObject object, Function<JsonObject, T> read) {
        if (name(object).isEmpty()) {
            throw new IllegalArgumentException("an object without a name");
        }
        return new Item<>(version(object), read.apply(object));
    }

    /** What to ask for the next page of a list by; empty with the last. */
    static Optional<String> more(JsonObject list) {
        return Fields.text(Fields.object(list, "metadata"), "continue").filter(token -> !token.isEmpty());
    }

    static String version(JsonObject object) {
        return metadata(object, "resourceVersion");
    }

    static String name(JsonObject object) {
        return metadata(object, "name");
    }

    private static String metadata(JsonObject object, String key) {
        return Fields.text(Fields.object(object, "metadata"), key).orElse("");
    }

    /** Versions of one kind are numbers that grow (Kubernetes 1.35 promises it, etcd always did so); others are not compared. */
    static boolean isOlder(String one, String other) {
        try {
            return Long.compareUnsigned(Long.parseUnsignedLong(one), Long.parseUnsignedLong(other)) < 0;
        } catch (NumberFormatException opaque) {
            return false;
        }
    }
}
