package dev.pilotlight.kube;

import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * What a mirror shows.
 *
 * @param items by name
 * @param heardAt when the API server last said anything of them, if only that there is nothing new; empty before the first time
 * @param problem why it says nothing now; empty while the watch is open
 */
public record Mirrored<T>(Map<String, Item<T>> items, Optional<Instant> heardAt, Optional<Problem> problem) {
    /** @param version the object's resourceVersion */
    public record Item<T>(String version, T value) {}

    static <T> Mirrored<T> begin() {
        return new Mirrored<>(Map.of(), Optional.empty(), Optional.empty());
    }

    /** The value where one object is mirrored. */
    public Optional<T> one() {
        return items.values().stream().findFirst().map(Item::value);
    }

    Mirrored<T> heard(Instant now) {
        return new Mirrored<>(items, Optional.of(now), Optional.empty());
    }

    Mirrored<T> failed(Problem why) {
        return new Mirrored<>(items, heardAt, Optional.of(why));
    }

    Mirrored<T> replaced(Iterable<JsonObject> objects, Function<JsonObject, T> read, Instant now) {
        Map<String, Item<T>> all = new TreeMap<>();
        objects.forEach(object -> {
            Item<T> there = items.get(name(object));
            boolean isBehind = there != null && isOlder(version(object), there.version());
            all.put(name(object), isBehind ? there : item(object, read));
        });
        return new Mirrored<>(all, Optional.of(now), problem);
    }

    /** With the object, unless a newer one of its name is there: a write's answer and the watch may overtake each other. */
    Mirrored<T> with(JsonObject object, Function<JsonObject, T> read) {
        Item<T> there = items.get(name(object));
        if (there != null && isOlder(version(object), there.version())) {
            return this;
        }
        Map<String, Item<T>> all = new TreeMap<>(items);
        all.put(name(object), item(object, read));
        return new Mirrored<>(all, heardAt, problem);
    }

    Mirrored<T> without(JsonObject object) {
        Map<String, Item<T>> all = new TreeMap<>(items);
        all.remove(name(object));
        return new Mirrored<>(all, heardAt, problem);
    }

    private static <T> Item<T> item(JsonObject object, Function<JsonObject, T> read) {
        return new Item<>(version(object), read.apply(object));
    }

    static String version(JsonObject object) {
        return object.getJsonObject("metadata", new JsonObject()).getString("resourceVersion", "");
    }

    static String name(JsonObject object) {
        return object.getJsonObject("metadata", new JsonObject()).getString("name", "");
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
