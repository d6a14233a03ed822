package dev.pilotlight.config;

import dev.pilotlight.lifecycle.Shape;
import dev.pilotlight.lifecycle.Shape.Api;
import dev.pilotlight.lifecycle.WarmUpPolicy;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Reads the warm-up requests from their JSON: a list, or the object around one that vLLM's proposed {@code --warmup-config} takes
 * (vllm-project/vllm, pull request 30561), with a concurrency for all and a count for each.
 */
final class WarmUpRequests {
    private static final String SETTING = "pilotlight.warm-up.requests";
    private static final Set<String> KEYS =
            Set.of("endpoint", "prompt_tokens", "max_tokens", "concurrency", "count", "model", "name", "payload");
    private static final Set<String> WHOLE_KEYS = Set.of("concurrency", "requests");
    private static final int MOST = 32;

    private WarmUpRequests() {}

    /** The shapes; only of a text without {@link #problems}. */
    static List<Shape> shapes(String json) {
        return read(json, new ArrayList<>());
    }

    static List<String> problems(String json) {
        List<String> problems = new ArrayList<>();
        read(json, problems);
        return problems;
    }

    private static List<Shape> read(String json, List<String> problems) {
        List<Shape> shapes = new ArrayList<>();
        JsonObject whole = whole(json, problems);
        if (!(whole.getValue("requests") instanceof JsonArray list)) {
            problems.add(SETTING + " is no JSON list: give for example [{\"prompt_tokens\":16,\"max_tokens\":8}]");
            return shapes;
        }
        if (list.isEmpty() || list.size() > MOST) {
            problems.add(SETTING + " has " + list.size() + " requests: give 1 to " + MOST);
        }
        int atOnce = whole("for all", whole, "concurrency", 1, WarmUpPolicy.MOST_AT_ONCE, problems);
        for (int i = 0; i < list.size(); i++) {
            if (list.getValue(i) instanceof JsonObject request) {
                shapes.add(shape(i + 1, request, atOnce, problems));
            } else {
                problems.add(SETTING + ": request " + (i + 1) + " is no object");
            }
        }
        return shapes;
    }

    /** The object around the list, where there is one; else as if there were. */
    private static JsonObject whole(String json, List<String> problems) {
        try {
            if (!json.strip().startsWith("{")) {
                return new JsonObject().put("requests", new JsonArray(json));
            }
            JsonObject whole = new JsonObject(json);
            unknown(whole, WHOLE_KEYS).forEach(key -> problems.add(SETTING + " has the " + key));
            return whole;
        } catch (DecodeException neither) {
            return new JsonObject();
        }
    }

    private static List<String> unknown(JsonObject object, Set<String> known) {
        return object.fieldNames().stream()
                .filter(key -> !known.contains(key))
                .map(key -> "unknown key \"" + key + "\"; known are "
                        + known.stream().sorted().toList())
                .toList();
    }

    private static Shape shape(int number, JsonObject request, int atOnce, List<String> problems) {
        String which = "request " + number;
        unknown(request, KEYS).forEach(key -> problems.add(SETTING + ": " + which + " has the " + key));
        // A round is repeated until it is steady: a count only says how many there may be at once.
        int count = whole(which, request, "count", atOnce, 100_000, problems);
        return new Shape(
                text(request, "name").orElse("request-" + number),
                api(number, request, problems),
                whole(which, request, "prompt_tokens", 16, 1_000_000, problems),
                whole(which, request, "max_tokens", 8, 100_000, problems),
                whole(which, request, "concurrency", Math.min(atOnce, count), WarmUpPolicy.MOST_AT_ONCE, problems),
                text(request, "model"),
                payload(number, request, problems));
    }

    private static Api api(int number, JsonObject request, List<String> problems) {
        Optional<String> endpoint = text(request, "endpoint");
        for (Api api : Api.values()) {
            if (api != Api.FITTING && endpoint.filter(api.path()::equals).isPresent()) {
                return api;
            }
        }
        if (endpoint.isPresent() || request.containsKey("payload")) {
            problems.add(SETTING + ": request " + number
                    + (endpoint.isPresent()
                            ? " has endpoint \"" + endpoint.get() + "\""
                            : " has a payload and no endpoint")
                    + "; give one of " + Api.all().stream().map(Api::path).collect(Collectors.joining(", ")));
        }
        return Api.FITTING;
    }

    private static Optional<String> payload(int number, JsonObject request, List<String> problems) {
        Object payload = request.getValue("payload");
        if (payload != null && !(payload instanceof JsonObject)) {
            problems.add(SETTING + ": request " + number + ": payload is no object");
            return Optional.empty();
        }
        return Optional.ofNullable(payload).map(object -> ((JsonObject) object).encode());
    }

    private static int whole(
            String which, JsonObject request, String key, int otherwise, int most, List<String> problems) {
        Object value = request.getValue(key, otherwise);
        if (value instanceof Integer whole && whole >= 1 && whole <= most) {
            return whole;
        }
        problems.add(SETTING + ": " + which + ": " + key + "=" + value + "; give a whole number from 1 to " + most);
        return otherwise;
    }

    private static Optional<String> text(JsonObject request, String key) {
        return request.getValue(key) instanceof String text ? Optional.of(text) : Optional.empty();
    }
}
