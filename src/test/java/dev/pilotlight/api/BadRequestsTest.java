package dev.pilotlight.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.ext.web.Router;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What is answered to a request that cannot be served. */
class BadRequestsTest {
    private final Vertx vertx = Vertx.vertx();
    private HttpServer server;

    @BeforeEach
    void start() {
        Router router = Router.router(vertx);
        router.route().handler(new OneHost()).failureHandler(new BadRequests());
        router.route("/broken").handler(_ -> {
            throw new IllegalStateException("secret detail");
        });
        router.route("/").handler(context -> context.end("served"));
        server = vertx.createHttpServer()
                .requestHandler(router)
                .listen(0, "127.0.0.1")
                .toCompletionStage()
                .toCompletableFuture()
                .join();
    }

    @AfterEach
    void stop() {
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }

    private String answer(String request) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.actualPort())) {
            socket.setSoTimeout(10_000);
            socket.getOutputStream()
                    .write((request + "\r\nConnection: close\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    @Test
    void severalHostHeadersAreRefused() throws IOException {
        assertThat(answer("GET / HTTP/1.1\r\nHost: a")).contains(" 200 ", "served");
        assertThat(answer("GET / HTTP/1.1\r\nHost: a\r\nhost: b"))
                .contains(" 400 ", "several Host headers")
                .doesNotContain("served");
        assertThat(answer("GET / HTTP/1.1\r\nHost: a\r\nHost: a")).contains(" 400 ");
    }

    @Test
    void whatFailsInOurCodeIsASentenceAndNoStack() throws IOException {
        for (int i = 0; i < 2; i++) {
            assertThat(answer("GET /broken HTTP/1.1\r\nHost: a"))
                    .contains(" 500 ", "the sidecar failed at this request (IllegalStateException)")
                    .doesNotContain("secret detail", "at dev.pilotlight");
        }
    }

    @Test
    void theDrainIsForThoseWhoNameUsInEveryPlace() {
        String own = "127.0.0.1:9110";
        assertThat(DrainResource.isOwnHost(List.of(own), "/api/v1/drain", "10.0.0.7"))
                .isTrue();
        assertThat(DrainResource.isOwnHost(List.of("10.0.0.7:9110"), "/api/v1/drain", "10.0.0.7"))
                .isTrue();
        assertThat(DrainResource.isOwnHost(List.of(), "/api/v1/drain", null)).isTrue();
        assertThat(DrainResource.isOwnHost(List.of(own), "http://localhost:9110/api/v1/drain", null))
                .isTrue();
        assertThat(DrainResource.isOwnHost(List.of(own), "http://[::1]:9110/api/v1/drain", null))
                .isTrue();
        assertThat(DrainResource.isOwnHost(List.of("evil.example"), "/api/v1/drain", null))
                .isFalse();
        assertThat(DrainResource.isOwnHost(List.of(own, "evil.example"), "/api/v1/drain", null))
                .isFalse();
        for (String evil : List.of(
                "http://evil.example/api/v1/drain",
                "HTTP://evil.example:9110/api/v1/drain",
                "http://127.0.0.1@evil.example/api/v1/drain",
                "http://evil.example@127.0.0.1/api/v1/drain",
                "http:///api/v1/drain",
                "http://10.0.0.8/api/v1/drain")) {
            assertThat(DrainResource.isOwnHost(List.of(own), evil, "10.0.0.7"))
                    .as(evil)
                    .isFalse();
        }
    }
}
