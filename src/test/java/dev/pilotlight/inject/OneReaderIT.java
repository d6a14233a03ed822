package dev.pilotlight.inject;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.pilotlight.process.Await;
import dev.pilotlight.process.Child;
import dev.pilotlight.process.Image;
import dev.pilotlight.process.PackagedSidecar;
import dev.pilotlight.process.WaitsMostly;
import dev.pilotlight.process.Web;
import dev.pilotlight.simulator.EngineOptions;
import dev.pilotlight.simulator.SimulatedEngine;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** The injection and the sidecar that it makes come to the same container: a neighbour is never asked, and never warmed up. */
@WaitsMostly
class OneReaderIT {
    private static final Duration SOON = Duration.ofSeconds(60);

    /** A neighbour of vLLM's that counts who comes. */
    private record Neighbour(HttpServer server, AtomicInteger requests) implements AutoCloseable {
        static Neighbour start() throws IOException {
            HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
            AtomicInteger requests = new AtomicInteger();
            server.createContext("/", exchange -> {
                requests.incrementAndGet();
                answer(exchange, "# a page of somebody else's\n");
            });
            server.start();
            return new Neighbour(server, requests);
        }

        int port() {
            return server.getAddress().getPort();
        }

        @Override
        public void close() {
            server.stop(0);
        }
    }

    /** As much of an API server as shows one pod. */
    private record OnePod(HttpServer server, CountDownLatch end) implements AutoCloseable {
        static OnePod of(JsonObject pod) throws IOException {
            HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
            CountDownLatch end = new CountDownLatch(1);
            server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
            server.createContext("/api/v1/namespaces/models/pods", exchange -> {
                String query = String.valueOf(exchange.getRequestURI().getQuery());
                if (query.contains("watch=true") || query.contains("watch=1")) {
                    exchange.getResponseHeaders().add("Content-Type", "application/json");
                    exchange.sendResponseHeaders(200, 0);
                    exchange.getResponseBody().flush();
                    awaited(end);
                    exchange.close();
                    return;
                }
                boolean one = exchange.getRequestURI().getPath().endsWith("/own");
                JsonObject list = new JsonObject()
                        .put("kind", "PodList")
                        .put("apiVersion", "v1")
                        .put("metadata", new JsonObject().put("resourceVersion", "7"))
                        .put("items", new JsonArray().add(pod));
                answer(exchange, (one ? pod : list).encode());
            });
            server.start();
            return new OnePod(server, end);
        }

        private static void awaited(CountDownLatch end) {
            try {
                end.await();
            } catch (InterruptedException stop) {
                Thread.currentThread().interrupt();
            }
        }

        @Override
        public void close() {
            end.countDown();
            server.stop(0);
        }
    }

    private static void answer(HttpExchange exchange, String text) throws IOException {
        byte[] body = text.getBytes(StandardCharsets.UTF_8);
        exchange.getRequestBody().readAllBytes();
        exchange.getResponseHeaders().add("Content-Type", text.startsWith("{") ? "application/json" : "text/plain");
        exchange.sendResponseHeaders(200, body.length);
        exchange.getResponseBody().write(body);
        exchange.close();
    }

    private static JsonObject pod(String containers) {
        return Corpus.yaml("""
                apiVersion: v1
                kind: Pod
                metadata: { name: own, namespace: models, uid: u, resourceVersion: "7", labels: { pilotlight.dev/inject: "true" } }
                spec:
                  containers:
                """ + containers.indent(4));
    }

    private static JsonObject injected(JsonObject pod) {
        Review.Asked asked =
                (Review.Asked) Review.read(Corpus.review(pod).encode().getBytes(StandardCharsets.UTF_8));
        return Corpus.patched(
                pod, asked.answer(asked.decide(InjectionDecision.OptIn.POD), SidecarTemplate.read(), "pilotlight"));
    }

    /** What the injection tells the sidecar, as the kubelet gives it. */
    private static Map<String, String> told(JsonObject injected) {
        Map<String, String> told = new HashMap<>();
        injected.getJsonObject("spec")
                .getJsonArray("initContainers")
                .getJsonObject(0)
                .getJsonArray("env")
                .forEach(entry -> {
                    JsonObject variable = (JsonObject) entry;
                    if (variable.containsKey("value")) {
                        told.put(variable.getString("name"), variable.getString("value"));
                    }
                });
        return told;
    }

