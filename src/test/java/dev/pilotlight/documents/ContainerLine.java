package dev.pilotlight.documents;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** What is run inside of the sidecar's container: the program that its image starts, with a command that it knows. */
final class ContainerLine {
    private static final Path IMAGE = Path.of("src/main/docker/Dockerfile.native-micro");

    /** CheckIT runs it. */
    private static final String CHECK = "check";

    private ContainerLine() {}

    static List<String> problems(List<String> words) {
        List<String> problems = new ArrayList<>();
        if (words.isEmpty()) {
            return problems;
        }
        if (!Command.read(IMAGE).contains("ENTRYPOINT [\"" + words.getFirst() + "\"")) {
            problems.add(IMAGE + " does not start " + words.getFirst());
        }
        if (!words.subList(1, words.size()).equals(List.of(CHECK))) {
            problems.add("the sidecar has no command but " + CHECK);
        }
        return problems;
    }
}
