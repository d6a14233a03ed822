package dev.pilotlight.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.hostile.Garbage;
import dev.pilotlight.http.Http.Answer;
import dev.pilotlight.process.RawServer;
import io.vertx.core.Vertx;
import java.net.URI;
import java.time.Duration;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Servers that speak no HTTP, or half of it: each request ends by its deadline, with a line that says why, and the next good one is read. */
class HostileHttpTest {
    private static final int ANSWERS = 1_500;
    private static final int MOST = 1 << 20;
    /** Of a body that is announced and never comes. */
    private static final Duration DEADLINE = Duration.ofMillis(150);

    private static final Duration AMPLE = Duration.ofSeconds(20);

    @Test
    void endByTheirDeadlineAndAreForgotten() throws Exception {
        Random chance = new Random(31);
        AtomicBoolean isHostile = new AtomicBoolean();
        Vertx vertx = Vertx.vertx();
        try (RawServer server = new RawServer("127.0.0.1", 0, (_, out) -> {
            if (isHostile.get()) {
                Garbage.answer(out, "good", chance::nextInt);
            } else {
                RawServer.answer(out, 200, "text/plain", "good");
            }
        })) {
            URI url = URI.create("http://127.0.0.1:" + server.port());
            Http http = new Http(vertx, () -> url, Http.Security.none(), 2);
            int lost = 0;
            for (int i = 0; i < ANSWERS; i++) {
                isHostile.set(true);
                AtomicInteger taken = new AtomicInteger();
                Answer answer = http.get("/metrics", DEADLINE, (_, _, length) -> taken.addAndGet(length) <= MOST);
                assertThat(taken.get()).as("number %d", i).isLessThanOrEqualTo(MOST + 8 * 1024);
                if (answer instanceof Answer.Lost(Cause _, String why)) {
                    assertThat(why).as("number %d", i).hasSizeBetween(10, 600).doesNotContainPattern("\\p{Cntrl}");
                    lost++;
                }
                if (i % 25 == 0) {
                    isHostile.set(false);
                    // Its connections may just be ending by what came before.
                    assertThat(IntStream.range(0, 4).mapToObj(_ -> http.get("/metrics", AMPLE, (_, _, _) -> true)))
                            .as("the next good ones after number %d", i)
                            .contains(new Answer.Got(200, true, "text/plain", Optional.empty(), Optional.empty()));
                }
            }
            assertThat(lost).isGreaterThan(ANSWERS / 3);
        } finally {
            vertx.close().toCompletionStage().toCompletableFuture().join();
        }
    }
}
