package dev.pilotlight.k8s;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** A folder under k8s/ that {@code kubectl apply -k} takes as it is. */
public record Kustomization(Path folder) {
    public static final Path ROOT = Path.of("k8s");
    static final YAMLMapper YAML = new YAMLMapper();

    /** All of them but Components, which only others can build. */
    public static List<Kustomization> all() {
        try (Stream<Path> files = Files.walk(ROOT)) {
            return files.filter(file -> file.endsWith("kustomization.yaml"))
                    .filter(file -> !documents(read(file))
                            .getFirst()
                            .path("kind")
                            .asText()
                            .equals("Component"))
                    .map(file -> new Kustomization(file.getParent()))
                    .sorted((left, right) -> left.folder.compareTo(right.folder))
                    .toList();
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    /** What {@code kubectl kustomize} makes of it; skips the test where there is no kubectl. */
    public List<JsonNode> build() {
        return documents(Program.KUBECTL.run("kustomize", folder.toString()).orFail());
    }

    static List<JsonNode> documents(String yaml) {
        try (MappingIterator<JsonNode> documents =
                YAML.readerFor(JsonNode.class).readValues(yaml)) {
            return documents.readAll();
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }

    static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    @Override
    public String toString() {
        return folder.toString();
    }

    /** A program of the system that may be missing, and then skips the test. */
    enum Program {
        KUBECTL("kubectl", "https://kubernetes.io/docs/tasks/tools"),
        PROMTOOL("promtool", "Debian's package prometheus has it"),
        PROMETHEUS("prometheus", "Debian's package prometheus has it");

        private final String command;
        private final String mend;

        Program(String command, String mend) {
            this.command = command;
            this.mend = mend;
        }

        /** Its place on the path. */
        Path path() {
            List<Path> found = Stream.of(System.getenv("PATH").split(":"))
                    .map(folder -> Path.of(folder, command))
                    .filter(Files::isExecutable)
                    .toList();
            assumeTrue(!found.isEmpty(), command + " is not installed: " + mend);
            return found.getFirst();
        }

        Said run(String... arguments) {
            try {
                Process process = new ProcessBuilder(Stream.concat(Stream.of(path().toString()), Stream.of(arguments))
                                .toList())
                        .redirectErrorStream(true)
                        .start();
                process.getOutputStream().close();
                String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
                return new Said(process.waitFor(), output);
            } catch (IOException failed) {
                throw new UncheckedIOException(failed);
            } catch (InterruptedException stopped) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException(stopped);
            }
        }
    }

    record Said(int code, String output) {
        String orFail() {
            if (code != 0) {
                throw new AssertionError(output);
            }
            return output;
        }
    }
}
