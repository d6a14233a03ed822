package dev.pilotlight;

import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import dev.pilotlight.config.PilotlightConfig;
import dev.pilotlight.lifecycle.Condition;
import dev.pilotlight.metrics.Metric;
import dev.pilotlight.metrics.MetricCatalog;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import io.smallrye.config.WithName;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Method;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** What the documents say of the code is so. */
class DocumentsTest {
    @Nested
    class Configuration {
        private static final Path PAGE = Path.of("docs/configuration.md");

        @Test
        void listsEverySettingWithItsDefault() {
            Map<String, String> documented = new LinkedHashMap<>();
            table(PAGE, "setting", "default", "values", "meaning")
                    .forEach(row -> documented.put(unquoted(row.get(0)), unquoted(row.get(1))));
            Map<String, String> settings = settings();

            assertThat(documented)
                    .as("rows to paste into %s where one is missing:%n%s", PAGE, rows(settings, documented))
                    .isEqualTo(settings);
        }

        @Test
        void saysWhatEachMeans() {
            assertThat(table(PAGE, "setting", "default", "values", "meaning"))
                    .allSatisfy(row -> assertThat(row.get(3)).as(row.get(0)).hasSizeGreaterThan(10));
        }

        private static String rows(Map<String, String> settings, Map<String, String> documented) {
            return settings.entrySet().stream()
                    .filter(setting -> !setting.getValue().equals(documented.get(setting.getKey())))
                    .map(setting -> "| `%s` | %s | ... | ... |"
                            .formatted(
                                    setting.getKey(),
                                    setting.getValue().equals("none") ? "none" : "`" + setting.getValue() + "`"))
                    .collect(joining("\n"));
        }
    }

    @Nested
    class Metrics {
        private static final Path PAGE = Path.of("docs/metrics.md");

        @Test
        void listsEveryMetricAsItIsPublished() {
            List<String> documented = table(PAGE, "metric", "type", "labels", "help").stream()
                    .map(row -> "| " + String.join(" | ", row) + " |")
                    .toList();
            List<String> published = MetricCatalog.ALL.stream().map(this::row).toList();

            assertThat(documented)
                    .as(
                            "rows to paste into %s where one is missing:%n%s",
                            PAGE,
                            published.stream()
                                    .filter(row -> !documented.contains(row))
                                    .collect(joining("\n")))
                    .containsExactlyElementsOf(published);
        }

        private String row(Metric metric) {
            String labels = metric.labels().isEmpty()
                    ? "-"
                    : metric.labels().stream().map(label -> "`" + label + "`").collect(joining(", "));
            return "| `%s` | %s | %s | %s |"
                    .formatted(metric.name(), metric.type().name().toLowerCase(Locale.ROOT), labels, metric.help());
        }
    }

    @Nested
    class Architecture {
        private static final Path PAGE = Path.of("ARCHITECTURE.md");
        /** Names with a capital that are no types of ours: Kubernetes' kinds, annotations, the build's files. */
        private static final Set<String> OTHERS = Set.of(
                "ConfigMap",
                "ConfigMapping",
                "Deployment",
                "Dockerfile",
                "Lease",
                "Makefile",
                "NonBlocking",
                "Pod",
                "Secret",
                "Service");

        @Test
        void namesOnlyTypesThatExist() {
            assumeTrue(Files.exists(PAGE), "there is no ARCHITECTURE.md yet");
            Set<String> known = new TreeSet<>(OTHERS);
            for (JavaClass type : new ClassFileImporter().importPackages("dev.pilotlight")) {
                known.add(type.getSimpleName());
            }
            Set<String> unknown = new TreeSet<>();
            // Words in backticks that begin with a capital and have a small letter: Tick, Tick.advance,
            // EngineReading.Answered.
            Pattern.compile("`(?:[a-z]+\\.)*([A-Z]\\w*[a-z]\\w*(?:\\.[A-Z]\\w*)*)(?:[.#(][^`]*)?`")
                    .matcher(read(PAGE))
                    .results()
                    .map(MatchResult::group)
                    .flatMap(quoted -> Pattern.compile("\\b[A-Z]\\w*[a-z]\\w*")
                            .matcher(quoted.replaceAll("\\(.*", ""))
                            .results())
                    .map(MatchResult::group)
                    .filter(name -> !known.contains(name) && !isOfTheJdk(name))
                    .forEach(unknown::add);

            assertThat(unknown)
                    .as("types that %s names and that do not exist (any more)", PAGE)
                    .isEmpty();
        }

