package dev.pilotlight.check;

import dev.pilotlight.http.Causes;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** {@code pilotlight check}: asks the sidecar that runs here what it sees, and says what is missing. */
public final class CheckCommand {
    /** Something is missing. */
    public static final int MISSING = 1;
    /** EX_UNAVAILABLE of sysexits.h: no sidecar answers. */
    public static final int NO_SIDECAR = 69;

    private static final int TIMEOUT_MILLIS = 5_000;
    private static final int LONGEST_ANSWER = 4 << 20;

    private CheckCommand() {}

    /** @return the exit code */
    public static int run(URI sidecar, PrintStream out, PrintStream errors) {
        JsonObject status;
        try {
            status = new JsonObject(get(sidecar.resolve("/api/v1/status")));
        } catch (IOException | DecodeException unheard) {
            errors.println(
                    "no sidecar answers at " + sidecar + ": " + Causes.words(unheard)
                            + "\nRun this in the sidecar's container: kubectl exec POD -c pilotlight -- /pilotlight/application check");
            return NO_SIDECAR;
        }
        List<Finding> findings = Checklist.of(status);
        findings.forEach(finding -> out.println(finding.text()));
        long missing = findings.stream()
                .filter(it -> it.level() == Finding.Level.MISSING)
                .count();
        out.println(missing == 0 ? "nothing is missing" : missing + " of " + findings.size() + " are missing");
        return Checklist.passes(findings) ? 0 : MISSING;
    }

    private static String get(URI url) throws IOException {
        HttpURLConnection connection = (HttpURLConnection) url.toURL().openConnection();
        connection.setConnectTimeout(TIMEOUT_MILLIS);
        connection.setReadTimeout(TIMEOUT_MILLIS);
        try (InputStream answer = connection.getInputStream()) {
            return new String(answer.readNBytes(LONGEST_ANSWER), StandardCharsets.UTF_8);
        } finally {
            connection.disconnect();
        }
    }
}
