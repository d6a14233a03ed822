package dev.pilotlight.vllmpod;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * What of a container's spec says what it runs. Read with tolerance: what has not the shape that the API gives it counts as absent.
 *
 * @param index its place in the pod's list
 * @param command replaces the entry point of the image, where it is not empty
 */
public record ContainerSpec(
        int index, String name, String image, List<String> command, List<String> args, Environment environment) {
    /** Longer commands are not read: the webhook reads what a stranger sent, and the policy may take only so long. */
    private static final int LONGEST = 12_288;

    public ContainerSpec {
        boolean read = Stream.concat(command.stream(), args.stream())
                        .mapToInt(word -> word.length() + 1)
                        .sum()
                <= LONGEST + 1;
        command = read ? List.copyOf(command) : List.of(Environment.UNKNOWN);
        args = read ? List.copyOf(args) : List.of();
    }

    public static ContainerSpec of(int index, JsonObject container) {
        return new ContainerSpec(
                index,
                text(container, "name"),
                text(container, "image"),
                words(container, "command"),
                words(container, "args"),
                Environment.of(container));
    }

    /** The containers of a list in a pod's spec; {@code containers}, not {@code initContainers}, for those that run side by side. */
    public static List<ContainerSpec> all(JsonObject spec, String list) {
        List<ContainerSpec> all = new ArrayList<>();
        if (spec.getValue(list) instanceof JsonArray containers) {
            for (int i = 0; i < containers.size(); i++) {
                if (containers.getValue(i) instanceof JsonObject container) {
                    all.add(of(i, container));
                }
            }
        }
        return List.copyOf(all);
    }

    /** Command and arguments as the kubelet starts them, its variables put in. */
    List<String> words() {
        return Stream.concat(command.stream(), args.stream())
                .map(environment::expanded)
                .toList();
    }

    static String text(JsonObject parent, String key) {
        return parent.getValue(key) instanceof String text ? text : "";
    }

    private static List<String> words(JsonObject container, String key) {
        return container.getValue(key) instanceof JsonArray array
                ? array.stream()
                        .map(word -> word instanceof String text ? text : "")
                        .toList()
                : List.of();
    }
}
