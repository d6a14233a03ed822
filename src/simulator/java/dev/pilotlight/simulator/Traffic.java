package dev.pilotlight.simulator;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;

/** Clients of any OpenAI-style server: sends real requests in a wave, at random moments and of random lengths, seeded. */
public final class Traffic implements AutoCloseable {
    private static final Duration BEAT = Duration.ofMillis(10);
    private static final Duration PATIENCE = Duration.ofMinutes(5);

    /**
     * What the requests look like.
     *
     * @param promptTokens mean length of a prompt; none is longer than half more
     * @param outputTokens mean limit of an answer, likewise
     * @param concurrency clients at most; a request that finds none free is not sent
     */
    public record Shape(int promptTokens, int outputTokens, int concurrency, long seed) {
        public Shape {
            if (promptTokens < 1 || outputTokens < 1 || concurrency < 1) {
                throw new IllegalArgumentException("prompt, output and concurrency of traffic are at least 1");
            }
        }
    }

    /** How it went so far. */
    public record Count(long sent, long answered, long failed, long unsent) {
        public long open() {
            return sent - answered - failed;
        }
    }

    private final URI server;
    private final Wave wave;
    private final Shape shape;
    private final Semaphore clients;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final HttpClient http;
    private final AtomicLong sent = new AtomicLong();
    private final AtomicLong answered = new AtomicLong();
    private final AtomicLong failed = new AtomicLong();
    private final AtomicLong unsent = new AtomicLong();

    private Traffic(URI server, Wave wave, Shape shape) {
        this.server = server;
        this.wave = wave;
        this.shape = shape;
        this.clients = new Semaphore(shape.concurrency());
        this.http = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(Duration.ofSeconds(5))
                .executor(threads)
                .build();
    }

    /** Starts at once, in the background; waits for the server to list a model first. */
    public static Traffic start(URI server, Wave wave, Shape shape) {
        Traffic traffic = new Traffic(server, wave, shape);
        traffic.threads.execute(traffic::run);
        return traffic;
    }

    public Count count() {
        return new Count(sent.get(), answered.get(), failed.get(), unsent.get());
    }

    /** Stops sending and hangs up on what is still open. */
    @Override
    public void close() {
        threads.shutdownNow();
        http.shutdownNow();
    }

    private void run() {
        try {
            String model = model();
            Random random = new Random(shape.seed());
            double due = -Math.log(1 - random.nextDouble());
            long start = System.nanoTime();
            double before = 0;
            while (true) {
                Thread.sleep(BEAT);
                double now = (System.nanoTime() - start) * 1e-9;
                due -= wave.requestsPerSecond(now) * (now - before);
                before = now;
                for (; due <= 0; due -= Math.log(1 - random.nextDouble())) {
                    send(body(model, random));
                }
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt(); // closed
        }
    }

    private String model() throws InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(at("/v1/models"))
                .timeout(Duration.ofSeconds(5))
                .build();
        while (true) {
            try {
                String body =
                        http.send(request, HttpResponse.BodyHandlers.ofString()).body();
                if (Json.fields(body).get("data") instanceof List<?> models
                        && !models.isEmpty()
                        && Json.object(models.getFirst()).get("id") instanceof String id) {
                    return id;
                }
            } catch (IOException _) {
                // not there yet
            }
            Thread.sleep(200);
        }
    }

    private String body(String model, Random random) {
        String prompt = "abc ".repeat(about(shape.promptTokens(), random));
        return "{\"model\":%s,\"prompt\":\"%s\",\"max_tokens\":%d,\"stream\":%b}"
                .formatted(Json.quote(model), prompt, about(shape.outputTokens(), random), random.nextBoolean());
    }

    /** Evenly from half of the mean to half more. */
    private static int about(int mean, Random random) {
        return Math.max(1, (int) Math.round(mean * (0.5 + random.nextDouble())));
    }

    private void send(String body) {
        if (!clients.tryAcquire()) {
            unsent.incrementAndGet();
            return;
        }
        sent.incrementAndGet();
        threads.execute(() -> {
            try {
                HttpRequest request = HttpRequest.newBuilder(at("/v1/completions"))
                        .header("Content-Type", "application/json")
                        .timeout(PATIENCE)
                        .POST(HttpRequest.BodyPublishers.ofString(body))
                        .build();
                int status = http.send(request, HttpResponse.BodyHandlers.discarding())
                        .statusCode();
                (status == 200 ? answered : failed).incrementAndGet();
            } catch (IOException e) {
                failed.incrementAndGet();
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt(); // closed
            } finally {
                clients.release();
            }
        });
    }

    private URI at(String path) {
        return URI.create(server.toString().replaceAll("/$", "") + path);
    }
}
