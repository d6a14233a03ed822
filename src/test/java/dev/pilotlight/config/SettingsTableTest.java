package dev.pilotlight.config;

import static org.assertj.core.api.Assertions.assertThat;

import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfig;
import io.smallrye.config.SmallRyeConfigBuilder;
import io.smallrye.config.WithDefault;
import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The one table of settings: whole, held to the mapping and to the documentation, and every bound of it tried from both sides. */
class SettingsTableTest {
    /** Defaults as PilotlightConfig has them, by name; null for none. */
    private static Map<String, String> mapping() {
        Map<String, String> all = new TreeMap<>();
        collect("pilotlight", PilotlightConfig.class, all);
        return all;
    }

    private static void collect(String prefix, Class<?> group, Map<String, String> all) {
        for (Method method : group.getDeclaredMethods()) {
            if (method.isSynthetic() || !java.lang.reflect.Modifier.isAbstract(method.getModifiers())) {
                continue;
            }
            String name =
                    prefix + "." + method.getName().replaceAll("([A-Z])", "-$1").toLowerCase(java.util.Locale.ROOT);
            if (method.getReturnType().isInterface()
                    && method.getReturnType().getPackage() == PilotlightConfig.class.getPackage()) {
                collect(name, method.getReturnType(), all);
            } else {
                WithDefault given = method.getAnnotation(WithDefault.class);
                all.put(name, given == null ? null : given.value());
            }
        }
    }

    static List<Setting> all() {
        return SettingsTable.ALL;
    }

    static Stream<Setting> checked() {
        return Stream.concat(SettingsTable.ALL.stream(), SettingsTable.OF_QUARKUS.stream());
    }

    private static List<String> problems(Map<String, String> written, String... variables) {
        return SettingsCheck.problems(
                name -> Optional.ofNullable(written.get(name)), written.keySet(), Set.of(variables));
    }

    @Test
    void hasEverySettingOfTheMappingOnceAndNoOther() {
        assertThat(SettingsTable.ALL)
                .extracting(Setting::name)
                .containsExactlyInAnyOrderElementsOf(mapping().keySet());
    }

    @Test
    void allowsEveryDefault() {
        Map<String, String> defaults = new HashMap<>();
        mapping().forEach((name, value) -> {
            if (value != null) {
                defaults.put(name, value);
            }
        });

        assertThat(defaults).hasSizeGreaterThan(30);
        assertThat(problems(defaults)).isEmpty();
    }

    @ParameterizedTest
    @MethodSource("checked")
    void takesItsBoundsAndNothingBeyond(Setting setting) {
        List<String> good = new ArrayList<>();
        List<String> bad = new ArrayList<>(List.of("\u0000"));
        switch (setting.kind()) {
            case Kind.Time time -> {
                good.addAll(List.of(text(time.least()), text(time.most())));
                bad.addAll(List.of(text(time.most().plusMillis(1)), "banana", "10", "1e3s", "-5s", "999999999999d"));
                if (time.least().toMillis() > 0) {
                    bad.add(text(time.least().minusMillis(time.least().toMillis() == 1 && time.zeroForNone() ? 0 : 1)));
                }
                (time.zeroForNone() || time.least().isZero() ? good : bad).add("0s");
            }
            case Kind.Whole whole -> {
                good.addAll(List.of("" + whole.least(), "" + whole.most()));
                bad.addAll(List.of(
                        "" + (whole.least() - 1), "" + (whole.most() + 1), "many", "1.5", "99999999999999999999"));
            }
            case Kind.Real real -> {
                good.add("" + real.most());
                good.add("" + Math.nextUp(real.least()));
                (real.open() ? bad : good).add("" + real.least());
                bad.addAll(List.of("" + Math.nextUp(real.most()), "NaN", "Infinity", "half", "-1"));
            }
            case Kind.OneOf words -> {
                good.addAll(words.words());
                bad.addAll(List.of("flase", "yes", "psychic"));
            }
            case Kind.Here ignored -> {
                good.addAll(List.of("0.0.0.0", "127.0.0.1", "localhost"));
                bad.addAll(List.of("300.1.1.1", "192.0.2.1"));
            }
            case Kind.Address address -> {
                good.addAll(List.of(address.example(), "https://[::1]:8443/llm"));
                bad.addAll(List.of(
                        "ftp://vllm", "localhost:8000", "http://:80", "http://a:99999", "http://a:0", "http://a b"));
            }
            case Kind.Addresses addresses -> {
                good.addAll(List.of(addresses.example(), "https://[::1]:8443/llm"));
                bad.addAll(List.of("http://a:1,localhost:8000", "http://a:1,,x", "http://a:1;http://a:2"));
            }
            case Kind.InFile ignored -> bad.addAll(List.of("/no/such/file", "/", "/dev/zero"));
            case Kind.Text text -> {
                bad.clear();
                bad.add("");
                good.add("a");
            }
        }
        for (String value : good) {
            assertThat(setting.kind().wrong(value))
                    .as("%s=%s", setting.name(), value)
                    .isEmpty();
        }
        for (String value : bad) {
            assertThat(setting.kind().wrong(value))
                    .as("%s=%s", setting.name(), value)
                    .isPresent();
            assertThat(setting.kind().wrong(value).get()).doesNotContain("java.", "Exception", "SRCFG");
        }
    }

