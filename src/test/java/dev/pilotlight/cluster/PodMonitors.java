package dev.pilotlight.cluster;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.pilotlight.process.PrometheusServer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** A real Prometheus that scrapes what the PodMonitors of k8s/monitoring would have it scrape, only more often. */
final class PodMonitors implements AutoCloseable {
    private final HttpServer discovery;
    private final PrometheusServer prometheus;

    /**
     * One page.
     *
     * @param address where Prometheus looks for it
     * @param labels of all of its series
     */
    record Target(String address, Map<String, String> labels) {
        /** Both pages of a pod, with the labels that prometheus-operator adds. */
        static Stream<Target> of(String namespace, String pod, String address) {
            return Stream.of(Map.entry("pilotlight", 9110), Map.entry("http", 8000))
                    .map(port -> new Target(
                            address + ":" + port.getValue(),
                            Map.of("namespace", namespace, "pod", pod, "endpoint", port.getKey())));
        }

        Target with(String label, String value) {
            Map<String, String> all = new HashMap<>(labels);
            all.put(label, value);
            return new Target(address, Map.copyOf(all));
        }

        /** The same page, by a way that can be cut. */
        Target by(Wire wire) {
            return new Target("127.0.0.1:" + wire.port(), with("instance", address).labels);
        }

        private JsonObject written() {
            return new JsonObject()
                    .put("targets", List.of(address))
                    .put(
                            "labels",
                            new JsonObject(
                                    Map.copyOf(with("instance", labels.getOrDefault("instance", address)).labels)));
        }
    }

    private PodMonitors(HttpServer discovery, PrometheusServer prometheus) {
        this.discovery = discovery;
        this.prometheus = prometheus;
    }

    /** @param targets those of now: asked each second */
    static PodMonitors start(Path home, Supplier<List<Target>> targets) throws IOException {
        // Debian builds Prometheus without the discovery of Kubernetes, so it is told what a PodMonitor would find.
        HttpServer discovery = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        discovery.createContext("/", exchange -> tell(exchange, targets.get()));
        discovery.start();
        return new PodMonitors(discovery, PrometheusServer.start(home, """
                global: { scrape_interval: 2s, scrape_timeout: 2s }
                scrape_configs:
                  - job_name: vllm
                    http_sd_configs: [{ url: "http://127.0.0.1:%d/", refresh_interval: 1s }]
                """.formatted(
                        discovery.getAddress().getPort())));
    }

    private static void tell(HttpExchange exchange, List<Target> targets) throws IOException {
        byte[] body = new JsonArray(targets.stream().map(Target::written).toList())
                .encode()
                .getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().add("Content-Type", "application/json");
        exchange.sendResponseHeaders(200, body.length);
        exchange.getResponseBody().write(body);
        exchange.close();
    }

    PrometheusServer prometheus() {
        return prometheus;
    }

    @Override
    public void close() {
        prometheus.close();
        discovery.stop(0);
    }
}
