package dev.pilotlight.config;

import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfig;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/** Finds every value that cannot be, and every name that nothing reads: all at once, each with the fix. */
public final class SettingsCheck {
    private static final String PREFIX = "pilotlight.";
    private static final String VARIABLES = "PILOTLIGHT_";

    /**
     * What the kubelet sets in every pod for a Service of that name, as Docker's links did: a Service named pilotlight-engine is
     * PILOTLIGHT_ENGINE_SERVICE_HOST, PILOTLIGHT_ENGINE_PORT_9110_TCP_ADDR and others. Nobody has misspelt those,
     * and no setting may be called so.
     */
    static final Pattern SERVICE_LINK = Pattern.compile(VARIABLES
            + "([A-Z0-9_]+_)?(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT(_\\d+_(TCP|UDP|SCTP)(_[A-Z]+)?)?)");

    /** What the project's own scripts go by; they may be set where somebody tries it out. */
    private static final Set<String> OF_THE_SCRIPTS = Set.of(
            "PILOTLIGHT_CACHE", "PILOTLIGHT_GO", "PILOTLIGHT_PYTHON", "PILOTLIGHT_IMAGE", "PILOTLIGHT_VLLM_GROUP");

    private SettingsCheck() {}

    /** All that is wrong with the settings of the running process. */
    public static List<String> problems(SmallRyeConfig settings, PilotlightConfig read) {
        List<String> problems = new ArrayList<>(problems(settings));
        List<String> together = new ArrayList<>(ConfigCheck.problems(read));
        together.addAll(ConfigCheck.atOwnPort(
                read.engine(), settings.getConfigValue("quarkus.http.port").getValue()));
        for (String line : together) {
            if (problems.stream().noneMatch(said -> sameSetting(said, line))) {
                problems.add(line);
            }
        }
        return List.copyOf(problems);
    }

    /** Of a process whose settings could not even be read, from the same places. */
    public static List<String> problemsBeforeStart() {
        SmallRyeConfigBuilder builder =
                new SmallRyeConfigBuilder().addDefaultInterceptors().addDefaultSources();
        try {
            Path file = Path.of("config", "application.properties");
            if (Files.isReadable(file)) {
                builder.withSources(new PropertiesConfigSource(file.toUri().toURL()));
            }
        } catch (IOException unreadable) {
            return List.of("config/application.properties cannot be read: " + unreadable.getMessage());
        }
        return problems(builder.build());
    }

    /** What is wrong with each by itself: also where the values cannot be read into {@link PilotlightConfig} at all. */
    public static List<String> problems(SmallRyeConfig settings) {
        return problems(
                name -> Optional.ofNullable(settings.getConfigValue(name).getValue()),
                StreamSupport.stream(settings.getPropertyNames().spliterator(), false)
                        .toList(),
                System.getenv().keySet());
    }

    private static boolean sameSetting(String one, String other) {
        int end = one.indexOf('=');
        return end > 0 && other.startsWith(one.substring(0, end + 1));
    }

    /**
     * @param value what is written for a setting's name, as text
     * @param names every name that any source of settings has
     * @param variables the names of the environment's variables
     */
    static List<String> problems(
            Function<String, Optional<String>> value, Collection<String> names, Collection<String> variables) {
        List<String> problems = new ArrayList<>();
        for (Setting setting : (Iterable<Setting>)
                Stream.concat(SettingsTable.ALL.stream(), SettingsTable.OF_QUARKUS.stream())::iterator) {
            value.apply(setting.name())
                    .map(String::strip)
                    .filter(text -> !text.isEmpty())
                    .ifPresent(text -> setting.kind()
                            .wrong(text)
                            .ifPresent(
                                    fix -> problems.add(line(setting.name(), setting.secret() ? "***" : text, fix))));
        }
        unknown(names, variables).forEach(problems::add);
        return List.copyOf(problems);
    }

    static String line(String name, String value, String fix) {
        return name + "=" + shortened(value) + ": " + fix;
    }

    private static String shortened(String value) {
        String text = value.codePoints()
                .map(c -> Character.isISOControl(c) ? ' ' : c)
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
        return text.length() <= 120 ? text : text.substring(0, 119) + "…";
    }

    private static Collection<String> unknown(Collection<String> names, Collection<String> variables) {
        Set<String> settings = SettingsTable.ALL.stream().map(Setting::name).collect(Collectors.toSet());
        Set<String> known = SettingsTable.ALL.stream().map(Setting::variable).collect(Collectors.toSet());
        Set<String> lines = new TreeSet<>();
        for (String listed : names) {
            String name = listed.replaceAll("\\[\\d+]$", "");
            if (name.startsWith(PREFIX) && !settings.contains(name) && !isVariable(name, variables)) {
                lines.add(name + ": there is no such setting" + nearest(name, settings));
            }
        }
        for (String name : variables) {
            if (name.startsWith(VARIABLES)
                    && !known.contains(name)
                    && !OF_THE_SCRIPTS.contains(name)
                    && !SERVICE_LINK.matcher(name).matches()) {
                lines.add(name + ": no setting has this environment variable" + nearest(name, known));
            }
        }
        return lines;
    }

    /** Some sources list a variable by the name that it might stand for. */
    private static boolean isVariable(String name, Collection<String> variables) {
        return variables.contains(Setting.variable(name));
    }

    private static String nearest(String wrong, Collection<String> right) {
        return right.stream()
                .map(name -> new Distance(name, distance(wrong, name)))
                .filter(near -> near.edits() <= Math.max(2, wrong.length() / 4))
                .min(Comparator.comparingInt(Distance::edits).thenComparing(Distance::name))
                .map(near -> "; did you mean " + near.name() + "?")
                .orElse("");
    }

    private record Distance(String name, int edits) {}

    /** Levenshtein's. */
    private static int distance(String one, String other) {
        int[] row = new int[other.length() + 1];
        for (int j = 0; j <= other.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= one.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= other.length(); j++) {
                int changed = diagonal + (one.charAt(i - 1) == other.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(changed, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[other.length()];
    }
}