    /** Runs the packaged sidecar in that pod until it is ready; what it says of the container that it reads. */
    private static JsonObject ready(String name, JsonObject pod, Map<String, String> told) throws Exception {
        int port = PackagedSidecar.freePort();
        try (OnePod api = OnePod.of(pod)) {
            Map<String, String> environment = new HashMap<>(told);
            environment.putAll(Map.of(
                    "POD_NAME", "own",
                    "POD_NAMESPACE", "models",
                    "PILOTLIGHT_GPU_SOURCE", "none",
                    "QUARKUS_HTTP_HOST", "127.0.0.1",
                    "QUARKUS_HTTP_PORT", Integer.toString(port),
                    "PILOTLIGHT_KUBE_URL",
                            "http://127.0.0.1:" + api.server().getAddress().getPort()));
            try (Child sidecar = new Child(
                    Image.command(List.of()), environment, Path.of("target/it/one-reader-" + name + ".log"), false)) {
                URI status = URI.create("http://127.0.0.1:" + port + "/api/v1/status");
                JsonObject shown = Await.until(
                        "ready, its own pod seen",
                        SOON,
                        () -> sidecar.isAlive() ? Web.get(status).json() : new JsonObject(),
                        it -> "ready".equals(it.getString("phase"))
                                && it.getJsonObject("cluster", new JsonObject()).containsKey("vllm"));
                return shown.getJsonObject("cluster").getJsonObject("vllm");
            }
        }
    }

    @Nested
    class BesideARouter {
        private static final String CONTAINERS = """
                - { name: router, image: "ghcr.io/example/vllm-router:0.2", args: ["--port", "%d"] }
                - { name: vllm, image: "vllm/vllm-openai:v0.32.0", args: ["--port", "%d", "--max-num-seqs", "64"] }
                """;

        @Test
        void asksTheEngineThatTheInjectionTold() throws Exception {
            asksTheEngine("router-told", CONTAINERS, "vllm", true);
        }

        @Test
        void findsTheSameWhereNobodyTells() throws Exception {
            asksTheEngine("router-untold", CONTAINERS, "vllm", false);
        }
    }

    @Nested
    class BesideALogShipper {
        private static final String CONTAINERS = """
                - { name: logs, image: "fluent/fluent-bit:4.1", args: ["-i", "tail", "-p", "path=/var/log/vllm", "--port", "%d"] }
                - { name: server, image: "registry.example.com/serving:7", command: ["vllm", "serve", "m", "--port", "%d", "--max-num-seqs=64"] }
                """;

        @Test
        void asksTheEngineThatTheInjectionTold() throws Exception {
            asksTheEngine("logs-told", CONTAINERS, "server", true);
        }

        @Test
        void findsTheSameWhereNobodyTells() throws Exception {
            asksTheEngine("logs-untold", CONTAINERS, "server", false);
        }
    }

    private static void asksTheEngine(String name, String containers, String expected, boolean tells) throws Exception {
        try (SimulatedEngine engine =
                        SimulatedEngine.start(EngineOptions.builder().build());
                Neighbour neighbour = Neighbour.start()) {
            JsonObject pod =
                    pod(containers.formatted(neighbour.port(), engine.uri().getPort()));
            Map<String, String> told = told(injected(pod));
            assertThat(told)
                    .containsEntry("PILOTLIGHT_POD_CONTAINER", expected)
                    .containsEntry(
                            "PILOTLIGHT_ENGINE_URL",
                            "http://127.0.0.1:" + engine.uri().getPort());

            JsonObject vllm = ready(name, injected(pod), tells ? told : Map.of());

            assertThat(vllm.getString("container")).isEqualTo(expected);
            assertThat(vllm.getInteger("port")).isEqualTo(engine.uri().getPort());
            assertThat(vllm.getInteger("maxNumSeqs")).isEqualTo(64);
            assertThat(neighbour.requests().get()).isZero();
        }
    }
}
