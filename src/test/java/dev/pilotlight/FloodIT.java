package dev.pilotlight;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.process.Await;
import dev.pilotlight.process.PackagedSidecar;
import dev.pilotlight.process.Probes;
import dev.pilotlight.simulator.EngineOptions;
import dev.pilotlight.simulator.SimulatedEngine;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** What comes in at the port: more than can be answered. {@link RequestsIT} has what is no request. */
@Isolated("measures probes and memory")
class FloodIT {
    private static final Duration SOON = Duration.ofMinutes(1);

    private SimulatedEngine engine;
    private PackagedSidecar sidecar;

    @BeforeEach
    void start() throws IOException {
        engine = SimulatedEngine.start(EngineOptions.defaults());
        sidecar = PackagedSidecar.beside(engine.uri(), "flood", Map.of());
        Await.until("ready", SOON, () -> sidecar.ready().up());
    }

    @AfterEach
    void end() {
        sidecar.close();
        engine.close();
    }

    private Socket connect() throws IOException {
        Socket socket =
                new Socket(InetAddress.getLoopbackAddress(), sidecar.at("/").getPort());
        socket.setSoTimeout(30_000);
        return socket;
    }

    /** Twenty connections, two thousand requests each, and not a byte of the answers read. */
    @Test
    void requestsSentAheadOfTheirAnswersTakeNoMemoryAndHoldUpNoProbe() throws Exception {
        byte[] many = "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n".repeat(2000).getBytes(StandardCharsets.ISO_8859_1);
        List<Socket> sockets = new ArrayList<>();
        try (Probes probes = Probes.of(sidecar, 4)) {
            probes.take(20);
            long before = residentKiB();
            List<Thread> senders = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                Socket socket = connect();
                sockets.add(socket);
                senders.add(Thread.ofVirtual().start(() -> {
                    try {
                        socket.getOutputStream().write(many);
                    } catch (IOException closed) {
                        // As it should be: nobody sends so many ahead.
                    }
                }));
            }
            probes.take(100);
            long grown = residentKiB() - before;
            System.out.printf("40,000 requests sent ahead: %d KiB more, %s%n", grown, probes);
            assertThat(grown).as("KiB more").isLessThan(24 << 10);
            assertThat(probes.failed()).isZero();
            probes.assertPrompt();
            for (Socket socket : sockets) {
                socket.close();
            }
            for (Thread sender : senders) {
                sender.join();
            }
        }
    }

    /** A thousand of them took all direct memory, and no probe was answered any more, not even once they were gone. */
    @Test
    void requestsThatAreHalfWrittenTakeLittleMemoryAndHoldUpNoProbe() throws Exception {
        byte[] half = ("GET /q/health/live HTTP/1.1\r\nHost: a\r\nX-Long: " + "a".repeat(2000) + "\r\nX-Half: a")
                .getBytes(StandardCharsets.ISO_8859_1);
        List<Socket> sockets = new ArrayList<>();
        try (Probes probes = Probes.of(sidecar, 4)) {
            probes.take(20);
            long before = residentKiB();
            for (int i = 0; i < 2000; i++) {
                Socket socket = connect();
                sockets.add(socket);
                socket.getOutputStream().write(half);
            }
            for (Socket socket : sockets) {
                socket.getOutputStream().write('a');
            }
            probes.take(100);
            long grown = residentKiB() - before;
            System.out.printf("2,000 half-written requests: %d KiB more, %s%n", grown, probes);
            assertThat(grown).as("KiB more").isLessThan(64 << 10);
            assertThat(probes.failed()).isZero();
        } finally {
            for (Socket socket : sockets) {
                socket.close();
            }
        }
    }

    private long residentKiB() throws IOException {
        return sidecar.residentKiB();
    }
}
