package dev.pilotlight;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pilotlight.hostile.Outside;
import dev.pilotlight.process.Await;
import dev.pilotlight.process.MemoryLimit;
import dev.pilotlight.process.PackagedSidecar;
import dev.pilotlight.process.Probes;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The packaged sidecar in a memory cgroup with the limit that its manifests give it, and all at once what the documents allow: the largest
 * metrics page, a thousand connections, a pool of six hundred.
 */
@Tag("limits")
class LimitsIT {
    private static final Duration SOON = Duration.ofMinutes(2);
    private static final Duration LASTS = Duration.ofSeconds(Integer.getInteger("limits.seconds", 60));
    private static final int CONNECTIONS = 1_000;
    private static final int PEERS = 600;

    /** As in {@code 192Mi}. */
    private static long shippedBytes() throws IOException {
        try (InputStream json = LimitsIT.class.getResourceAsStream("/dev/pilotlight/inject/sidecar.json")) {
            String limit = new JsonObject(new String(json.readAllBytes(), StandardCharsets.UTF_8))
                    .getJsonObject("container")
                    .getJsonObject("resources")
                    .getJsonObject("limits")
                    .getString("memory");
            assertThat(limit).endsWith("Mi");
            return Long.parseLong(limit.substring(0, limit.length() - 2)) << 20;
        }
    }

    private static List<Socket> connect(PackagedSidecar sidecar) throws IOException {
        List<Socket> sockets = new ArrayList<>();
        for (int i = 0; i < CONNECTIONS; i++) {
            Socket socket = new Socket();
            socket.connect(new InetSocketAddress(
                    InetAddress.getLoopbackAddress(), sidecar.at("/").getPort()));
            sockets.add(socket);
        }
        return sockets;
    }

    /** Each asks for the page and reads nothing of it. */
    private static int ask(List<Socket> sockets) {
        int asked = 0;
        for (Socket socket : sockets) {
            try {
                socket.getOutputStream()
                        .write("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
                asked++;
            } catch (IOException closed) {
                // by the sidecar: it keeps few
            }
        }
        return asked;
    }

    @Test
    void holdsAllThatTheDocumentsAllowWithinTheLimitThatTheManifestsGive() throws Exception {
        Optional<MemoryLimit> made = MemoryLimit.of("pilotlight-limits", shippedBytes());
        assumeTrue(made.isPresent(), MemoryLimit.WHY_NOT);
        int port = PackagedSidecar.freePort();
        try (MemoryLimit limit = made.get();
                Outside outside = Outside.large(20261124, port, PEERS);
                PackagedSidecar sidecar = PackagedSidecar.beside(
                        outside.engineUri(), "limits", outside.settings(), port, outside.platform(), limit.around());
                Probes probes = Probes.of(sidecar, 2)) {
            Await.until(
                    "it has read the largest page, is ready and leads",
                    SOON,
                    () -> sidecar.ready().up()
                            && sidecar.status().getJsonObject("cluster").containsKey("leaderOfTerm"));
            probes.forget();
            long usual = limit.usedBytes();
            List<Socket> sockets = connect(sidecar);
            Instant end = Instant.now().plus(LASTS);
            int asked = 0;
            while (Instant.now().isBefore(end)) {
                asked += ask(sockets);
                assertThat(sidecar.child().isAlive())
                        .as("alive; %s", sidecar.child().lastOfLog())
                        .isTrue();
                Thread.sleep(1_000);
            }
            System.out.printf(
                    "limit %d MiB: %d MiB used before, %d at most; page of %d bytes, %d connections, %d requests, %d peers; %s%n",
                    shippedBytes() >> 20,
                    usual >> 20,
                    limit.mostBytes() >> 20,
                    outside.pageBytes(),
                    sockets.size(),
                    asked,
                    PEERS,
                    probes);
            assertThat(limit.kills()).as("ends by the kernel").isZero();
            assertThat(sidecar.child().log()).noneMatch(line -> line.contains("OutOfMemory"));
            assertThat(sidecar.ready().up()).isTrue();
            probes.assertPrompt();
            for (Socket socket : sockets) {
                socket.close();
            }
        }
    }
}