        private static boolean isOfTheJdk(String name) {
            return Stream.of("java.lang.", "java.time.", "java.util.", "java.lang.foreign.", "java.net.")
                    .anyMatch(home -> {
                        try {
                            Class.forName(home + name, false, null);
                            return true;
                        } catch (ClassNotFoundException elsewhere) {
                            return false;
                        }
                    });
        }
    }

    /** Every setting and its default, {@code none} where there is none; in the order of their names. */
    private static Map<String, String> settings() {
        Map<String, String> settings = new java.util.TreeMap<>();
        collect(
                PilotlightConfig.class,
                PilotlightConfig.class.getAnnotation(ConfigMapping.class).prefix(),
                settings);
        return settings;
    }

    private static void collect(Class<?> group, String prefix, Map<String, String> settings) {
        for (Method setting : group.getDeclaredMethods()) {
            WithName renamed = setting.getAnnotation(WithName.class);
            String name = prefix + "." + (renamed == null ? kebab(setting.getName()) : renamed.value());
            Class<?> type = setting.getReturnType();
            if (type.isInterface() && type.getPackage() == PilotlightConfig.class.getPackage()) {
                collect(type, name, settings);
            } else {
                WithDefault byDefault = setting.getAnnotation(WithDefault.class);
                assertThat(byDefault != null || isOptional(setting.getGenericReturnType()))
                        .as("%s has a default or may be left out", name)
                        .isTrue();
                settings.put(name, byDefault == null ? "none" : byDefault.value());
            }
        }
    }

    private static boolean isOptional(Type type) {
        Type raw = type instanceof ParameterizedType generic ? generic.getRawType() : type;
        return raw.getTypeName().startsWith("java.util.Optional") || raw == List.class || raw == Map.class;
    }

    @Nested
    class Conditions {
        private static final Path PAGE = Path.of("docs/probes.md");

        @Test
        void listsEveryConditionWithItsEvidenceItsTimeAndItsEffect() {
            List<String> documented = table(PAGE, "condition", "effect", "evidence", "after", "source").stream()
                    .map(row -> "| " + String.join(" | ", row) + " |")
                    .toList();
            assertThat(documented)
                    .containsExactlyElementsOf(
                            Stream.of(Condition.values()).map(this::row).toList());
        }

        private String row(Condition it) {
            return "| `%s` | %s | %s | %s | %s |"
                    .formatted(it.word(), it.effect().words(), it.evidence(), it.after(), it.source());
        }
    }

    private static String kebab(String camel) {
        return camel.replaceAll("([a-z0-9])([A-Z])", "$1-$2").toLowerCase(Locale.ROOT);
    }

    /** The cells of the rows of the table with that head. */
    private static List<List<String>> table(Path page, String... head) {
        List<String> lines = read(page).lines().toList();
        int at = lines.indexOf("| " + String.join(" | ", head) + " |");
        assertThat(at)
                .as("%s has a table with the head %s", page, List.of(head))
                .isNotNegative();
        List<List<String>> rows = new ArrayList<>();
        lines.stream().skip(at + 2L).takeWhile(line -> line.startsWith("|")).forEach(line -> {
            List<String> cells = Arrays.stream(
                            line.substring(1, line.lastIndexOf('|')).split("\\|"))
                    .map(String::strip)
                    .toList();
            assertThat(cells).as(line).hasSize(head.length);
            rows.add(cells);
        });
        return rows;
    }

    private static String unquoted(String cell) {
        return cell.replace("`", "");
    }

    private static String read(Path page) {
        try {
            return Files.readString(page);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
