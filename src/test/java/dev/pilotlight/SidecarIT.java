package dev.pilotlight;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.metrics.Metric;
import dev.pilotlight.metrics.MetricCatalog;
import dev.pilotlight.process.Await;
import dev.pilotlight.process.PackagedSidecar;
import dev.pilotlight.process.WaitsMostly;
import dev.pilotlight.process.Web;
import dev.pilotlight.simulator.EngineOptions;
import dev.pilotlight.simulator.SimulatedEngine;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** The packaged sidecar, with a heap of 64 MB, beside the simulated engine: what its users see. */
@WaitsMostly
class SidecarIT {
    private static final Duration SOON = Duration.ofMinutes(1);
    /** Probes and metrics answer within this whatever the engine does. */
    private static final Duration PROMPTLY = Duration.ofSeconds(30);

    private static final Map<String, String> QUICK = Map.of(
            "engine.poll-every", "200ms",
            "engine.timeout", "4s",
            "engine.stale-after", "10s",
            "pool.standby-after", "5s",
            "drain.settle", "0s");

    private SimulatedEngine engine;
    private PackagedSidecar sidecar;

    private void start(String name, EngineOptions options) throws IOException {
        engine = SimulatedEngine.start(options);
        sidecar = PackagedSidecar.beside(engine.uri(), name, QUICK);
    }

    private void ready(String name) throws IOException {
        start(name, EngineOptions.defaults());
        Await.until("ready", SOON, () -> sidecar.ready().up());
    }

    @AfterEach
    void end() {
        sidecar.close();
        engine.close();
    }

    private List<CompletableFuture<HttpResponse<String>>> requests(int count, int tokens) {
        String body = "{\"model\":\"tiny\",\"prompt\":\"hello\",\"max_tokens\":" + tokens + "}";
        return IntStream.range(0, count)
                .mapToObj(i -> Web.CLIENT.sendAsync(
                        HttpRequest.newBuilder(engine.uri().resolve("/v1/completions"))
                                .header("Content-Type", "application/json")
                                .POST(HttpRequest.BodyPublishers.ofString(body))
                                .build(),
                        HttpResponse.BodyHandlers.ofString()))
                .toList();
    }

    private long logged(String part) {
        return sidecar.child().log().stream()
                .filter(line -> line.contains(part))
                .count();
    }

    /** Probes of the sidecar itself and its metrics go on; no load is published. */
    private void goesOnWithoutSignals() throws IOException, InterruptedException {
        assertThat(Web.get(sidecar.at("/q/health/live"), PROMPTLY).status()).isEqualTo(200);
        assertThat(Web.get(sidecar.at("/metrics"), PROMPTLY).status()).isEqualTo(200);
        assertThat(sidecar.metric("pilotlight_load_ratio")).isEmpty();
        assertThat(sidecar.metric("pilotlight_demand_pods")).isEmpty();
        Web.Answer signals = sidecar.get("/api/v1/signals");
        assertThat(signals.status()).isEqualTo(503);
        assertThat(signals.json().getString("error")).isNotBlank();
    }

    @Nested
    class FromTheStart {
        @Test
        void showsEachPhaseAndBothRoles() throws IOException, InterruptedException {
            EngineOptions options = EngineOptions.builder()
                    .port(PackagedSidecar.freePort())
                    .load(Duration.ofSeconds(2))
                    .coldKernels(4, 0.1)
                    .build();
            sidecar = PackagedSidecar.beside(URI.create("http://127.0.0.1:" + options.port()), "phases", QUICK);
            assertThat(sidecar.state()).isEqualTo("starting");
            assertThat(sidecar.ready().up()).isFalse();
            assertThat(sidecar.engineLive().up()).isTrue();
            goesOnWithoutSignals();

            engine = SimulatedEngine.start(options);
            Await.until("warming", SOON, sidecar::state, "warming"::equals);
            Await.until("active", SOON, sidecar::state, "ready active"::equals);
            Await.until("standby", SOON, sidecar::state, "ready standby"::equals);
            requests(3, 100);
            Await.until("active again", SOON, sidecar::state, "ready active"::equals);
            Await.until("standby again", SOON, sidecar::state, "ready standby"::equals);
            assertThat(sidecar.changes()).containsExactly("starting -> warming", "warming -> ready");
        }
    }

    @Nested
    class Interface {
        @Test
        void answersAtEveryPath() throws IOException, InterruptedException {
            ready("paths");
            for (String path : List.of(
                    "/",
                    "/metrics",
                    "/q/metrics",
                    "/q/health/started",
                    "/q/health/live",
                    "/q/health/ready",
                    "/q/health/group/engine",
                    "/api/v1/signals",
                    "/api/v1/status")) {
                assertThat(sidecar.get(path).status()).as(path).isEqualTo(200);
            }
        }

        @Test
        void publishesWhatTheCatalogueNamesAndNothingElse() throws IOException, InterruptedException {
            ready("catalogue");
            requests(3, 50);
            List<String> names = MetricCatalog.ALL.stream().map(Metric::name).toList();
            assertThat(sidecar.metrics()).isNotEmpty().allMatch(line -> names.stream()
                    .anyMatch(name -> line.startsWith(name + "{")
                            || line.startsWith(name + " ")
                            || line.startsWith(name + "_bucket{")
                            || line.startsWith(name + "_sum{")
                            || line.startsWith(name + "_count{")));
            for (String name : List.of(
                    "pilotlight_load_ratio",
                    "pilotlight_demand_pods",
                    "pilotlight_pressure_ratio",
                    "pilotlight_capacity_requests",
                    "pilotlight_capacity_confidence_ratio",
                    "pilotlight_phase",
                    "pilotlight_role",
                    "pilotlight_engine_up",
                    "pilotlight_engine_restarts_total",
                    "pilotlight_reading_age_seconds",
                    "pilotlight_poll_seconds_count")) {
                assertThat(sidecar.metric(name)).as(name).isPresent();
            }
        }

