package dev.pilotlight;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.process.Await;
import dev.pilotlight.process.PackagedSidecar;
import dev.pilotlight.process.Probes;
import dev.pilotlight.process.Web;
import dev.pilotlight.simulator.EngineOptions;
import dev.pilotlight.simulator.SimulatedEngine;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What comes in at the port: more than can be answered, and what is no request. */
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

    private String raw(String request) throws IOException {
        try (Socket socket = connect()) {
            socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
        }
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

    @Test
    void aFewRequestsSentAheadAreAnsweredInTheirOrder() throws IOException {
        String answers = raw("GET /api/v1/peer HTTP/1.1\r\nHost: a\r\n\r\n"
                + "POST /q/health/live HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"
                + "GET /q/health/group/nobody HTTP/1.1\r\nHost: a\r\n\r\n"
                + "GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        List<String> statuses = Pattern.compile("HTTP/1.1 ([0-9]{3})")
                .matcher(answers)
                .results()
                .map(found -> found.group(1))
                .toList();
        assertThat(statuses).hasSize(4).first().isEqualTo("200");
        assertThat(statuses.get(2)).isEqualTo("404");
        assertThat(statuses.get(3)).isEqualTo("200");
        assertThat(answers).endsWith("\n").contains("pilotlight_load_ratio");
    }

    @Test
    void aBodyThatIsSentInPiecesIsNoRequestAhead() throws IOException {
        try (Socket socket = connect()) {
            socket.getOutputStream()
                    .write(
                            ("POST /q/health/live HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
                                            + "1\r\nx\r\n".repeat(500) + "0\r\n\r\n")
                                    .getBytes(StandardCharsets.ISO_8859_1));
            assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1))
                    .startsWith("HTTP/1.1 ");
        }
    }

    @Test
    void whatIsNoRequestIsRefusedWithoutALine() throws IOException {
        int before = sidecar.child().log().size();
        for (int i = 0; i < 50; i++) {
            assertThat(raw("GET /q/health/live HTTP/1.1\r\nConnection: close\r\n\r\n"))
                    .startsWith("HTTP/1.1 400");
            assertThat(raw("NONSENSE\r\n\r\n")).startsWith("HTTP/1.0 400");
            assertThat(raw("GET /%zz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"))
                    .startsWith("HTTP/1.1 400");
            assertThat(raw("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX: " + "a".repeat(20_000) + "\r\n\r\n"))
                    .startsWith("HTTP/1.1 431");
        }
        assertThat(sidecar.child().log().subList(before, sidecar.child().log().size()))
                .isEmpty();
    }

    @Test
    void aProbeThatThereIsNotIsNotFound() throws Exception {
        for (String probe : List.of("group/nobody", "nobody", "live/", "group/", "group/engine/x", "wellness")) {
            assertThat(sidecar.get("/q/health/" + probe).status()).as(probe).isEqualTo(404);
        }
        for (String probe : List.of("live", "started", "ready", "group/engine")) {
            assertThat(sidecar.get("/q/health/" + probe).status()).as(probe).isEqualTo(200);
        }
    }

    @Test
    void thePageIsAskedForEachTimeAndRunsNothingOfOthers() throws Exception {
        URI page = sidecar.at("/");
        HttpResponse<String> first =
                Web.CLIENT.send(HttpRequest.newBuilder(page).build(), HttpResponse.BodyHandlers.ofString());
        assertThat(first.headers().firstValue("Cache-Control")).hasValue("no-cache");
        assertThat(first.headers().firstValue("Content-Security-Policy").orElseThrow())
                .contains("default-src 'none'", "script-src 'sha256-")
                .doesNotContain("script-src 'unsafe");
        HttpResponse<String> again = Web.CLIENT.send(
                HttpRequest.newBuilder(page)
                        .header(
                                "If-None-Match",
                                first.headers().firstValue("ETag").orElseThrow())
                        .build(),
                HttpResponse.BodyHandlers.ofString());
        assertThat(again.statusCode()).isEqualTo(304);
        assertThat(again.body()).isEmpty();
    }

    private long residentKiB() throws IOException {
        return sidecar.residentKiB();
    }
}
