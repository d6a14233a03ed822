package dev.pilotlight.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.engine.EngineReading.Answered;
import dev.pilotlight.engine.EngineReading.Pause;
import dev.pilotlight.engine.EngineReading.Unreachable;
import dev.pilotlight.engine.EngineReading.Unreadable;
import dev.pilotlight.http.Cause;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** Several servers of one pod as one engine. */
class TogetherTest {
    private static final Instant NOON = Instant.parse("2026-11-29T12:00:00Z");
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final HealthAnswer WELL = new HealthAnswer.Healthy();
    private static final HealthAnswer DEAD = new HealthAnswer.Unhealthy(503);
    private static final Model TINY = new Model("tiny", OptionalInt.of(2048));

    private static Part part(int port, EngineReading... readings) {
        Part part = Part.begin("127.0.0.1:" + port, NOON);
        for (EngineReading reading : readings) {
            part = part.advance(reading);
        }
        return part;
    }

    private static Answered page(int second, double start, double running, double tokens, HealthAnswer health) {
        OptionalDouble counted = OptionalDouble.of(tokens);
        return new Answered(
                NOON.plusSeconds(second),
                new EngineSnapshot(
                        List.of(new Rank(
                                "0",
                                running,
                                2,
                                OptionalDouble.of(0.5),
                                counted,
                                counted,
                                counted,
                                OptionalDouble.empty(),
                                counted,
                                counted,
                                counted)),
                        List.of("tiny"),
                        OptionalDouble.of(start),
                        new CacheConfig(OptionalDouble.of(1000), OptionalDouble.of(4)),
                        Sleep.AWAKE,
                        new Latencies(
                                Optional.of(new Histogram(
                                        new double[] {1, Double.POSITIVE_INFINITY}, new double[] {1, 2}, 3, 2)),
                                Optional.empty()),
                        new ServerState(OptionalDouble.of(0), counted, OptionalDouble.of(1), OptionalDouble.empty()),
                        Optional.empty()),
                health,
                Optional.of(TINY),
                "",
                OptionalDouble.of(running),
                Pause.NONE,
                "filtered");
    }

    private static Unreachable lost(int second, Cause cause) {
        return new Unreachable(NOON.plusSeconds(second), cause, "why");
    }

    private static EngineReading read(int second, Part... parts) {
        return Together.read(NOON.plusSeconds(second), List.of(parts), PATIENCE);
    }

    private static Answered answered(int second, Part... parts) {
        assertThat(read(second, parts)).isInstanceOf(Answered.class);
        return (Answered) read(second, parts);
    }

    private static String partly(HealthAnswer health) {
        assertThat(health).isInstanceOf(HealthAnswer.Partly.class);
        return ((HealthAnswer.Partly) health).why();
    }

    @Nested
    class OfServersThatAreWell {
        private final Answered both =
                answered(1, part(8000, page(1, 100, 3, 70, WELL)), part(8001, page(1, 120, 5, 7, WELL)));

        @Test
        void addsUpWhatTheyCountAndKeepsTheirRanksApart() {
            assertThat(both.snapshot().running()).isEqualTo(8);
            assertThat(both.snapshot().waiting()).isEqualTo(4);
            assertThat(both.snapshot().generationTokens()).hasValue(77);
            assertThat(both.inFlight()).hasValue(8);
            assertThat(both.snapshot().cache().tokens()).hasValue(2000);
            assertThat(both.snapshot().server().rejections()).hasValue(77);
            assertThat(both.snapshot().server().webSockets()).hasValue(2);
            assertThat(both.snapshot().server().pinnedRequests()).isEmpty();
            assertThat(both.snapshot().latencies().firstToken().orElseThrow().count())
                    .isEqualTo(4);
            assertThat(both.snapshot().ranks().stream().map(Rank::engine))
                    .containsExactly("127.0.0.1:8000/0", "127.0.0.1:8001/0");
            assertThat(both.snapshot().ranks().stream().map(Rank::address))
                    .containsExactly("127.0.0.1:8000", "127.0.0.1:8001");
            assertThat(both.health()).isEqualTo(WELL);
            assertThat(both.model()).contains(TINY);
        }

