package dev.pilotlight.documents;

import dev.pilotlight.process.Program;
import dev.pilotlight.process.Said;
import dev.pilotlight.replay.ReplayLine;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** {@code make ...}: run dry, so that make itself says whether it knows the target; variables must be the Makefile's, classes must exist. */
final class MakeLine {
    /** Read by mvnw from the environment, where make puts what its command line sets. */
    private static final String OF_MAVEN = "MAVEN_ARGS";

    /** Or the Makefile looks for one several times a command. */
    private static final String JDK = "JDK=" + System.getProperty("java.home");

    private static final Pattern REPLAY = Pattern.compile("(?s).*dev\\.pilotlight\\.replay\\.Main(.*)");

    private MakeLine() {}

    static List<String> problems(Command command) {
        List<String> arguments = command.words().subList(1, command.words().size());
        Said dry = Program.MAKE.run(
                Stream.concat(Stream.of("-n", JDK), arguments.stream()).toArray(String[]::new));
        if (dry.code() != 0) {
            return List.of(dry.output());
        }
        List<String> problems = new ArrayList<>();
        String makefile = Command.read(Path.of("Makefile"));
        for (String argument : arguments) {
            int equals = argument.indexOf('=');
            if (equals < 0) {
                continue;
            }
            String name = argument.substring(0, equals);
            if (!makefile.contains("$(" + name + ")") && !name.equals(OF_MAVEN)) {
                problems.add("the Makefile has no variable " + name);
            }
            if (Set.of("CLUSTER", "KEDA", "NODE").contains(name)) {
                Stream.of(argument.substring(equals + 1).split(","))
                        .filter(type -> !isTest(type))
                        .forEach(type -> problems.add("there is no test " + type));
            }
        }
        if (arguments.contains("replay")) {
            String line = REPLAY.matcher(dry.output()).replaceAll("replay$1").replaceAll("\\\\\\s*(\n|$)", " ");
            problems.addAll(ReplayLine.problems(new Command(command.page(), command.line(), line.strip())
                    .words().stream().skip(1).toArray(String[]::new)));
        }
        return problems;
    }

    private static boolean isTest(String type) {
        try (Stream<Path> files = Files.walk(Path.of("src/test/java"))) {
            return files.anyMatch(file -> file.endsWith(type + ".java"));
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }
}
