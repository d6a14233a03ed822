package dev.pilotlight.loop;

import dev.pilotlight.simulator.EngineOptions;
import dev.pilotlight.simulator.Profile;
import dev.pilotlight.simulator.SimulatedEngine;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;

/**
 * How long a step in the engine's queue takes to show in the sidecar's /metrics: the packaged sidecar beside the simulated engine, one
 * request more in the queue at each step, at random moments of the poll's period.
 *
 * <p>{@code StepLatency [steps] [poll period in ms]}
 */
public final class StepLatency {
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final long GIVE_UP_NANOS = Duration.ofSeconds(10).toNanos();

    /** A batch of one, and a context that a request does not fill within the measurement: the queue only grows. */
    private static final Profile ENDLESS = new Profile(
            "endless", "tiny", 1, 2048, 1_000_000, 1_100_000, 20e-3, 1e-3, 0, 1e-5, false, Profile.TINY.coldKernels());

    private StepLatency() {}

    public static void main(String... args) throws IOException, InterruptedException {
        int steps = args.length > 0 ? Integer.parseInt(args[0]) : 200;
        int period = args.length > 1 ? Integer.parseInt(args[1]) : 1000;
        long seed = 20261124;
        Random random = new Random(seed);
        int port = freePort();
        try (SimulatedEngine engine =
                SimulatedEngine.start(EngineOptions.builder().profile(ENDLESS).build())) {
            engine.awaitReady(Duration.ofSeconds(10));
            Process sidecar = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-Xmx64m",
                            "-Dpilotlight.engine.url=" + engine.uri(),
                            "-Dpilotlight.engine.poll-every=" + period + "ms",
                            "-Dpilotlight.gpu.source=none",
                            "-Dpilotlight.drain.settle=0s",
                            "-Dpilotlight.drain.deadline=1s",
                            "-Dquarkus.http.port=" + port,
                            "-jar",
                            "target/quarkus-app/quarkus-run.jar")
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            try {
                URI metrics = URI.create("http://127.0.0.1:" + port + "/metrics");
                await(metrics, "pilotlight_phase{phase=\"ready\"}", 1);
                report(measure(engine, metrics, steps, period, random), period, seed);
            } finally {
                sidecar.destroy();
                sidecar.waitFor();
            }
        }
        System.exit(0);
    }

    private static double[] measure(SimulatedEngine engine, URI metrics, int steps, int period, Random random)
            throws InterruptedException {
        URI page = engine.uri().resolve("/metrics/?name[]=vllm:num_requests_waiting".replace("[]", "%5B%5D"));
        fillTheBatch(engine, page);
        double[] millis = new double[steps];
        double waiting = await(page, "vllm:num_requests_waiting{", 1);
        for (int step = 0; step < steps; step++) {
            Thread.sleep(random.nextInt(period));
            send(engine);
            waiting++;
            await(page, "vllm:num_requests_waiting{", waiting);
            long stepped = System.nanoTime();
            await(metrics, "pilotlight_waiting_requests", waiting);
            millis[step] = (System.nanoTime() - stepped) / 1e6;
        }
        return millis;
    }

    private static void fillTheBatch(SimulatedEngine engine, URI page) throws InterruptedException {
        long end = System.nanoTime() + GIVE_UP_NANOS;
        while (value(page, "vllm:num_requests_waiting{") < 1) {
            send(engine);
            Thread.sleep(50);
            if (System.nanoTime() > end) {
                throw new IllegalStateException("the batch does not fill up");
            }
        }
    }

    /** One request that outlasts the measurement. */
    private static void send(SimulatedEngine engine) {
        String body = "{\"model\":\"tiny\",\"prompt\":\"hello\",\"max_tokens\":900000,\"stream\":true}";
        HTTP.sendAsync(
                HttpRequest.newBuilder(engine.uri().resolve("/v1/completions"))
                        .header("Content-Type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofString(body))
                        .build(),
                HttpResponse.BodyHandlers.discarding());
    }

    private static double await(URI page, String series, double least) throws InterruptedException {
        long end = System.nanoTime() + GIVE_UP_NANOS * 6;
        while (System.nanoTime() < end) {
            double value = value(page, series);
            if (value >= least) {
                return value;
            }
            Thread.sleep(2);
        }
        throw new IllegalStateException(page + " never showed " + series + " >= " + least);
    }

    private static double value(URI page, String series) {
        try {
            String text = HTTP.send(
                            HttpRequest.newBuilder(page)
                                    .header("Accept", "text/plain")
                                    .build(),
                            HttpResponse.BodyHandlers.ofString())
                    .body();
            return text.lines()
                    .filter(line -> line.startsWith(series))
                    .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                    .findFirst()
                    .orElse(-1);
        } catch (IOException notYet) {
            return -1;
        } catch (InterruptedException stop) {
            throw new IllegalStateException(stop);
        }
    }

    private static void report(double[] millis, int period, long seed) {
        double[] sorted = millis.clone();
        Arrays.sort(sorted);
        System.out.printf(
                "%d steps, poll period %d ms, seed %d: min %.0f, median %.0f, p90 %.0f, p99 %.0f, max %.0f ms; over %d ms: %d%n",
                sorted.length,
                period,
                seed,
                sorted[0],
                sorted[sorted.length / 2],
                sorted[sorted.length * 9 / 10],
                sorted[sorted.length * 99 / 100],
                sorted[sorted.length - 1],
                period + 100,
                Arrays.stream(sorted).filter(it -> it > period + 100).count());
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }
}