    private static String text(Duration time) {
        return time.toMillis() % 1000 == 0 ? time.toSeconds() + "s" : time.toMillis() + "ms";
    }

    @ParameterizedTest
    @MethodSource("all")
    void isReadIntoTheMappingWhereTheTableAllowsIt(Setting setting) {
        String value =
                switch (setting.kind()) {
                    case Kind.Time time -> text(time.most());
                    case Kind.Whole whole -> "" + whole.most();
                    case Kind.Real real -> "" + real.most();
                    case Kind.OneOf words -> words.words().getLast();
                    case Kind.Here ignored -> "127.0.0.1";
                    case Kind.Address address -> address.example();
                    case Kind.Addresses addresses -> addresses.example();
                    case Kind.InFile ignored -> "/etc/hostname";
                    case Kind.Text ignored -> "word";
                };
        SmallRyeConfig read = new SmallRyeConfigBuilder()
                .addDiscoveredConverters()
                .withMapping(PilotlightConfig.class)
                .withSources(new PropertiesConfigSource(Map.of(setting.name(), value), "test", 500))
                .build();

        Object mapped = read.getConfigMapping(PilotlightConfig.class);
        for (String part : setting.name().substring("pilotlight.".length()).split("\\.")) {
            mapped = get(mapped, part);
        }

        String shown = mapped instanceof Optional<?> some ? some.orElseThrow().toString() : mapped.toString();
        Object expected =
                switch (setting.kind()) {
                    case Kind.Time time -> time.most().toString();
                    case Kind.OneOf words ->
                        words.words().getLast().replace('-', '_').toUpperCase(java.util.Locale.ROOT);
                    default -> value;
                };
        assertThat(shown.replaceAll("^(OptionalInt)?\\[|]$", "").replace(", ", ","))
                .isEqualToIgnoringCase(expected.toString());
    }

    private static Object get(Object group, String part) {
        String[] words = part.split("-");
        StringBuilder name = new StringBuilder(words[0]);
        for (int i = 1; i < words.length; i++) {
            name.append(Character.toUpperCase(words[i].charAt(0))).append(words[i].substring(1));
        }
        return Stream.of(group.getClass().getInterfaces())
                .flatMap(type -> Arrays.stream(type.getMethods()))
                .filter(method -> method.getName().contentEquals(name))
                .findFirst()
                .map(method -> {
                    try {
                        method.setAccessible(true);
                        return method.invoke(group);
                    } catch (ReflectiveOperationException impossible) {
                        throw new AssertionError(impossible);
                    }
                })
                .orElseThrow();
    }

    @Nested
    class Names {
        @ParameterizedTest
        @CsvSource({
            "PILOTLIGHT_ENGIN_URL, PILOTLIGHT_ENGINE_URL",
            "PILOTLIGHT_WARMUP_BUDGET, PILOTLIGHT_WARM_UP_BUDGET",
            "PILOTLIGHT_POOL_STANBY, PILOTLIGHT_POOL_STANDBY",
        })
        void ofAVariableThatIsMisspelt(String written, String right) {
            assertThat(problems(Map.of(), written))
                    .containsExactly(
                            written + ": no setting has this environment variable; did you mean " + right + "?");
        }

        @Test
        void ofAVariableLikeNone() {
            assertThat(problems(Map.of(), "PILOTLIGHT_FOO"))
                    .containsExactly("PILOTLIGHT_FOO: no setting has this environment variable");
        }

        @Test
        void ofEverySettingAsAVariable() {
            assertThat(problems(
                            Map.of(),
                            SettingsTable.ALL.stream().map(Setting::variable).toArray(String[]::new)))
                    .isEmpty();
        }

        @ParameterizedTest
        @ValueSource(
                strings = {
                    "PILOTLIGHT_SERVICE_HOST",
                    "PILOTLIGHT_SERVICE_PORT",
                    "PILOTLIGHT_SERVICE_PORT_HTTP_METRICS",
                    "PILOTLIGHT_PORT",
                    "PILOTLIGHT_PORT_9110_TCP",
                    "PILOTLIGHT_PORT_9110_TCP_PROTO",
                    "PILOTLIGHT_PORT_9110_TCP_ADDR",
                    "PILOTLIGHT_ENGINE_SERVICE_HOST",
                    "PILOTLIGHT_INJECTOR_PORT",
                    "PILOTLIGHT_INJECTOR_PORT_443_TCP_PORT",
                    "PATH",
                    "PILOTLIGHTER"
                })
        void thatTheKubeletSetsForAServiceAreNoMistake(String variable) {
            assertThat(problems(Map.of(), variable)).isEmpty();
        }

