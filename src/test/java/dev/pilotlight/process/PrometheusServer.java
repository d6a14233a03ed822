package dev.pilotlight.process;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** A real Prometheus on loopback with a configuration of its own, and what it knows; skips the test where there is none. */
public final class PrometheusServer implements AutoCloseable {
    private static final Duration START = Duration.ofSeconds(60);

    private final URI url;
    private final Child child;

    private PrometheusServer(URI url, Child child) {
        this.url = url;
        this.child = child;
    }

    /** @param home for its data, its log and a copy of its configuration; empty or not there yet */
    public static PrometheusServer start(Path home, String configuration) {
        URI url = URI.create("http://127.0.0.1:" + PackagedSidecar.freePort());
        PrometheusServer server = new PrometheusServer(
                url,
                new Child(
                        List.of(
                                Program.PROMETHEUS.path().toString(),
                                "--config.file=" + written(home, configuration),
                                "--storage.tsdb.path=" + home.resolve("data"),
                                "--web.listen-address=" + url.getAuthority()),
                        Map.of(),
                        home.resolve("prometheus.log"),
                        false));
        Await.until("Prometheus answers", START, () -> {
            if (!server.child.isAlive()) {
                throw new Await.Hopeless("Prometheus did not start; " + server.child.lastOfLog());
            }
            return Web.get(url.resolve("/-/ready")).status() == 200;
        });
        return server;
    }

    private static Path written(Path home, String configuration) {
        try {
            return Files.writeString(Files.createDirectories(home).resolve("prometheus.yaml"), configuration);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    public URI url() {
        return url;
    }

    /** The series that an expression gives now. */
    public List<JsonObject> query(String expression) throws IOException, InterruptedException {
        JsonArray result =
                ask("/api/v1/query", "query", expression).getJsonObject("data").getJsonArray("result");
        return result.stream().map(JsonObject.class::cast).toList();
    }

    /** The values that a label has on the series of a selector. */
    public List<String> values(String label, String selector) throws IOException, InterruptedException {
        return ask("/api/v1/label/" + label + "/values", "match[]", selector).getJsonArray("data").stream()
                .map(String.class::cast)
                .toList();
    }

    private JsonObject ask(String path, String parameter, String value) throws IOException, InterruptedException {
        Web.Answer answer = Web.get(url.resolve(path + "?" + encoded(parameter) + "=" + encoded(value)));
        if (answer.status() != 200) {
            throw new Await.Hopeless("Prometheus says of " + value + ": " + answer.body());
        }
        return answer.json();
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }

    @Override
    public void close() {
        child.close();
    }
}
