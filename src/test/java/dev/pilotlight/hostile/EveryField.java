package dev.pilotlight.hostile;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.BiConsumer;

/** Sets each field of an object, at any depth, to null and to a value of every type in turn. */
public final class EveryField {
    private EveryField() {}

    /** @param read takes the path of the field, such as {@code /metadata/labels}, and the object with that one changed */
    public static void of(JsonObject object, Random chance, BiConsumer<String, JsonObject> read) {
        for (List<Object> path : paths(object)) {
            for (Object value : values(chance)) {
                JsonObject changed = object.copy();
                set(changed, path, value);
                // By way of its text, as it comes from the wire.
                read.accept(name(path), new JsonObject(changed.encode()));
            }
        }
    }

    /** Whether one of them is, or holds, the other. */
    public static boolean related(String one, String other) {
        return (one + "/").startsWith(other + "/") || (other + "/").startsWith(one + "/");
    }

    private static List<Object> values(Random chance) {
        List<Object> values = new ArrayList<>();
        values.add(null);
        values.add("text-" + chance.nextInt(1000));
        values.add(chance.nextInt(-5, 100_000));
        values.add(chance.nextDouble());
        values.add(chance.nextBoolean());
        values.add(new JsonArray().add(chance.nextInt(9)).addNull().add("x").add(new JsonObject()));
        values.add(new JsonObject().put("x", chance.nextInt(9)).putNull("name"));
        return values;
    }

    private static List<List<Object>> paths(Object node) {
        List<List<Object>> paths = new ArrayList<>();
        if (node instanceof JsonObject object) {
            object.fieldNames().forEach(key -> add(paths, key, object.getValue(key)));
        } else if (node instanceof JsonArray list) {
            for (int i = 0; i < list.size(); i++) {
                add(paths, i, list.getValue(i));
            }
        }
        return paths;
    }

    private static void add(List<List<Object>> paths, Object key, Object child) {
        paths.add(List.of(key));
        for (List<Object> below : paths(child)) {
            List<Object> path = new ArrayList<>(List.of(key));
            path.addAll(below);
            paths.add(path);
        }
    }

    private static void set(Object node, List<Object> path, Object value) {
        Object key = path.getFirst();
        if (path.size() > 1) {
            Object child = node instanceof JsonObject object
                    ? object.getValue((String) key)
                    : ((JsonArray) node).getValue((int) key);
            set(child, path.subList(1, path.size()), value);
        } else if (node instanceof JsonObject object) {
            object.put((String) key, value);
        } else {
            ((JsonArray) node).set((int) key, value);
        }
    }

    private static String name(List<Object> path) {
        StringBuilder name = new StringBuilder();
        path.forEach(key -> name.append('/').append(key));
        return name.toString();
    }
}
