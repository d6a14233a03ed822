package dev.pilotlight.process;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/** What a command said, errors among it, and its exit code. */
public record Said(int code, String output) {
    /** Runs it to its end, with nothing to read. */
    public static Said by(ProcessBuilder command) {
        try {
            Process process = command.redirectErrorStream(true).start();
            process.getOutputStream().close();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return new Said(process.waitFor(), output.strip());
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(stopped);
        }
    }

    /** What it said, where it said yes; anything else is an error of the test. */
    public String orFail() {
        if (code != 0) {
            throw new AssertionError("exit code " + code + ": " + output);
        }
        return output;
    }
}
