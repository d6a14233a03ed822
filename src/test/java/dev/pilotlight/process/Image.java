package dev.pilotlight.process;

import io.vertx.core.json.JsonArray;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What the JVM image runs, read from its Dockerfile, so that tests run the same. */
public final class Image {
    private static final Path DOCKERFILE = Path.of("src/main/docker/Dockerfile.jvm");
    private static final Path JAR =
            Path.of("target/quarkus-app/quarkus-run.jar").toAbsolutePath();

    private Image() {}

    /**
     * The image's own command line, with this machine's JDK and the packaged application.
     *
     * @param more options of the JVM that come last, and so win
     */
    public static List<String> command(List<String> more) {
        JsonArray entryPoint = entryPoint();
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

    private static JsonArray entryPoint() {
        try {
            Matcher line = Pattern.compile("(?m)^ENTRYPOINT (\\[.*])$").matcher(Files.readString(DOCKERFILE));
            if (!line.find()) {
                throw new AssertionError(DOCKERFILE + " has no ENTRYPOINT");
            }
            return new JsonArray(line.group(1));
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }
}
