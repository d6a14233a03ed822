package dev.pilotlight;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.process.Await;
import dev.pilotlight.process.PackagedSidecar;
import dev.pilotlight.process.Web;
import dev.pilotlight.simulator.EngineOptions;
import dev.pilotlight.simulator.SimulatedEngine;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/**
 * Weeks of connections: the kubelet opens one for each probe, and nothing may count them up. The platform turns connections away beyond
 * quarkus.http.limits.max-connections; whoever takes the place of its close handler makes that a limit for the life of the process.
 */
@Isolated("thousands of connections take both cores")
class ConnectionsIT {
    /** More than the limit; a release sees 50,000: {@code -Dconnections=50000}. */
    private static final int ONE_AFTER_THE_OTHER = Integer.getInteger("connections", 6_000);

    private static final int AT_ONCE = 4_000;
    private static final Duration SOON = Duration.ofMinutes(1);

    private SimulatedEngine engine;
    private PackagedSidecar sidecar;

    @BeforeEach
    void start() throws IOException {
        engine = SimulatedEngine.start(EngineOptions.defaults());
        sidecar = PackagedSidecar.beside(engine.uri(), "connections", Map.of());
        Await.until("ready", SOON, () -> sidecar.ready().up());
    }

    @AfterEach
    void end() {
        sidecar.close();
        engine.close();
    }

    /** From one of many addresses, since each has a limited number of ports. */
    private Socket connect(int number) throws IOException {
        Socket socket = new Socket();
        socket.setSoTimeout(60_000);
        socket.bind(new InetSocketAddress(InetAddress.ofLiteral("127.0." + (1 + number % 200) + ".1"), 0));
        socket.connect(new InetSocketAddress(
                InetAddress.getLoopbackAddress(), sidecar.at("/").getPort()));
        return socket;
    }

    private boolean probe(int number) throws IOException {
        try (Socket socket = connect(number)) {
            socket.getOutputStream()
                    .write("GET /q/health/live HTTP/1.1\r\nHost: pod\r\nConnection: close\r\n\r\n"
                            .getBytes(StandardCharsets.ISO_8859_1));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1)
                    .startsWith("HTTP/1.1 200");
        }
    }

    @Test
    void answersOnEachOfMoreThanTheLimitOneAfterTheOther() throws Exception {
        try (ExecutorService callers = Executors.newFixedThreadPool(4)) {
            List<Callable<Integer>> lines = new ArrayList<>();
            for (int line = 0; line < 4; line++) {
                int first = line;
                lines.add(() -> {
                    int answered = 0;
                    for (int i = first; i < ONE_AFTER_THE_OTHER; i += 4) {
                        answered += probe(i) ? 1 : 0;
                    }
                    return answered;
                });
            }
            int answered = 0;
            for (Future<Integer> line : callers.invokeAll(lines)) {
                answered += line.get();
            }
            assertThat(answered).isEqualTo(ONE_AFTER_THE_OTHER);
        }
        assertThat(sidecar.child().log()).noneMatch(line -> line.contains("ERROR") || line.contains("WARN"));
    }

    @Test
    void answersTheKubeletBesideFourThousandThatAreHeldTimeAndAgain() throws Exception {
        for (int round = 0; round < 3; round++) {
            List<Socket> held = new ArrayList<>();
            try {
                for (int i = 0; i < AT_ONCE; i++) {
                    held.add(connect(i));
                }
                for (String probe : List.of("live", "started", "ready", "group/engine")) {
                    assertThat(Web.get(sidecar.at("/q/health/" + probe), SOON).status())
                            .as("%s, round %d", probe, round)
                            .isEqualTo(200);
                }
            } finally {
                for (Socket socket : held) {
                    socket.close();
                }
            }
        }
    }
}