        /** The Service pilotlight-injector made a setting of PILOTLIGHT_INJECTOR_PORT=tcp://10.96.0.9:443. */
        @Test
        void thatTheKubeletSetsForAServiceIsNoSetting() {
            assertThat(SettingsTable.ALL).extracting(Setting::variable).noneMatch(variable -> SettingsCheck.SERVICE_LINK
                    .matcher(variable)
                    .matches());
        }

        @Test
        void ofAPropertyThatIsMisspelt() {
            assertThat(problems(Map.of("pilotlight.engine.pol-every", "1s")))
                    .containsExactly(
                            "pilotlight.engine.pol-every: there is no such setting; did you mean pilotlight.engine.poll-every?");
        }
    }

    @Nested
    class TheEnginesAddress {
        private static List<String> atOwnPort(String... written) {
            SmallRyeConfig read = new SmallRyeConfigBuilder()
                    .addDiscoveredConverters()
                    .withMapping(PilotlightConfig.class)
                    .withSources(new PropertiesConfigSource(Map.of(written[0], written[1]), "test", 500))
                    .build();
            return ConfigCheck.atOwnPort(
                    read.getConfigMapping(PilotlightConfig.class).engine(), "9110");
        }

        @ParameterizedTest
        @ValueSource(
                strings = {
                    "http://127.0.0.1:9110",
                    "http://LOCALHOST:9110/llm",
                    "https://[::1]:9110",
                    "http://0.0.0.0:9110",
                    "http://127.1.2.3:9110"
                })
        void isNotTheSidecarsOwn(String url) {
            assertThat(atOwnPort("pilotlight.engine.url", url))
                    .singleElement()
                    .asString()
                    .contains("pilotlight.engine.url=" + url, "is the sidecar's own port", "http://127.0.0.1:8000");
            assertThat(atOwnPort("pilotlight.engine.urls", "http://127.0.0.1:8000," + url))
                    .hasSize(1);
        }

        @ParameterizedTest
        @ValueSource(
                strings = {"http://127.0.0.1:8000", "http://other:9110", "http://10.0.0.7:9110", "http://localhost"})
        void mayBeAnyOther(String url) {
            assertThat(atOwnPort("pilotlight.engine.url", url)).isEmpty();
        }
    }

    @Nested
    class Messages {
        @Test
        void sayWhatIsWrongWithAnAddressToListenAtAndWithALogLevel() {
            assertThat(problems(Map.of("quarkus.http.host", "192.0.2.1", "quarkus.log.level", "BOGUS")))
                    .containsExactly(
                            "quarkus.http.host=192.0.2.1: cannot be listened at;"
                                    + " give an address of this machine, such as 0.0.0.0 or 127.0.0.1",
                            "quarkus.log.level=BOGUS: give off, fatal, error, warn, info, debug, trace, all, severe,"
                                    + " warning, config, fine, finer or finest");
        }

        @Test
        void sayTheUnitThatABareNumberLacks() {
            assertThat(problems(Map.of("pilotlight.engine.timeout", "500")))
                    .containsExactly("pilotlight.engine.timeout=500: has no unit; give 500ms or 500s");
        }

        @Test
        void takeALineBreakForNoNewLine() {
            assertThat(problems(Map.of("pilotlight.gpu.source", "a\n2026-01-01 ERROR forged")))
                    .singleElement()
                    .asString()
                    .doesNotContain("\n");
        }

        @Test
        void neverShowAPassword() {
            assertThat(problems(Map.of("pilotlight.gpu.dcgm-url", "ftp://user:geheim@node")))
                    .singleElement()
                    .asString()
                    .doesNotContain("geheim");
        }

        @Test
        void areAllThereAtOnce() {
            Map<String, String> written = Map.of(
                    "pilotlight.engine.poll-every", "banana",
                    "pilotlight.engine.verify-host", "flase",
                    "pilotlight.engine.url", "http://127.0.0.1:99999",
                    "pilotlight.signal.target-load", "75",
                    "quarkus.http.port", "99999");

            assertThat(problems(written, "PILOTLIGHT_ENGIN_URL")).hasSize(6);
        }
    }

    @Nested
    class AFileWithAKey {
        @TempDir
        Path folder;

        private Optional<String> wrong(String text) throws IOException {
            return Kind.InFile.SECRET.wrong(
                    Files.writeString(folder.resolve("key"), text).toString());
        }

        @Test
        void hasOneLine() throws IOException {
            assertThat(wrong("sk-1\n")).isEmpty();
            assertThat(wrong(" \n")).hasValueSatisfying(fix -> assertThat(fix).contains("empty"));
            assertThat(wrong("sk-1\nsk-2\n"))
                    .hasValueSatisfying(
                            fix -> assertThat(fix).contains("2 lines").doesNotContain("sk-"));
        }
    }

    @Test
    void isWhatTheDocumentationSays() throws IOException {
        String page = Files.readString(Path.of("docs/configuration.md"));
        Map<String, String> defaults = mapping();
        for (Setting setting : SettingsTable.ALL) {
            String given = defaults.get(setting.name());
            assertThat(page)
                    .contains("| `" + setting.name() + "` | " + (given == null ? "none" : "`" + given + "`") + " | "
                            + setting.allowed() + " | ");
        }
    }
}
