package dev.pilotlight.simulator;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** The sidecar as a child process: its log goes to a file, its warnings to the terminal. */
final class SidecarProcess implements AutoCloseable {
    private static final int LAST_LINES = 15;

    private final Process process;
    private final Thread reader;
    private final ArrayDeque<String> last = new ArrayDeque<>();

    SidecarProcess(List<String> command, Path log, Consumer<String> warnings) throws IOException {
        Files.createDirectories(log.toAbsolutePath().getParent());
        BufferedWriter file = Files.newBufferedWriter(log);
        process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream().close();
        reader = Thread.ofVirtual().start(() -> copy(file, warnings));
    }

    private void copy(BufferedWriter log, Consumer<String> warnings) {
        try (log;
                BufferedReader lines =
                        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line; (line = lines.readLine()) != null; ) {
                log.write(line);
                log.newLine();
                log.flush();
                remember(line);
                if (line.contains(" WARN ") || line.contains(" ERROR ")) {
                    warnings.accept(line);
                }
            }
        } catch (IOException _) {
            // the process has gone and its pipe with it
        }
    }

    private synchronized void remember(String line) {
        last.add(line);
        if (last.size() > LAST_LINES) {
            last.remove();
        }
    }

    boolean isAlive() {
        return process.isAlive();
    }

    int exitCode() {
        return process.exitValue();
    }

    /** The last lines it wrote, once it has ended. */
    List<String> lastLines() throws InterruptedException {
        reader.join(1_000);
        synchronized (this) {
            return List.copyOf(last);
        }
    }

    /** SIGTERM, some seconds to end in, then the end. */
    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(8, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor(2, TimeUnit.SECONDS);
            }
        } catch (InterruptedException _) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
