package dev.pilotlight.prometheus;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Pages recorded from real servers, where this machine has them: {@code -Dcaptures.dir}, else beside the checkout. */
final class Captures {
    private static final Path DIRECTORY = Path.of(System.getProperty("captures.dir", "../shared/captures"));

    private Captures() {}

    static List<Path> all() {
        assumeTrue(Files.isDirectory(DIRECTORY), () -> "no captures at " + DIRECTORY.toAbsolutePath());
        try (Stream<Path> files = Files.walk(DIRECTORY)) {
            return files.filter(file -> file.toString().matches(".*\\.(prom|txt)"))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static byte[] bytes(Path page) {
        try {
            return Files.readAllBytes(page);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