        @Test
        void isAnotherProcessWhereOneOfThemIs() {
            Answered after = answered(2, part(8000, page(2, 200, 0, 0, WELL)), part(8001, page(2, 120, 5, 8, WELL)));
            assertThat(after.snapshot().countsBackFrom(both.snapshot())).isTrue();
            Answered same = answered(2, part(8000, page(2, 100, 0, 71, WELL)), part(8001, page(2, 120, 5, 8, WELL)));
            assertThat(same.snapshot().countsBackFrom(both.snapshot())).isFalse();
        }
    }

    @Nested
    class WithOneThatIsNot {
        private final Part well = part(8000, page(1, 100, 3, 70, WELL), page(2, 100, 3, 80, WELL));

        @Test
        void isNoEngineThatRefusesAndNamesTheOneThatDoes() {
            Answered read = answered(2, well, part(8001, page(1, 120, 5, 7, WELL), lost(2, Cause.REFUSED)));
            assertThat(partly(read.health())).contains("1 of 2", "127.0.0.1:8001: why");
            assertThat(read.snapshot().generationTokens())
                    .as("no counter goes back")
                    .hasValue(87);
            assertThat(read.snapshot().running())
                    .as("nothing is in flight there")
                    .isEqualTo(3);
            assertThat(read.model()).isEmpty();
        }

        @Test
        void isNotDeadByTheDeathOfOne() {
            Answered read = answered(2, well, part(8001, page(2, 120, 5, 7, DEAD)));
            assertThat(partly(read.health())).contains("127.0.0.1:8001: GET /health answers 503");
            Answered all = answered(2, part(8000, page(2, 100, 3, 80, DEAD)), part(8001, page(2, 120, 5, 7, DEAD)));
            assertThat(all.health()).isEqualTo(DEAD);
        }

        @Test
        void forgivesSilenceForAsLongAsASingleServersIs() {
            Part silent = part(8001, page(1, 120, 5, 7, WELL), lost(10, Cause.TIMED_OUT));
            assertThat(answered(10, well, silent).health()).isEqualTo(WELL);
            assertThat(answered(10, well, silent).model()).contains(TINY);
            assertThat(partly(answered(11, well, part(8001, page(1, 120, 5, 7, WELL), lost(11, Cause.TIMED_OUT)))
                            .health()))
                    .contains("127.0.0.1:8001");
        }

        @Test
        void isNotSeenWhileThePageOfOneIsNot() {
            EngineReading read = read(
                    2,
                    well,
                    part(8001, new Unreadable(NOON.plusSeconds(2), WELL, Optional.of(TINY), Pause.UNKNOWN, "garbled")));
            assertThat(read).isInstanceOfSatisfying(Unreadable.class, it -> {
                assertThat(it.why()).isEqualTo("127.0.0.1:8001: garbled");
                assertThat(it.model()).contains(TINY);
            });
        }

        @Test
        void isNotLoadedBeforeAllAre() {
            EngineReading read = read(2, well, part(8001, lost(2, Cause.REFUSED)));
            assertThat(read).isInstanceOfSatisfying(Unreadable.class, it -> {
                assertThat(it.model()).isEmpty();
                assertThat(it.why()).contains("127.0.0.1:8001");
            });
        }

        @Test
        void servesNothingByTheOrderOfOne() {
            HealthAnswer held = HealthAnswer.of(503, "currently scaling");
            assertThat(answered(2, well, part(8001, page(2, 120, 5, 7, held))).health())
                    .isEqualTo(held);
        }
    }

    @Nested
    class WhereNoneIsReached {
        @Test
        void saysWhatAllSay() {
            assertThat(read(2, part(8000, lost(2, Cause.REFUSED)), part(8001, lost(2, Cause.REFUSED))))
                    .isEqualTo(lost(2, Cause.REFUSED));
        }

        @Test
        void isNeitherRefusalNorSilenceWhereOneRefusesAndOneIsSilent() {
            assertThat(read(2, part(8000, lost(2, Cause.REFUSED)), part(8001, lost(2, Cause.TIMED_OUT))))
                    .isInstanceOfSatisfying(
                            Unreachable.class, it -> assertThat(it.cause()).isEqualTo(Cause.BROKEN));
        }
    }
}
