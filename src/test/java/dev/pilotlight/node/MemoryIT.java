package dev.pilotlight.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pilotlight.process.Await;
import dev.pilotlight.process.Image;
import io.fabric8.kubernetes.api.model.Pod;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The shipped limits hold: three sidecars that start at once, and what a crowd in another pod can ask of one. */
@Tag("node")
class MemoryIT {
    private static final int SCRAPES = 4_000;
    private static final int IDLE = 4_000;
    private static final Duration SOON = Duration.ofMinutes(2);
    private static final byte[] SCRAPE =
            "GET /metrics HTTP/1.1\r\nHost: pod\r\nConnection: close\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

    private final RealNode node = RealNode.shared();

    @ParameterizedTest
    @ValueSource(strings = {"jvm", "native"})
    void outlivesACrowdAndStartsBesideOthers(String image) throws Exception {
        assumeTrue(
                image.equals("jvm") || Image.nativeBinary().isPresent(),
                "no native binary: make native, then make test-node NATIVE=target/...-runner");
        String name = "memory-" + image;
        try (TimeLine line = new TimeLine(node.admin(), name, name)) {
            line.fault("three start at once");
            try (Example example =
                    Example.apply(node, Example.in(name).sidecar(image).replicas(3))) {
                List<Pod> pods = example.awaitReady(3);
                Pod pod = pods.getFirst();
                line.add("idle: a peak of " + node.peakMiB(pod, "pilotlight") + " MiB");

                line.add(scrape(pod, SCRAPES) + " of " + SCRAPES + " scrapes at once answered, a peak of "
                        + node.peakMiB(pod, "pilotlight") + " MiB");
                hold(pod);
                line.add(IDLE + " idle connections held, a peak of " + node.peakMiB(pod, "pilotlight") + " MiB");

                Await.until("Ready", SOON, () -> RealNode.isReady(example.now(pod)));
                assertThat(Example.ask(pod, "/api/v1/status").status()).isEqualTo(200);
                assertThat(pods).allSatisfy(each -> assertThat(example.restarts(each))
                        .containsEntry("pilotlight", 0)
                        .containsEntry("vllm", 0));
            }
        }
    }

    private static Socket connect(Pod pod) throws IOException {
        Socket socket = new Socket();
        socket.connect(new InetSocketAddress(pod.getStatus().getPodIP(), 9110), (int) SOON.toMillis());
        socket.setSoTimeout((int) SOON.toMillis());
        return socket;
    }

    /** All are connected before the first asks. Says how many were answered. */
    static int scrape(Pod pod, int scrapes) throws Exception {
        List<Socket> sockets = new ArrayList<>();
        int answered = 0;
        try (ExecutorService scrapers = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < scrapes; i++) {
                sockets.add(connect(pod));
            }
            List<Future<Boolean>> answers = new ArrayList<>();
            for (Socket socket : sockets) {
                answers.add(scrapers.submit(() -> {
                    socket.getOutputStream().write(SCRAPE);
                    return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
                            .startsWith("HTTP/1.1 200");
                }));
            }
            for (Future<Boolean> answer : answers) {
                try {
                    answered += answer.get() ? 1 : 0;
                } catch (java.util.concurrent.ExecutionException turnedAway) {
                    // It may turn callers away, and must not die of them.
                }
            }
        } finally {
            for (Socket socket : sockets) {
                socket.close();
            }
        }
        return answered;
    }

    private static void hold(Pod pod) throws IOException, InterruptedException {
        List<Socket> sockets = new ArrayList<>();
        try {
            for (int i = 0; i < IDLE; i++) {
                sockets.add(connect(pod));
            }
            assertThat(Example.ask(pod, "/q/health/live").status()).isEqualTo(200);
        } finally {
            for (Socket socket : sockets) {
                socket.close();
            }
        }
    }
}
