package dev.pilotlight.process;

import static java.util.stream.Collectors.toSet;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What the process tests start is chosen in one place. */
class ImageTest {
    private static final String BINARY = "native.binary";

    private final String before = System.getProperty(BINARY);

    @AfterEach
    void asBefore() {
        if (before == null) {
            System.clearProperty(BINARY);
        } else {
            System.setProperty(BINARY, before);
        }
    }

    @Test
    void isTheJvmImagesCommandByDefault() {
        System.clearProperty(BINARY);

        assertThat(Image.command(List.of("-Da=b")))
                .startsWith(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx64m")
                .endsWith(
                        "-Da=b",
                        "-jar",
                        Path.of("target/quarkus-app/quarkus-run.jar")
                                .toAbsolutePath()
                                .toString());
    }

    @Test
    void isTheNativeImagesCommandWhereABinaryIsNamed() {
        System.setProperty(BINARY, "target/pilotlight-runner");

        assertThat(Image.command(List.of("-Da=b")))
                .containsExactly(
                        Path.of("target/pilotlight-runner").toAbsolutePath().toString(),
                        "-Xmx64m",
                        "-XX:+ExitOnOutOfMemoryError",
                        "-Da=b");
    }

    /** The demo of {@code make run} starts the packaged application itself. */
    @Test
    void isNamedByNoOtherTest() throws IOException {
        try (Stream<Path> sources = Files.walk(Path.of("src/test/java"))) {
            Set<String> others = sources.filter(file -> file.toString().endsWith(".java"))
                    .filter(file -> read(file).contains("quarkus-run.jar"))
                    .map(file -> file.getFileName().toString())
                    .collect(toSet());

            assertThat(others).containsExactlyInAnyOrder("Image.java", "ImageTest.java", "DashboardIT.java");
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }
}
