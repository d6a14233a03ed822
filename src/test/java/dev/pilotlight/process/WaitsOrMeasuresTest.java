package dev.pilotlight.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Every test of a process in {@code make test} says whether it waits, and so may run beside others, or measures, and so may not. */
class WaitsOrMeasuresTest {
    private static final List<String> SAYS = List.of("@WaitsMostly", "@Isolated(");

    @Test
    void everyTestOfAProcessSaysWhich() throws IOException {
        assertThat(tests(false))
                .hasSizeGreaterThan(15)
                .allSatisfy((name, said) -> assertThat(said).as(name).hasSize(1));
    }

    /** They share a cluster, a node or a server, and run one after the other. */
    @Test
    void noneOfTheSlowTargetsRunsBesideOthers() throws IOException {
        assertThat(tests(true))
                .hasSizeGreaterThan(15)
                .allSatisfy((name, said) -> assertThat(said).as(name).isEmpty());
    }

    /** The tests of processes that have a tag or have none, and what each says. */
    private static Map<String, Set<String>> tests(boolean tagged) throws IOException {
        try (Stream<Path> files = Files.walk(Path.of("src/test/java"))) {
            return files.filter(file -> file.toString().endsWith("IT.java"))
                    .map(WaitsOrMeasuresTest::read)
                    .filter(it -> it.text.contains("\n@Tag(") == tagged)
                    .collect(Collectors.toMap(Source::name, it -> SAYS.stream()
                            .filter(said -> it.text.contains("\n" + said))
                            .collect(Collectors.toSet())));
        }
    }

    private record Source(String name, String text) {}

    private static Source read(Path file) {
        try {
            return new Source(file.toString(), Files.readString(file));
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }
}
