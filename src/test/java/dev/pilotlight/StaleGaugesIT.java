package dev.pilotlight;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.pilotlight.process.Await;
import dev.pilotlight.process.PackagedSidecar;
import dev.pilotlight.process.WaitsMostly;
import dev.pilotlight.process.Web;
import dev.pilotlight.simulator.EngineOptions;
import dev.pilotlight.simulator.SimulatedEngine;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** An engine whose page shows work that never moves, and that answers its requests all the same. */
@WaitsMostly
class StaleGaugesIT {
    private static final String PAGE = """
            vllm:num_requests_running{engine="0",model_name="tiny"} 3.0
            vllm:num_requests_waiting{engine="0",model_name="tiny"} 2.0
            vllm:prompt_tokens_total{engine="0",model_name="tiny"} 9000.0
            vllm:generation_tokens_total{engine="0",model_name="tiny"} 5000.0
            vllm:request_success_total{engine="0",finished_reason="stop",model_name="tiny"} 50.0
            process_start_time_seconds 1.7641e+09
            """;

    /** The simulated engine behind a page that stands still. */
    private static final class StalePage implements AutoCloseable {
        private final HttpServer server =
                HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
        private final AtomicInteger canaries = new AtomicInteger();
        private final URI engine;

        StalePage(URI engine) throws IOException {
            this.engine = engine;
            server.setExecutor(threads);
            server.createContext("/", this::pass);
            server.createContext("/metrics", exchange -> answer(exchange, 200, PAGE.getBytes(StandardCharsets.UTF_8)));
            server.start();
        }

        URI uri() {
            return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
        }

        private void pass(HttpExchange exchange) throws IOException {
            try {
                canaries.addAndGet(exchange.getRequestMethod().equals("POST") ? 1 : 0);
                HttpResponse<byte[]> answer = Web.CLIENT.send(
                        HttpRequest.newBuilder(engine.resolve(exchange.getRequestURI()))
                                .header("Content-Type", "application/json")
                                .method(
                                        exchange.getRequestMethod(),
                                        HttpRequest.BodyPublishers.ofByteArray(
                                                exchange.getRequestBody().readAllBytes()))
                                .build(),
                        HttpResponse.BodyHandlers.ofByteArray());
                answer(exchange, answer.statusCode(), answer.body());
            } catch (InterruptedException stop) {
                exchange.close();
            }
        }

        private static void answer(HttpExchange exchange, int status, byte[] body) throws IOException {
            exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        }

        @Override
        public void close() {
            server.stop(0);
            threads.close();
        }
    }

    @Test
    void areNoVerdictWhileTheCanaryAnswers() throws IOException, InterruptedException {
        try (SimulatedEngine engine = SimulatedEngine.start(EngineOptions.defaults());
                StalePage page = new StalePage(engine.uri());
                PackagedSidecar sidecar = PackagedSidecar.beside(
                        page.uri(),
                        "stale-gauges",
                        Map.of("liveness.stuck-after", "5s", "liveness.canary-timeout", "10s"))) {
            assertThat(engine.awaitReady(Duration.ofMinutes(1))).isTrue();
            Await.until("ready", Duration.ofMinutes(1), () -> sidecar.ready().up());
            Await.until("three canaries, and what became of them", Duration.ofMinutes(3), () -> {
                assertThat(sidecar.engineLive().up()).isTrue();
                assertThat(sidecar.ready().up()).isTrue();
                return page.canaries.get() >= 4;
            });
            assertThat(sidecar.engineLive().up()).isTrue();
            assertThat(sidecar.changes()).containsExactly("starting -> ready");
        }
    }
}
