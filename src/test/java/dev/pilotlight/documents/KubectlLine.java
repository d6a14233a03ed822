package dev.pilotlight.documents;

import dev.pilotlight.k8s.Kustomization;
import dev.pilotlight.process.Program;
import dev.pilotlight.process.Said;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.Json;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/** {@code kubectl ...}: verb and flags as kubectl's own help has them, folders that it builds, patches that are JSON, paths that we serve. */
final class KubectlLine {
    private static final Set<String> OF_TWO_WORDS = Set.of("rollout", "auth", "create", "config", "set", "top");
    private static final Map<String, Said> HELP = new ConcurrentHashMap<>();
    private static final Map<String, Boolean> BUILDS = new ConcurrentHashMap<>();

    private KubectlLine() {}

    static List<String> problems(Command command) {
        List<String> words = command.own();
        List<String> verb = words.subList(1, OF_TWO_WORDS.contains(words.get(1)) ? 3 : 2);
        Said help = help(Stream.concat(verb.stream(), Stream.of("--help")).toArray(String[]::new));
        if (help.code() != 0 || !help.output().contains("kubectl " + String.join(" ", verb))) {
            return List.of("kubectl has no " + String.join(" ", verb));
        }
        String flags = help.output() + "\n" + help("options").output();
        List<String> problems = new ArrayList<>();
        words.stream()
                .filter(word -> word.startsWith("-"))
                .map(word -> word.replaceAll("=.*", ""))
                .filter(flag -> !flags.contains("    " + flag + (flag.startsWith("--") ? "=" : ", --"))
                        && !flags.contains(", " + flag + "="))
                .forEach(flag -> problems.add("kubectl " + String.join(" ", verb) + " has no " + flag));
        command.values("-k").stream().flatMap(KubectlLine::folder).forEach(problems::add);
        command.values("-f").stream()
                .filter(file -> !Files.exists(Path.of(file)))
                .forEach(file -> problems.add("there is no file " + file));
        command.values("-p").stream().flatMap(KubectlLine::patch).forEach(problems::add);
        problems.addAll(ContainerLine.problems(command.inTheContainer()));
        return problems;
    }

    private static Said help(String... arguments) {
        return HELP.computeIfAbsent(String.join(" ", arguments), _ -> Program.KUBECTL.run(arguments));
    }

    private static Stream<String> folder(String folder) {
        if (!Files.exists(Path.of(folder, "kustomization.yaml"))) {
            return Stream.of(folder + " is no folder of ours");
        }
        boolean builds = BUILDS.computeIfAbsent(
                folder, _ -> !new Kustomization(Path.of(folder)).build().isEmpty());
        return builds ? Stream.empty() : Stream.of(folder + " makes nothing");
    }

    private static Stream<String> patch(String patch) {
        try {
            Json.decodeValue(patch);
            return Stream.empty();
        } catch (DecodeException broken) {
            return Stream.of(patch + " is no JSON: " + broken.getMessage());
        }
    }
}
