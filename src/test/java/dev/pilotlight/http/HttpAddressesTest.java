package dev.pilotlight.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.http.Http.Answer;
import dev.pilotlight.process.RawServer;
import io.vertx.core.Vertx;
import java.net.InetAddress;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** localhost is 127.0.0.1 and ::1, and the server listens at one of them. */
class HttpAddressesTest {
    private static final Duration AMPLE = Duration.ofSeconds(20);
    private static final Lookup TWO =
            new Lookup(_ -> List.of(InetAddress.ofLiteral("127.0.0.1"), InetAddress.ofLiteral("127.0.0.2")));

    @Test
    void areTriedUntilSomethingListensAtOne() throws Exception {
        Vertx vertx = Vertx.vertx();
        try {
            URI url = isFoundAtTheSecond(vertx);
            Http later = new Http(vertx, () -> url, Http.Security.none(), 1, TWO);
            assertThat(later.get("/health", AMPLE, (_, _, _) -> true))
                    .isEqualTo(new Answer.Lost(Cause.REFUSED, "nothing listens at " + url.getAuthority()));
        } finally {
            vertx.close().toCompletionStage().toCompletableFuture().join();
        }
    }

    /** Where the server listened. */
    private static URI isFoundAtTheSecond(Vertx vertx) throws Exception {
        try (RawServer server =
                new RawServer("127.0.0.2", 0, (_, out) -> RawServer.answer(out, 200, "text/plain", "good"))) {
            URI url = URI.create("http://localhost:" + server.port());
            Http http = new Http(vertx, () -> url, Http.Security.none(), 1, TWO);
            for (int round = 0; round < 3; round++) {
                assertThat(http.get("/health", AMPLE, (_, _, _) -> true))
                        .isEqualTo(new Answer.Got(200, true, "text/plain", Optional.empty(), Optional.empty()));
            }
            return url;
        }
    }
}