        @Test
        void drainsForACallerOnThisHost() throws IOException, InterruptedException {
            ready("drain");
            var open = requests(20, 60);
            Await.until("under way", SOON, () -> engine.openRequests() == 20);
            Web.Answer answer = Web.drain(sidecar.at("/"), Duration.ofSeconds(60));
            assertThat(answer.status()).isEqualTo(200);
            assertThat(answer.json().getBoolean("drained")).isTrue();
            assertThat(open)
                    .allMatch(request -> request.isDone() && request.join().statusCode() == 200);
            assertThat(sidecar.ready().up()).isFalse();
        }
    }

    @Nested
    class WhenTheEngine {
        @Test
        void isGoneSaysSoOnceAndComesBack() throws IOException, InterruptedException {
            start(
                    "gone",
                    EngineOptions.builder().restartAfter(Duration.ofSeconds(20)).build());
            Await.until("ready", SOON, () -> sidecar.ready().up());
            engine.die();
            Await.until("starting", SOON, sidecar::state, "starting"::equals);
            goesOnWithoutSignals();
            assertThat(sidecar.engineLive().up()).isTrue();
            Await.until("ready again", SOON, () -> sidecar.ready().up());
            assertThat(sidecar.metric("pilotlight_engine_restarts_total")).hasValue(1);
            assertThat(logged("engine unreachable")).isEqualTo(1);
            assertThat(logged("was replaced by a new process")).isEqualTo(1);
            assertThat(sidecar.changes())
                    .containsExactly(
                            "starting -> warming",
                            "warming -> ready",
                            "ready -> starting",
                            "starting -> warming",
                            "warming -> ready");
        }

        @Test
        void sendsGarbageWithholdsSignalsAndLeavesThePodInService() throws IOException, InterruptedException {
            ready("garbage");
            engine.garble("html");
            Await.until("no load", SOON, () -> sidecar.get("/api/v1/signals").status() == 503);
            goesOnWithoutSignals();
            assertThat(sidecar.ready().up()).isTrue();
            assertThat(logged("engine unreadable")).isEqualTo(1);
            engine.clearFaults();
            Await.until(
                    "a load again", SOON, () -> sidecar.get("/api/v1/signals").status() == 200);
        }

        @Test
        void isSlowGoesStaleAndComesBack() throws IOException, InterruptedException {
            ready("slow");
            engine.slow(Duration.ofMinutes(2), "/");
            Await.until("not ready", SOON, () -> !sidecar.ready().up());
            goesOnWithoutSignals();
            // One line, or two where it began in the middle of a poll: then the page did not come first.
            assertThat(logged("engine unreachable") + logged("engine unreadable"))
                    .isBetween(1L, 2L);
            engine.clearFaults();
            Await.until("ready again", SOON, () -> sidecar.ready().up());
        }

        @Test
        void hangsGoesOnAnswering() throws IOException, InterruptedException {
            ready("hung");
            engine.hang(-1);
            requests(5, 50);
            Await.until("they hang", SOON, () -> engine.openRequests() == 5);
            assertThat(Web.get(sidecar.at("/q/health/live"), PROMPTLY).status()).isEqualTo(200);
            assertThat(Web.get(sidecar.at("/metrics"), PROMPTLY).status()).isEqualTo(200);
            assertThat(sidecar.engineLive().up()).isTrue();
        }

        @Test
        void sendsAPageOfAHundredMegabytesSaysWhatIsWrong() throws IOException, InterruptedException {
            ready("megabytes");
            engine.huge(100_000_000, 0, "vllm:num_requests_running");
            // The filter is honoured beside the filler or not: whatever arrives is bounded.
            Await.until(
                    "says so",
                    Duration.ofMinutes(2),
                    () -> sidecar.status().getJsonObject("engine").getString("why", ""),
                    why -> why.contains("pilotlight.engine.max-page-bytes"));
            Await.until("no load", SOON, () -> sidecar.get("/api/v1/signals").status() == 503);
            goesOnWithoutSignals();
            assertThat(logged("OutOfMemory")).isZero();
            engine.clearFaults();
            Await.until(
                    "a load again", SOON, () -> sidecar.get("/api/v1/signals").status() == 200);
        }

        @Test
        void sendsAMillionSeriesSaysWhatIsWrong() throws IOException, InterruptedException {
            ready("series");
            engine.huge(0, 1_000_000, "vllm:num_requests_running");
            Await.until(
                    "says so",
                    Duration.ofMinutes(2),
                    () -> sidecar.status().getJsonObject("engine").getString("why", ""),
                    why -> why.contains("pilotlight.engine.max-series"));
            Await.until("no load", SOON, () -> sidecar.get("/api/v1/signals").status() == 503);
            goesOnWithoutSignals();
            assertThat(logged("OutOfMemory")).isZero();
            engine.clearFaults();
            Await.until(
                    "a load again", SOON, () -> sidecar.get("/api/v1/signals").status() == 200);
        }
    }
}
