package dev.pilotlight.soak;

import dev.pilotlight.process.Web;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/** Whoever asks a sidecar, each at a pace of its own: kubelet, scrapers, peers, people and strangers; and the engine's users. */
final class Crowd implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final HttpClient users =
            HttpClient.newBuilder().connectTimeout(PATIENCE).build();
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final URI sidecar;
    private final URI engine;
    private final AtomicLong asked = new AtomicLong();
    private final AtomicLong wrong = new AtomicLong();
    private volatile String lastWrong = "none";
    private volatile boolean stopped;

    private interface Call {
        int status() throws Exception;
    }

    Crowd(URI sidecar, URI engine) {
        this.sidecar = sidecar;
        this.engine = engine;
    }

    /** Ten times the kubelet's pace by docs/probes.md, a connection for each probe; and more of all others than a pod sees. */
    void start() {
        every(1_000, "live", Set.of(200), () -> Web.alone(sidecar.resolve("/q/health/live"), PATIENCE));
        every(200, "ready", Set.of(200, 503), () -> Web.alone(sidecar.resolve("/q/health/ready"), PATIENCE));
        every(200, "vLLM's ready", Set.of(200, 503), () -> Web.alone(sidecar.resolve("/q/health/ready"), PATIENCE));
        every(500, "engine", Set.of(200, 503), () -> Web.alone(sidecar.resolve("/q/health/group/engine"), PATIENCE));
        for (int i = 0; i < 3; i++) {
            every(1_500, "metrics", Set.of(200), () -> get("/metrics"));
        }
        every(100, "peer", Set.of(200, 503), () -> get("/api/v1/peer"));
        every(1_000, "signals", Set.of(200, 503), () -> get("/api/v1/signals"));
        every(1_000, "status", Set.of(200), () -> get("/api/v1/status"));
        every(5_000, "page", Set.of(200), () -> Web.alone(sidecar.resolve("/"), PATIENCE));
        every(3_000, "drain by GET", Set.of(405), () -> get("/api/v1/drain"));
        every(3_000, "nonsense", Set.of(400, 404), () -> get("/q/health/nothing"));
        every(7_000, "a hang-up", Set.of(0), this::hangUp);
        every(250, "a user", Set.of(), this::complete);
    }

    private int get(String path) throws Exception {
        return Web.get(sidecar.resolve(path), PATIENCE).status();
    }

    /** Half a request, and away. */
    private int hangUp() throws Exception {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(sidecar.getHost(), sidecar.getPort()), 10_000);
            socket.getOutputStream().write("GET /metrics HTT".getBytes(StandardCharsets.US_ASCII));
        }
        return 0;
    }

    private int complete() throws Exception {
        return users.send(
                        HttpRequest.newBuilder(engine.resolve("/v1/completions"))
                                .timeout(PATIENCE)
                                .header("Content-Type", "application/json")
                                .POST(HttpRequest.BodyPublishers.ofString(
                                        "{\"model\":\"tiny\",\"prompt\":\"hello\",\"max_tokens\":20}"))
                                .build(),
                        HttpResponse.BodyHandlers.discarding())
                .statusCode();
    }

    /** @param good the answers that are right; none where any is, and no answer, too: the engine has its faults */
    private void every(long millis, String what, Set<Integer> good, Call call) {
        threads.submit(() -> {
            while (!stopped) {
                long due = System.nanoTime() + millis * 1_000_000;
                String seen;
                try {
                    int status = call.status();
                    seen = good.contains(status) ? "" : what + " " + status;
                } catch (InterruptedException stop) {
                    return;
                } catch (Exception failed) {
                    seen = what + ": " + failed;
                }
                if (!good.isEmpty() && !stopped) {
                    asked.incrementAndGet();
                    if (!seen.isEmpty()) {
                        wrong.incrementAndGet();
                        lastWrong = seen;
                    }
                }
                LockSupport.parkNanos(due - System.nanoTime());
            }
        });
    }

    /** Answers that were late by more than half a minute, none, or not of those that are right. */
    long wrong() {
        return wrong.get();
    }

    String tally() {
        return asked.get() + " calls, " + wrong.get() + " answered wrongly or not; the last of them: " + lastWrong;
    }

    @Override
    public void close() {
        stopped = true;
        threads.shutdownNow();
        users.shutdownNow();
    }
}
