package dev.pilotlight.process;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/** A program of the system that may be missing, and then skips the test. */
public enum Program {
    MAKE("make", "Debian's package make has it"),
    KUBECTL("kubectl", "https://kubernetes.io/docs/tasks/tools"),
    PROMTOOL("promtool", "Debian's package prometheus has it"),
    PROMETHEUS("prometheus", "Debian's package prometheus has it"),
    CHROMIUM("chromium", "Debian's package chromium has it"),
    HELM("helm", "https://helm.sh/docs/intro/install, or `make test-chart`, which builds it with Go") {
        @Override
        Stream<Path> elsewhere() {
            return Said.by(new ProcessBuilder("scripts/chart/helm.sh", "--built"))
                    .output()
                    .lines()
                    .map(Path::of);
        }
    };

    private static final Set<String> OF_MAKE = Set.of("MAKELEVEL", "MAKEFLAGS", "MFLAGS", "MAKEOVERRIDES");

    private final String command;
    private final String fix;

    Program(String command, String fix) {
        this.command = command;
        this.fix = fix;
    }

    /** Where it may be beside the path. */
    Stream<Path> elsewhere() {
        return Stream.empty();
    }

    /** Its place on the path, or elsewhere. */
    public Path path() {
        List<Path> found = Stream.concat(
                        Stream.of(System.getenv("PATH").split(":")).map(folder -> Path.of(folder, command)),
                        elsewhere())
                .filter(Files::isExecutable)
                .toList();
        assumeTrue(!found.isEmpty(), command + " is not installed: " + fix);
        return found.getFirst();
    }

    public Said run(String... arguments) {
        ProcessBuilder builder = new ProcessBuilder(Stream.concat(Stream.of(path().toString()), Stream.of(arguments))
                .toList());
        // As at a prompt, even where make runs the tests: a make within make says where it is, and takes over flags.
        builder.environment().keySet().removeAll(OF_MAKE);
        return Said.by(builder);
    }
}
