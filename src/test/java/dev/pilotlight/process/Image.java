package dev.pilotlight.process;

import io.vertx.core.json.JsonArray;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What the image runs, read from its Dockerfile, so that tests run the same: the JVM image's packaged application; the native image's binary
 * where the property {@code native.binary} names one. Every test that starts a sidecar has its command from here.
 */
public final class Image {
    private static final Path JVM = Path.of("src/main/docker/Dockerfile.jvm");
    private static final Path NATIVE = Path.of("src/main/docker/Dockerfile.native-micro");
    private static final Path JAR =
            Path.of("target/quarkus-app/quarkus-run.jar").toAbsolutePath();

    private Image() {}

    /** What {@code make native} made, where the property {@code native.binary} says so. */
    public static Optional<Path> nativeBinary() {
        return Optional.ofNullable(System.getProperty("native.binary"))
                .filter(name -> !name.isBlank())
                .map(name -> Path.of(name).toAbsolutePath());
    }

    /**
     * The image's own command line, with this machine's JDK and the packaged application, or with the binary.
     *
     * @param more options of the JVM or the binary that come last, and so win
     */
    public static List<String> command(List<String> more) {
        return nativeBinary()
                .map(binary -> Stream.of(
                                Stream.of(binary.toString()),
                                entryPoint(NATIVE).stream().skip(1).map(String::valueOf),
                                more.stream())
                        .flatMap(words -> words)
                        .toList())
                .orElseGet(() -> onJvm(more));
    }

    private static List<String> onJvm(List<String> more) {
        JsonArray entryPoint = entryPoint(JVM);
        List<String> command = new ArrayList<>();
        for (int i = 0; i < entryPoint.size(); i++) {
            switch (entryPoint.getString(i)) {
                case "java" ->
                    command.add(Path.of(System.getProperty("java.home"), "bin", "java")
                            .toString());
                case "-jar" -> {
                    command.addAll(more);
                    command.add("-jar");
                }
                case "/deployments/quarkus-run.jar" -> command.add(JAR.toString());
                default -> command.add(entryPoint.getString(i));
            }
        }
        return command;
    }

    private static JsonArray entryPoint(Path dockerfile) {
        try {
            Matcher line = Pattern.compile("(?m)^ENTRYPOINT (\\[.*])$").matcher(Files.readString(dockerfile));
            if (!line.find()) {
                throw new AssertionError(dockerfile + " has no ENTRYPOINT");
            }
            return new JsonArray(line.group(1));
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }
}
