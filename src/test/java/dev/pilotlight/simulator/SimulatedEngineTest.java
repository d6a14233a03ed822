package dev.pilotlight.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** The simulated server over real HTTP: its answers, its life and its faults, as a real vLLM was seen to have them. */
class SimulatedEngineTest {
    /** Twenty times as fast as the demo's. */
    private static final Profile QUICK =
            new Profile("quick", "tiny", 8, 2048, 2048, 8192, 1e-3, 0, 0, 1e-6, false, ColdKernels.NONE);

    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private SimulatedEngine engine;

    private void start(EngineOptions.Builder options) throws Exception {
        engine = SimulatedEngine.start(options.build());
        assertThat(engine.awaitReady(Duration.ofSeconds(20))).isTrue();
    }

    private static EngineOptions.Builder quick() {
        return EngineOptions.builder().profile(QUICK);
    }

    @AfterEach
    void close() {
        http.shutdownNow();
        if (engine != null) {
            engine.close();
        }
    }

    private HttpRequest.Builder to(String path) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + engine.port() + path))
                .timeout(Duration.ofSeconds(20));
    }

    private HttpResponse<String> send(HttpRequest request) throws IOException, InterruptedException {
        return http.send(request, HttpResponse.BodyHandlers.ofString());
    }

    private HttpResponse<String> get(String path) throws IOException, InterruptedException {
        return send(to(path).build());
    }

    private HttpResponse<String> post(String path, String body) throws IOException, InterruptedException {
        return send(to(path).POST(HttpRequest.BodyPublishers.ofString(body)).build());
    }

    private HttpResponse<String> complete(int tokens) throws IOException, InterruptedException {
        return post("/v1/completions", "{\"model\":\"tiny\",\"prompt\":\"hello\",\"max_tokens\":" + tokens + "}");
    }

    private int statusWithin(String path, String body, Duration limit) throws IOException, InterruptedException {
        HttpRequest.Builder request = to(path).timeout(limit);
        return send((body == null ? request : request.POST(HttpRequest.BodyPublishers.ofString(body))).build())
                .statusCode();
    }

    private double gauge(String name) throws IOException, InterruptedException {
        String body = get("/metrics/?name[]=vllm:" + name).body();
        return Double.parseDouble(body.substring(body.lastIndexOf(' ') + 1).strip());
    }

    private boolean refuses() {
        try {
            get("/health");
            return false;
        } catch (ConnectException _) {
            return true;
        } catch (IOException _) {
            return false; // cut, not refused
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void await(BooleanSupplier condition) throws InterruptedException {
        long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("waited 20 s").isLessThan(deadline);
            Thread.sleep(5);
        }
    }

    @Nested
    class WhileLoading {
        @Test
        void refusesConnectionsAndThenServes() throws Exception {
            engine = SimulatedEngine.start(quick().load(Duration.ofMillis(600)).build());
            for (String path : List.of("/health", "/metrics", "/v1/models", "/sim/clear")) {
                assertThatThrownBy(() -> get(path)).isInstanceOf(ConnectException.class);
            }
            assertThat(engine.awaitReady(Duration.ofSeconds(20))).isTrue();
            assertThat(get("/health").statusCode()).isEqualTo(200);
        }
    }

    @Nested
    class WhenServing {
        @Test
        void answersTheSmallPathsAsVllmDoes() throws Exception {
            start(quick());
            assertThat(get("/health").body()).isEmpty();
            assertThat(get("/ping").statusCode()).isEqualTo(200);
            assertThat(send(to("/health").HEAD().build()).statusCode()).isEqualTo(405);
            assertThat(get("/load").body()).isEqualTo("{\"server_load\":0}");
            assertThat(get("/version").body()).isEqualTo("{\"version\":\"0.32.0\"}");
            assertThat(get("/v1/models").body()).contains("\"id\":\"tiny\"", "\"max_model_len\":2048");
            assertThat(get("/is_sleeping").statusCode()).isEqualTo(404);
            assertThat(get("/nowhere").body()).isEqualTo("{\"detail\":\"Not Found\"}");
            assertThat(post("/v1/embeddings", "{}").statusCode()).isEqualTo(404);
        }

        @Test
        void completesAndCounts() throws Exception {
            start(quick());
            assertThat(complete(5).body())
                    .contains(
                            "\"text\":\" light the small flame and\"",
                            "\"finish_reason\":\"length\"",
                            "\"completion_tokens\":5");
            assertThat(post("/v1/chat/completions", "{\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}")
                            .body())
                    .contains("\"finish_reason\":\"stop\"", "\"role\":\"assistant\"");
            String page = get("/metrics").body();
            assertThat(page)
                    .contains(
                            "vllm:request_success_total{engine=\"0\",finished_reason=\"length\",model_name=\"tiny\"} 1.0")
                    .contains(
                            "vllm:request_success_total{engine=\"0\",finished_reason=\"stop\",model_name=\"tiny\"} 1.0")
                    .contains("http_requests_total{handler=\"/v1/completions\",method=\"POST\",status=\"2xx\"} 1.0")
                    .contains("vllm:num_requests_running{engine=\"0\",model_name=\"tiny\"} 0.0");
        }

        private static final long NINE_STEPS = 120_000_000;

        @Test
        void streamsTokenByToken() throws Exception {
            start(EngineOptions.builder());
            HttpRequest request = to("/v1/completions")
                    .POST(HttpRequest.BodyPublishers.ofString("""
                            {"model":"tiny","prompt":"hello","max_tokens":10,"stream":true,"stream_options":{"include_usage":true}}"""))
                    .build();
            List<Long> times = new ArrayList<>();
            List<String> events = new ArrayList<>();
            // A client that waits for its turn gets several at once, and sees nothing of the steps: then it asks again.
            for (int turn = 0; turn < 10 && (turn == 0 || times.get(9) - times.get(0) <= NINE_STEPS); turn++) {
                times.clear();
                events.clear();
                http.send(request, HttpResponse.BodyHandlers.ofLines())
                        .body()
                        .filter(line -> !line.isEmpty())
                        .forEach(line -> {
                            times.add(System.nanoTime());
                            events.add(line);
                        });
            }
            assertThat(events).hasSize(12).allMatch(line -> line.startsWith("data: "));
            assertThat(events.get(9)).contains("\"finish_reason\":\"length\"");
            assertThat(events.get(10)).contains("\"choices\":[]", "\"completion_tokens\":10");
            assertThat(events.get(11)).isEqualTo("data: [DONE]");
            assertThat(times.get(9) - times.get(0)).as("nine steps of 21 ms").isGreaterThan(NINE_STEPS);
        }

        @Test
        void streamsToTwoHundredClientsAtOnce() throws Exception {
            start(quick().profile(new Profile(
                    "wide", "tiny", 256, 2048, 2048, 65_536, 5e-3, 0, 0, 1e-6, false, ColdKernels.NONE)));
            try (ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
                Callable<Long> client =
                        () -> post("/v1/completions", "{\"prompt\":\"hello\",\"max_tokens\":60,\"stream\":true}")
                                .body()
                                .lines()
                                .filter(line -> line.startsWith("data: {"))
                                .count();
                for (Future<Long> tokens : clients.invokeAll(java.util.Collections.nCopies(200, client))) {
                    assertThat(tokens.get()).isEqualTo(60);
                }
            }
            assertThat(gauge("generation_tokens_total")).isEqualTo(200 * 60);
        }

        @Test
        void dropsARequestWhoseClientHangsUp() throws Exception {
            start(EngineOptions.builder());
            HttpRequest request = to("/v1/completions")
                    .POST(HttpRequest.BodyPublishers.ofString(
                            "{\"prompt\":\"hello\",\"max_tokens\":1500,\"stream\":true}"))
                    .build();
            http.send(request, HttpResponse.BodyHandlers.ofInputStream()).body().close();
            await(() -> engine.openRequests() == 0);
            await(() -> engine.current().core().inFlight() == 0);
            assertThat(get("/metrics").body()).contains("finished_reason=\"abort\",model_name=\"tiny\"} 0.0");
        }

        @Test
        void spellsErrorsAsVllmDoes() throws Exception {
            start(quick());
            assertThat(post("/v1/completions", "{\"model\":\"other\",\"prompt\":\"a\"}")
                            .body())
                    .isEqualTo(
                            "{\"error\":{\"message\":\"The model `other` does not exist.\",\"type\":\"NotFoundError\","
                                    + "\"param\":\"model\",\"code\":404}}");
            assertThat(post("/v1/completions", "{\"prompt\":").statusCode()).isEqualTo(400);
            assertThat(post("/v1/completions", "{}").body()).contains("'missing'", "\"code\":400");
            assertThat(post("/v1/completions", "{\"prompt\":\"" + "long ".repeat(2000) + "\"}")
                            .body())
                    .contains("maximum context length is 2048 tokens. However, your request has 2500 input tokens");
            assertThat(complete(0).body()).contains("max_tokens must be at least 1, got 0.");
            assertThat(complete(5000).statusCode()).isEqualTo(400);
            assertThat(post("/v1/completions", "{\"prompt\":\"a\",\"priority\":1}")
                            .statusCode())
                    .isEqualTo(400);
        }
    }

    @Nested
    class ThePage {
        private static final String ONE = "?name[]=vllm:num_requests_running";

        @Test
        void isFilteredWithTheSlashOnly() throws Exception {
            start(quick());
            assertThat(get("/metrics/" + ONE).body().lines()).hasSize(3);
            assertThat(get("/metrics" + ONE).body().lines().count()).isGreaterThan(500);
            assertThat(get("/metrics/?name%5B%5D=nothing").body()).isEmpty();
            assertThat(get("/metrics").headers().firstValue("Content-Type"))
                    .hasValue("text/plain; version=1.0.0; charset=utf-8");
        }

        @Test
        void ofSeveralProcessesIsEmptyWhenFiltered() throws Exception {
            start(quick().multiProcess(true));
            assertThat(get("/metrics/" + ONE).statusCode()).isEqualTo(200);
            assertThat(get("/metrics/" + ONE).body()).isEmpty();
            assertThat(get("/metrics/").body())
                    .contains("# TYPE vllm:num_requests_running gauge")
                    .doesNotContain("running{");
        }

        @Test
        void ofOtherServersIgnoresTheFilter() throws Exception {
            start(quick().filter(EngineOptions.Filter.NONE));
            assertThat(get("/metrics/" + ONE).body().lines().count()).isGreaterThan(500);
        }

        @Test
        void ofOldServersIsBehindARedirect() throws Exception {
            start(quick().filter(EngineOptions.Filter.REDIRECT).version("0.10"));
            assertThat(get("/metrics").statusCode()).isEqualTo(307);
            assertThat(get("/metrics").headers().firstValue("Location")).hasValue("/metrics/");
            assertThat(get("/metrics/").body()).contains("vllm:gpu_cache_usage_perc{");
        }

        @Test
        void canBeSpoiltAndBlownUp() throws Exception {
            start(quick());
            engine.garble("html");
            assertThat(get("/metrics").body()).startsWith("<!DOCTYPE html>");
            engine.garble("truncated");
            assertThatThrownBy(() -> get("/metrics")).isInstanceOf(IOException.class);
            engine.garble("none");
            engine.huge(3_000_000, 1_000, "vllm:num_requests_running");
            String page = get("/metrics").body();
            assertThat(page.length()).isGreaterThan(3_000_000);
            assertThat(page).endsWith("vllm:num_requests_running{engine=\"0\",model_name=\"m999\"} 1.0\n");
        }
    }

    @Nested
    class Doors {
        @Test
        void withAKeyGuardOnlyWhatBeginsWithV1() throws Exception {
            start(quick().apiKey("secret"));
            assertThat(get("/v1/models").statusCode()).isEqualTo(401);
            assertThat(send(to("/v1/models")
                                    .header("Authorization", "Bearer secret")
                                    .build())
                            .statusCode())
                    .isEqualTo(200);
            assertThat(get("/metrics").statusCode()).isEqualTo(200);
        }

        @Test
        void underARootPathAnswerThereAndWithoutIt() throws Exception {
            start(quick().rootPath("/llm"));
            assertThat(get("/llm/health").statusCode()).isEqualTo(200);
            assertThat(engine.uri().getPath()).isEqualTo("/llm");
        }

        @Test
        void ofAPoolingModelTakeEmbeddingsOnly() throws Exception {
            start(quick().pooling());
            assertThat(complete(5).statusCode()).isEqualTo(404);
            assertThat(post("/v1/embeddings", "{\"input\":\"hello\"}").body())
                    .contains("\"embedding\":[", "\"completion_tokens\":0");
        }

        @Test
        void withALimitTurnTheQueueAway() throws Exception {
            start(EngineOptions.builder()
                    .profile(Profile.TINY.withLimits(1, 4_096))
                    .maxQueued(1));
            try (ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
                for (int i = 1; i <= 2; i++) {
                    clients.submit(() -> complete(200));
                    int expected = i;
                    await(() -> engine.openRequests() == expected);
                }
                await(() -> engine.current().core().with(engines -> engines.getFirst()
                                .waiting())
                        == 1);
                assertThat(complete(5).statusCode()).isEqualTo(503);
                assertThat(get("/metrics").body()).contains("reason=\"max_num_queued_reqs\"} 1.0");
                engine.die();
            }
        }
    }

    @Nested
    class Hung {
        @Test
        void answersHealthButNoCompletionAndShowsFrozenNumbers() throws Exception {
            start(EngineOptions.builder().trackLoad().devMode());
            engine.hangUnderLoad(-1);
            assertThatThrownBy(() -> statusWithin(
                            "/v1/completions", "{\"prompt\":\"a\",\"max_tokens\":50}", Duration.ofMillis(400)))
                    .isInstanceOf(HttpTimeoutException.class);
            assertThat(get("/health").statusCode()).isEqualTo(200);
            assertThat(get("/v1/models").statusCode()).isEqualTo(200);
            assertThat(get("/load").body()).isEqualTo("{\"server_load\":1}");
            String page = get("/metrics").body();
            assertThatThrownBy(() -> statusWithin("/is_paused", null, Duration.ofMillis(200)))
                    .isInstanceOf(HttpTimeoutException.class);
            assertThat(get("/metrics/?name[]=vllm:generation_tokens_total")
                            .body()
                            .lines()
                            .toList()
                            .getLast())
                    .isIn(page.lines().toList());
            engine.goOn();
            assertThat(complete(2).statusCode()).isEqualTo(200);
        }

        @Test
        void whileIdleLooksIdle() throws Exception {
            start(quick());
            engine.hangWhileIdle(-1);
            for (int i = 0; i < 3; i++) {
                assertThatThrownBy(() -> statusWithin("/v1/completions", "{\"prompt\":\"a\"}", Duration.ofMillis(100)))
                        .isInstanceOf(HttpTimeoutException.class);
            }
            assertThat(gauge("num_requests_running")).isZero();
            assertThat(gauge("num_requests_waiting")).isZero();
        }

        @Test
        void onOneRankServesOnTheOther() throws Exception {
            start(quick().dataParallel(2));
            engine.hang(1);
            String body = "{\"prompt\":\"a\",\"max_tokens\":3}";
            HttpRequest.Builder request = to("/v1/completions").POST(HttpRequest.BodyPublishers.ofString(body));
            assertThat(send(request.copy().header("X-data-parallel-rank", "0").build())
                            .statusCode())
                    .isEqualTo(200);
            assertThatThrownBy(() -> send(request.copy()
                            .header("X-data-parallel-rank", "1")
                            .timeout(Duration.ofMillis(200))
                            .build()))
                    .isInstanceOf(HttpTimeoutException.class);
            assertThat(send(request.copy().header("X-data-parallel-rank", "2").build())
                            .statusCode())
                    .isEqualTo(400);
            assertThat(get("/metrics").body())
                    .contains("vllm:generation_tokens_total{engine=\"0\",model_name=\"tiny\"} 3.0");
        }
    }

    @Nested
    class Dying {
        @Test
        void withItsEngineSays503ForSomeSecondsAndLoadsAgainWithNewCounters() throws Exception {
            start(quick().load(Duration.ofMillis(300)).restartAfter(Duration.ZERO));
            complete(5);
            double started = engine.current().startSeconds();
            engine.killEngine(0);
            await(() -> engine.current().isEngineDead());
            long killed = System.nanoTime();
            assertThat(get("/health").statusCode()).isEqualTo(503);
            assertThat(complete(5).statusCode()).isEqualTo(500);
            assertThat(get("/metrics").body())
                    .contains("vllm:generation_tokens_total{engine=\"0\",model_name=\"tiny\"} 5.0");
            await(SimulatedEngineTest.this::refuses);
            assertThat(System.nanoTime() - killed).isGreaterThan(4_000_000_000L);
            await(() -> engine.starts() == 2);
            assertThat(engine.awaitReady(Duration.ofSeconds(20))).isTrue();
            assertThat(gauge("generation_tokens_total")).isZero();
            assertThat(engine.current().startSeconds()).isGreaterThan(started);
        }

        @Test
        void atOnceCutsItsClients() throws Exception {
            start(EngineOptions.builder());
            try (ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
                Future<?> cut = clients.submit(() -> complete(1_000));
                await(() -> engine.current().core().inFlight() == 1);
                engine.die();
                assertThatThrownBy(cut::get).hasRootCauseInstanceOf(IOException.class);
            }
            assertThat(refuses()).isTrue();
        }

        @Test
        void bySigtermWithADrainTimeEndsWhatRunsAndTurnsNewRequestsAway() throws Exception {
            start(EngineOptions.builder().drain(Duration.ofSeconds(20)));
            try (ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
                Future<HttpResponse<String>> running = clients.submit(() -> complete(40));
                await(() -> engine.current().core().inFlight() == 1);
                engine.terminate();
                assertThat(get("/health").statusCode()).isEqualTo(200);
                assertThat(complete(5).statusCode()).isEqualTo(500);
                assertThat(running.get().body()).contains("\"completion_tokens\":40");
            }
            await(SimulatedEngineTest.this::refuses);
        }

        @Test
        void bySigtermCutsByDefault() throws Exception {
            start(EngineOptions.builder());
            try (ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
                Future<?> cut = clients.submit(() -> complete(1_000));
                await(() -> engine.current().core().inFlight() == 1);
                engine.terminate();
                assertThatThrownBy(cut::get).hasRootCauseInstanceOf(IOException.class);
            }
        }
    }

    @Nested
    class Paused {
        @Test
        void keepsNewRequestsAtTheDoorUncounted() throws Exception {
            start(quick().devMode());
            assertThat(post("/pause?mode=keep", "").body()).isEqualTo("{\"status\":\"paused\"}");
            assertThatThrownBy(() -> statusWithin("/v1/completions", "{\"prompt\":\"a\"}", Duration.ofMillis(200)))
                    .isInstanceOf(HttpTimeoutException.class);
            assertThat(gauge("num_requests_waiting")).isZero();
            assertThat(get("/is_paused").body()).isEqualTo("{\"is_paused\":true}");
            assertThat(get("/is_sleeping").body()).isEqualTo("{\"is_sleeping\":true}");
            assertThat(get("/metrics").body()).contains("sleep_state=\"awake\"} 1.0");
            post("/resume", "");
            assertThat(complete(3).statusCode()).isEqualTo(200);
        }

        @Test
        void withAbortEndsWhatRuns() throws Exception {
            start(EngineOptions.builder().devMode());
            try (ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
                Future<HttpResponse<String>> running = clients.submit(() -> complete(1_000));
                await(() -> engine.current().core().inFlight() == 1);
                post("/pause?mode=abort", "");
                assertThat(running.get().body()).contains("\"finish_reason\":\"abort\"");
            }
            assertThat(get("/metrics").body()).contains("finished_reason=\"abort\",model_name=\"tiny\"} 1.0");
        }

        @Test
        void withWaitAnswersWhenWhatRanHasEnded() throws Exception {
            start(EngineOptions.builder().devMode());
            try (ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
                Future<HttpResponse<String>> running = clients.submit(() -> complete(20));
                await(() -> engine.current().core().inFlight() == 1);
                assertThat(post("/pause?mode=wait", "").statusCode()).isEqualTo(200);
                assertThat(engine.current().core().inFlight()).isZero();
                assertThat(running.get().statusCode()).isEqualTo(200);
            }
        }

        @Test
        void asleepSaysSoAndWakes() throws Exception {
            start(quick().devMode());
            post("/sleep?level=1", "");
            assertThat(get("/metrics").body())
                    .contains("sleep_state=\"awake\"} 0.0", "sleep_state=\"weights_offloaded\"} 1.0");
            post("/wake_up", "");
            assertThat(get("/is_sleeping").body()).isEqualTo("{\"is_sleeping\":false}");
            post("/sleep?level=0", "");
            assertThat(get("/metrics").body().lines().filter(line -> line.contains("sleep_state=\"")))
                    .hasSize(3)
                    .allMatch(line -> line.endsWith(" 0.0"));
        }
    }

    @Nested
    class FaultsByHttp {
        @Test
        void comeAndGo() throws Exception {
            start(quick());
            assertThat(post("/sim/unavailable?seconds=60", "").statusCode()).isEqualTo(200);
            assertThat(get("/health").statusCode()).isEqualTo(503);
            assertThat(get("/metrics").statusCode()).isEqualTo(503);
            assertThat(post("/sim/clear", "").statusCode()).isEqualTo(200);
            assertThat(get("/health").statusCode()).isEqualTo(200);
            assertThat(post("/sim/slow?seconds=0.3&path=/health", "").statusCode())
                    .isEqualTo(200);
            long start = System.nanoTime();
            get("/health");
            assertThat(System.nanoTime() - start).isGreaterThan(290_000_000L);
            complete(3);
            post("/sim/reset-counters", "");
            assertThat(gauge("generation_tokens_total")).isZero();
            post("/sim/hang?when=now", "");
            assertThatThrownBy(() -> statusWithin("/v1/completions", "{\"prompt\":\"a\"}", Duration.ofMillis(100)))
                    .isInstanceOf(HttpTimeoutException.class);
            post("/sim/continue", "");
            assertThat(post("/sim/nonsense", "").statusCode()).isEqualTo(404);
            assertThat(post("/sim/hang?when=never", "").statusCode()).isEqualTo(400);
            assertThat(get("/sim/hang").statusCode()).isEqualTo(405);
            post("/sim/die", "");
            await(SimulatedEngineTest.this::refuses);
        }
    }

    @Nested
    class TrafficTo {
        @Test
        void theEngineFollowsTheWaveAndStopsCleanly() throws Exception {
            start(quick());
            try (Traffic traffic = Traffic.start(engine.uri(), Wave.constant(200), new Traffic.Shape(10, 5, 50, 3))) {
                await(() -> traffic.count().answered() > 100);
                assertThat(traffic.count().failed()).isZero();
                assertThat(traffic.count().open()).isLessThanOrEqualTo(50);
            }
            await(() -> engine.openRequests() == 0);
        }

        @Test
        void aTideRisesStaysFallsAndRests() {
            Wave tide = new Wave.Tide(10, 4, 6, 20, 8);
            assertThat(List.of(0.0, 5.0, 12.0, 17.0, 25.0, 45.0))
                    .extracting(tide::requestsPerSecond)
                    .containsExactly(0.0, 4.0, 8.0, 4.0, 0.0, 4.0);
        }
    }

    @Nested
    class TheCommand {
        @Test
        void readsItsFlags() {
            EngineOptions options = EngineCommand.parse(
                    "--port",
                    "9000",
                    "--profile=8b-24gb",
                    "--load-seconds",
                    "2.5",
                    "--cold-seconds=20,0.5",
                    "--max-num-seqs=16",
                    "--dev-mode");
            assertThat(options.port()).isEqualTo(9000);
            assertThat(options.load()).isEqualTo(Duration.ofMillis(2_500));
            assertThat(options.profile().maxNumSeqs()).isEqualTo(16);
            assertThat(options.profile().coldKernels().extraSeconds()).containsExactly(20.0, 0.5);
            assertThat(options.devMode()).isTrue();
        }

        @Test
        void refusesWhatItDoesNotKnow() throws Exception {
            assertThat(EngineCommand.run("--no-such-flag")).isEqualTo(64);
            assertThat(EngineCommand.run("--profile=9t")).isEqualTo(64);
        }
    }
}
