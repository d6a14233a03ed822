package dev.pilotlight.documents;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.pilotlight.process.Program;
import dev.pilotlight.process.Said;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** {@code helm ...}: the chart is ours and each {@code --set} names a value of its schema; with Helm at hand, verb and flags as its help has them. */
final class HelmLine {
    private static final Path CHART = Path.of("charts/pilotlight");
    private static final Pattern STEP = Pattern.compile("([^.\\[]+)|\\[\\d+]");
    private static final Map<String, Said> HELP = new ConcurrentHashMap<>();

    private HelmLine() {}

    static List<String> problems(Command command) {
        List<String> problems = new ArrayList<>();
        String verb = command.words().get(1);
        if (List.of("install", "upgrade").contains(verb) && !command.words().contains(CHART.toString())) {
            problems.add("the chart is " + CHART);
        }
        command.values("-f").stream()
                .filter(file -> !Files.exists(Path.of(file)))
                .forEach(file -> problems.add("there is no file " + file));
        command.values("--set").stream()
                .flatMap(set -> Stream.of(set.split(",(?![^{]*})")))
                .flatMap(HelmLine::value)
                .forEach(problems::add);
        return problems;
    }

    private static Stream<String> value(String set) {
        String name = set.replaceAll("=.*", "");
        JsonNode schema = schema();
        JsonNode found = schema;
        Matcher step = STEP.matcher(name);
        while (step.find()) {
            found = step.group(1) == null
                    ? found.path("items")
                    : found.path("properties").path(step.group(1));
            String definition = found.path("$ref").asText().replace("#", "");
            found = definition.isEmpty() ? found : schema.at(definition);
        }
        String value = set.substring(set.indexOf('=') + 1);
        if (found.isMissingNode()) {
            return Stream.of("the chart has no value " + name);
        }
        boolean fits = !found.has("pattern")
                || Pattern.compile(found.path("pattern").asText())
                        .matcher(value)
                        .find();
        boolean listed = !found.has("enum") || found.path("enum").toString().contains("\"" + value + "\"");
        return fits && listed ? Stream.empty() : Stream.of("the chart takes no " + set);
    }

    private static JsonNode schema() {
        try {
            return new ObjectMapper()
                    .readTree(CHART.resolve("values.schema.json").toFile());
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    /** What Helm itself says of it; skips the test where there is none. */
    static List<String> unknownToHelm(Command command) {
        String verb = command.words().get(1);
        Said help = HELP.computeIfAbsent(verb, _ -> Program.HELM.run(verb, "--help"));
        if (!help.output().contains("helm " + verb)) {
            return List.of("helm has no " + verb);
        }
        return command.words().stream()
                .filter(word -> word.startsWith("-"))
                .map(word -> word.replaceAll("=.*", ""))
                .filter(flag -> !Pattern.compile("(?m)^ +(-\\w, )?(" + flag + ")\\b")
                        .matcher(help.output())
                        .find())
                .map(flag -> "helm " + verb + " has no " + flag)
                .toList();
    }
}
