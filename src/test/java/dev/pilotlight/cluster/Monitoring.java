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
import java.util.List;

/** A real Prometheus that scrapes the pods of a kubelet, and the real prometheus-adapter before it. */
final class Monitoring implements AutoCloseable {
    private final HttpServer discovery;
    private final PrometheusServer prometheus;
    private final PrometheusAdapter adapter;

    private Monitoring(HttpServer discovery, PrometheusServer prometheus, PrometheusAdapter adapter) {
        this.discovery = discovery;
        this.prometheus = prometheus;
        this.adapter = adapter;
    }

    static Monitoring start(ControlPlane plane, Kubelet kubelet, String namespace) throws IOException {
        // Debian builds Prometheus without the discovery of Kubernetes, so the kubelet tells it what a PodMonitor would
        // find.
        HttpServer discovery = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        discovery.createContext("/", exchange -> tell(exchange, kubelet, namespace));
        discovery.start();
        PrometheusServer prometheus = PrometheusServer.start(plane.home().resolve("prometheus"), """
                global: { scrape_interval: 2s }
                scrape_configs:
                  - job_name: vllm
                    http_sd_configs: [{ url: "http://127.0.0.1:%d/", refresh_interval: 1s }]
                """.formatted(
                        discovery.getAddress().getPort()));
        return new Monitoring(discovery, prometheus, PrometheusAdapter.start(plane, prometheus));
    }

    /** Both pages of each pod, with the labels that prometheus-operator adds. */
    private static void tell(HttpExchange exchange, Kubelet kubelet, String namespace) throws IOException {
        JsonArray targets = new JsonArray();
        kubelet.pods()
                .forEach(pod -> targets.add(new JsonObject()
                        .put("targets", List.of(pod.address() + ":9110", pod.address() + ":8000"))
                        .put(
                                "labels",
                                new JsonObject().put("namespace", namespace).put("pod", pod.name()))));
        byte[] body = targets.encode().getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().add("Content-Type", "application/json");
        exchange.sendResponseHeaders(200, body.length);
        exchange.getResponseBody().write(body);
        exchange.close();
    }

    @Override
    public void close() {
        adapter.close();
        prometheus.close();
        discovery.stop(0);
    }
}
