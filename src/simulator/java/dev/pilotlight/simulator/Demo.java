package dev.pilotlight.simulator;

import java.io.IOException;
import java.io.PrintStream;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** What {@code make run} starts: a simulated engine with traffic, the sidecar beside it, and a line a second of what the sidecar says. */
public final class Demo {
    private static final Duration LOAD = Duration.ofSeconds(6);
    private static final double[] COLD_SECONDS = {5.5, 0.5};
    /** Above what the tiny engine can do, about 4 requests a second, for some seconds; then quiet long enough to become a standby. */
    private static final Wave WAVE = new Wave.Tide(10, 4, 6, 18, 6);

    private static final Traffic.Shape SHAPE = new Traffic.Shape(40, 64, 200, 7);
    private static final String HOST = "127.0.0.1";
    /** If the sidecar does not answer by then, the engine starts all the same. */
    private static final long LATEST_ENGINE_SECONDS = 20;
    /** If the sidecar has not said ready by then, traffic comes all the same. */
    private static final long LATEST_TRAFFIC_SECONDS = 40;

    private static final int HEAD_EVERY = 20;

    private final DemoOptions options;
    private final PrintStream out;
    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofMillis(500))
            .build();
    private final CountDownLatch asked = new CountDownLatch(1);
    private final CountDownLatch ended = new CountDownLatch(1);
    private PortReservation place;
    private SimulatedEngine engine;
    private SidecarProcess sidecar;
    private Traffic traffic;

    Demo(DemoOptions options, PrintStream out) {
        this.options = options;
        this.out = out;
    }

    public static void main(String... args) {
        DemoOptions options;
        try {
            options = DemoOptions.parse(args);
        } catch (IllegalArgumentException e) {
            System.err.println("demo: " + e.getMessage() + "\n" + DemoOptions.USAGE);
            System.exit(64);
            return;
        }
        Demo demo = new Demo(options, System.out);
        // On a signal the machine runs its hooks and then ends with 130 or 143 by itself.
        Runtime.getRuntime().addShutdownHook(new Thread(demo::stop));
        int code = demo.run();
        if (!demo.isAsked()) {
            System.exit(code);
        }
    }

    /** Runs until the time is up (0), the sidecar dies (1) or {@link #stop} is called (0). */
    int run() {
        try {
            return portIsFree() ? runOnFreePort() : 1;
        } catch (IOException e) {
            out.println("demo: cannot start: " + e.getMessage());
            return 1;
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            return 1;
        } finally {
            closeAll();
            ended.countDown();
        }
    }

    /** Ends it from another thread and waits until all is cleared away. */
    void stop() {
        asked.countDown();
        try {
            if (!ended.await(15, TimeUnit.SECONDS)) {
                closeAll();
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    private boolean isAsked() {
        return asked.getCount() == 0;
    }

    private boolean portIsFree() {
        try (ServerSocket probe = new ServerSocket(options.port())) {
            return probe.isBound();
        } catch (IOException e) {
            out.printf("port %d is in use; take another one: make run PORT=%d%n", options.port(), options.port() + 1);
            return false;
        }
    }

    private int runOnFreePort() throws IOException, InterruptedException {
        URI uri = options.engine();
        if (uri == null) {
            place = new PortReservation(HOST, 0);
            uri = URI.create("http://" + HOST + ":" + place.address().getPort());
        }
        sidecar = new SidecarProcess(options.command(uri), options.log(), line -> out.println("        " + line));
        greet(uri);
        return watch(uri);
    }

    private void startEngine() throws IOException {
        engine = SimulatedEngine.start(EngineOptions.builder()
                .host(HOST)
                .port(place.address().getPort())
                .load(LOAD)
                .coldKernels(COLD_SECONDS)
                .devMode()
                .restartAfter(Duration.ofSeconds(1))
                .build());
    }

    private void greet(URI uri) {
        String sidecarUri = "http://127.0.0.1:" + options.port();
        out.println("Pilot Light beside " + (place == null ? "" : "a simulated engine, ") + uri);
        for (String path : List.of("/", "/metrics", "/api/v1/status", "/q/health/ready", "/q/health/group/engine")) {
            out.println("  " + sidecarUri + path);
        }
        out.println("  " + uri + "/metrics");
        out.println("The sidecar's log is in " + options.log() + "; Ctrl-C ends all of it.");
        if (place != null) {
            tellFaults(uri, sidecarUri);
        }
        out.println();
    }

    /** What a person can do to it from another terminal, and what then shows. */
    private void tellFaults(URI engine, String sidecarUri) {
        out.println("From another terminal:");
        for (String[] fault : new String[][] {
            {"curl -X POST " + engine + "/sim/hang", "hangs; found out under load in a minute and a half, then `failed`"
            },
            {"curl -X POST " + engine + "/sim/continue", "goes on: `ready` again"},
            {"curl -X POST " + engine + "/sim/die", "the process ends, comes back, loads and is warmed again"},
            {
                "curl -X POST '" + engine + "/sim/unavailable?seconds=15'",
                "503 to all: off traffic at once, `failed` after 10 s"
            },
            {"curl -X POST " + engine + "/sleep", "`suspended`, until curl -X POST " + engine + "/wake_up"},
            {
                "curl -X POST -H 'Pilotlight-Drain: pre-stop' " + sidecarUri + "/api/v1/drain",
                "leaves traffic, answers when all is done"
            }
        }) {
            out.println("  " + fault[0]);
            out.println("      " + fault[1]);
        }
    }

    private int watch(URI uri) throws IOException, InterruptedException {
        URI signalsUri = URI.create("http://127.0.0.1:" + options.port() + "/api/v1/signals");
        HttpRequest request = HttpRequest.newBuilder(signalsUri)
                .timeout(Duration.ofMillis(800))
                .build();
        String last = "";
        long start = System.nanoTime();
        for (long second = 0; ; second++) {
            long left = start + TimeUnit.SECONDS.toNanos(second) - System.nanoTime();
            if (asked.await(Math.max(0, left), TimeUnit.NANOSECONDS)) {
                return 0;
            }
            if (!sidecar.isAlive()) {
                // Ctrl-C reaches the child, too: give our own signal time to arrive.
                return asked.await(500, TimeUnit.MILLISECONDS) ? 0 : mourn();
            }
            if (!options.length().isZero() && second >= options.length().toSeconds()) {
                return 0;
            }
            Map<String, Object> signals = signals(request);
            String state = signals.isEmpty() ? "" : StatusLine.state(signals);
            if (second % HEAD_EVERY == 0) {
                out.println(StatusLine.HEAD);
            }
            out.println(StatusLine.of(second, signals));
            if (!state.equals(last)) {
                out.println(StatusLine.why(signals));
            }
            last = state;
            // As in a pod, where vLLM starts once the native sidecar before it has started.
            if (place != null && engine == null && (!signals.isEmpty() || second >= LATEST_ENGINE_SECONDS)) {
                startEngine();
            }
            boolean ready = "ready".equals(signals.get("phase"));
            if (engine != null && traffic == null && (ready || second >= LATEST_TRAFFIC_SECONDS)) {
                traffic = Traffic.start(uri, WAVE, SHAPE);
            }
        }
    }

    /** Also an answer that says no has fields to show. */
    private Map<String, Object> signals(HttpRequest request) throws InterruptedException {
        try {
            return Json.fields(
                    http.send(request, HttpResponse.BodyHandlers.ofString()).body());
        } catch (IOException _) {
            return Map.of();
        }
    }

    private int mourn() throws InterruptedException {
        out.println("the sidecar has ended with exit code " + sidecar.exitCode() + "; its last words:");
        sidecar.lastLines().forEach(line -> out.println("  " + line));
        return 1;
    }

    private void closeAll() {
        if (traffic != null) {
            traffic.close();
        }
        if (sidecar != null) {
            sidecar.close();
        }
        if (engine != null) {
            engine.close();
        }
        if (place != null) {
            place.close();
        }
        http.shutdownNow();
    }
}
