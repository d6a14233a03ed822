package dev.pilotlight.process;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A child process that ends when this one does, however that ends: by {@link #close}, by an exit, or by force. For the last a small
 * guard waits for the end of a pipe that only this process holds.
 */
public final class Child implements AutoCloseable {
    private final Process process;
    private final String target;
    private final Process guard;
    private final Thread atExit;
    private final Path log;

    /**
     * @param group whether the child makes itself the leader of a process group, which then is ended as a whole
     */
    public Child(List<String> command, Map<String, String> environment, Path log, boolean group) {
        this.log = log;
        try {
            Files.createDirectories(log.toAbsolutePath().getParent());
            ProcessBuilder builder =
                    new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
            builder.environment().putAll(environment);
            process = builder.start();
            target = (group ? "-" : "") + process.pid();
            guard = new ProcessBuilder(
                            "sh", "-c", "trap '' INT TERM; read -r _; kill -KILL -- \"$0\" 2>/dev/null", target)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
        atExit = new Thread(this::kill);
        Runtime.getRuntime().addShutdownHook(atExit);
    }

    public Process process() {
        return process;
    }

    public boolean isAlive() {
        return process.isAlive();
    }

    /** Ends it by force, with the whole group. */
    public void kill() {
        signal("KILL", target);
    }

    public boolean endsWithin(Duration time) throws InterruptedException {
        return process.waitFor(time.toMillis(), TimeUnit.MILLISECONDS);
    }

    public List<String> log() {
        try {
            return Files.readAllLines(log);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    public String lastOfLog() {
        List<String> lines = log();
        return log + " ends:\n" + String.join("\n", lines.subList(Math.max(0, lines.size() - 30), lines.size()));
    }

    public static void signal(String name, long pid) {
        signal(name, Long.toString(pid));
    }

    private static void signal(String name, String target) {
        try {
            new ProcessBuilder("kill", "-" + name, "--", target)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start()
                    .waitFor();
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        kill();
        try {
            process.waitFor(10, TimeUnit.SECONDS);
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
        }
        guard.destroyForcibly();
        try {
            Runtime.getRuntime().removeShutdownHook(atExit);
        } catch (IllegalStateException _) {
            // the exit is under way, and the hook runs
        }
    }
}
