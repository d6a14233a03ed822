package dev.pilotlight;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.process.Await;
import dev.pilotlight.process.PackagedSidecar;
import dev.pilotlight.process.WaitsMostly;
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
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What is a request at the port and what is none: each is answered, or refused without a line in the log. */
@WaitsMostly
class RequestsIT {
    private static SimulatedEngine engine;
    private static PackagedSidecar sidecar;

    @BeforeAll
    static void start() throws IOException {
        engine = SimulatedEngine.start(EngineOptions.defaults());
        sidecar = PackagedSidecar.beside(engine.uri(), "requests", Map.of());
        Await.until("ready", Duration.ofMinutes(1), () -> sidecar.ready().up());
    }

    @AfterAll
    static void end() {
        sidecar.close();
        engine.close();
    }

    private static Socket connect() throws IOException {
        Socket socket =
                new Socket(InetAddress.getLoopbackAddress(), sidecar.at("/").getPort());
        socket.setSoTimeout(30_000);
        return socket;
    }

    private static String raw(String request) throws IOException {
        try (Socket socket = connect()) {
            socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
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
}
