package dev.pilotlight.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.engine.Model;
import dev.pilotlight.hostile.Mutations;
import dev.pilotlight.http.Http;
import dev.pilotlight.process.RawServer;
import io.vertx.core.Vertx;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Answers to a request for tokens that hold none, as a proxy, a portal or an engine that goes mad gives them. */
class HostileCompletionsTest {
    private static final Duration AMPLE = Duration.ofSeconds(20);
    private static final Model MODEL = new Model("m", OptionalInt.of(4096));
    private static final String GOOD =
            "data: {\"choices\":[{\"text\":\"a\"}],\"usage\":{\"completion_tokens\":1}}\n\ndata: [DONE]\n\n";

    private record Said(int status, String type, String body) {}

    private static WarmUp asking(Vertx vertx, RawServer server) {
        URI url = URI.create("http://127.0.0.1:" + server.port());
        return new WarmUp(
                new Http(vertx, () -> url, Http.Security.none(), 2), AMPLE, new OwnRequests(), Instant::now, () -> {});
    }

    private static WarmUpOutcome round(WarmUp warmUp) {
        return warmUp.round(new Effect.SendWarmUp(
                1,
                1,
                MODEL,
                List.of(Shape.of("short", 16, 8, 1)),
                List.of(),
                Instant.now().plus(AMPLE)));
    }

    @Test
    void areNoTokenOrAreSaidInOneLine() {
        Random chance = new Random(41);
        AtomicReference<Said> says = new AtomicReference<>();
        Vertx vertx = Vertx.vertx();
        try (RawServer server = new RawServer(
                "127.0.0.1",
                0,
                (_, out) -> RawServer.answer(
                        out, says.get().status(), says.get().type(), says.get().body()))) {
            WarmUp warmUp = asking(vertx, server);
            int refused = 0;
            for (int i = 0; i < 1_500; i++) {
                int[] statuses = {200, 200, 200, 201, 400, 401, 404, 429, 500, 503};
                Said said = new Said(
                        statuses[chance.nextInt(statuses.length)],
                        chance.nextInt(4) == 0 ? "text/plain" : "text/event-stream",
                        new String(Mutations.bytes(Mutations.text(GOOD, chance), chance), StandardCharsets.ISO_8859_1));
                says.set(said);
                String why =
                        switch (warmUp.probe(new Effect.SendProbe(i, MODEL, Optional.empty(), Duration.ZERO))) {
                            case ProbeOutcome.Answered _ -> "";
                            case ProbeOutcome.TimedOut _ -> throw new AssertionError("seed 41, number " + i);
                            case ProbeOutcome.Refused it -> it.why();
                        };
                refused += why.isEmpty() ? 0 : 1;
                assertThat(why)
                        .as("seed 41, number %d", i)
                        .doesNotContainPattern("\\p{Cntrl}")
                        .hasSizeLessThan(600);
                if (why.isEmpty()) {
                    assertThat(said.status()).as("seed 41, number %d", i).isLessThan(300);
                    assertThat(said.body()).as("seed 41, number %d", i).matches("(?s)\\s*(\\{|data:|:).*");
                }
            }
            assertThat(refused).isGreaterThan(500);
            says.set(new Said(200, "text/event-stream", GOOD));
            assertThat(round(warmUp)).isInstanceOf(WarmUpOutcome.Done.class);
        } finally {
            vertx.close().toCompletionStage().toCompletableFuture().join();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "<!doctype html><title>Sign in to the network</title>",
                "Sign in to the network",
                "OK",
                "\n\n",
                "[[[[[[",
                "data: [DONE]\n\n"
            })
    void warmNothing(String body) {
        Vertx vertx = Vertx.vertx();
        try (RawServer server =
                new RawServer("127.0.0.1", 0, (_, out) -> RawServer.answer(out, 200, "text/plain", body))) {
            assertThat(round(asking(vertx, server))).as(body).isNotInstanceOf(WarmUpOutcome.Done.class);
        } finally {
            vertx.close().toCompletionStage().toCompletableFuture().join();
        }
    }
}
