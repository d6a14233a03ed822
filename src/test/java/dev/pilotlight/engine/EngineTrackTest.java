package dev.pilotlight.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.engine.EngineReading.Answered;
import dev.pilotlight.engine.EngineReading.Pause;
import dev.pilotlight.engine.EngineReading.Unreachable;
import dev.pilotlight.engine.EngineReading.Unreadable;
import dev.pilotlight.http.Cause;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** Since when the engine answers, refuses or is ill, and how often its process was replaced. */
class EngineTrackTest {
    private static final Instant START = Instant.parse("2026-11-24T12:00:00Z");
    private static final HealthAnswer SOUND = new HealthAnswer.Healthy();

    private static Instant at(int second) {
        return START.plusSeconds(second);
    }

    private static EngineTrack after(EngineReading... readings) {
        EngineTrack track = EngineTrack.begin(START);
        for (EngineReading reading : readings) {
            track = track.advance(reading);
        }
        return track;
    }

    /** A single-process page: it says when its process began. */
    private static Answered answered(int second, double processStart, double tokens) {
        return answered(second, OptionalDouble.of(processStart), SOUND, rank("0", tokens));
    }

    /** A multi-process page: it does not. */
    private static Answered multi(int second, Rank... ranks) {
        return answered(second, OptionalDouble.empty(), SOUND, ranks);
    }

    private static Answered answered(int second, OptionalDouble processStart, HealthAnswer health, Rank... ranks) {
        return new Answered(
                at(second),
                new EngineSnapshot(
                        List.of(ranks), List.of("m"), processStart, CacheConfig.UNKNOWN, Sleep.UNKNOWN, Latencies.NONE),
                health,
                Optional.empty(),
                "",
                OptionalDouble.empty(),
                Pause.UNKNOWN,
                "whole");
    }

    private static Rank rank(String engine, double tokens) {
        OptionalDouble counted = OptionalDouble.of(tokens);
        return new Rank(
                engine,
                0,
                0,
                OptionalDouble.empty(),
                counted,
                counted,
                counted,
                OptionalDouble.of(0),
                counted,
                counted,
                counted);
    }

    private static Answered ill(int second, HealthAnswer health) {
        return answered(second, OptionalDouble.of(100), health, rank("0", 7));
    }

    private static Unreadable unreadable(int second) {
        return new Unreadable(at(second), SOUND, Optional.empty(), Pause.UNKNOWN, "garbled");
    }

    private static Unreachable lost(int second, Cause cause) {
        return new Unreachable(at(second), cause, "why");
    }

    private static Unreachable refused(int second) {
        return lost(second, Cause.REFUSED);
    }

    @Nested
    class BeforeTheFirstAnswer {
        @Test
        void nothingIsKnown() {
            assertThat(after())
                    .isEqualTo(new EngineTrack(
                            new EngineReading.NotYet(START),
                            Optional.empty(),
                            Optional.empty(),
                            Optional.empty(),
                            Optional.empty(),
                            false,
                            Optional.empty(),
                            Optional.empty(),
                            false,
                            START,
                            0,
                            0,
                            false,
                            false,
                            Identity.NONE,
                            Optional.empty()));
        }

        @Test
        void refusalsAreTheWaitForTheFirstProcess() {
            assertThat(after(refused(1), refused(2), answered(3, 100, 0)))
                    .isEqualTo(new EngineTrack(
                            answered(3, 100, 0),
                            Optional.of(answered(3, 100, 0)),
                            Optional.of(at(3)),
                            Optional.empty(),
                            Optional.empty(),
                            true,
                            Optional.empty(),
                            Optional.of(at(3)),
                            true,
                            START,
                            0,
                            0,
                            false,
                            false,
                            new Identity(List.of(100.0), List.of(), Optional.empty()),
                            Optional.empty()));
        }

        @Test
        void anEngineThatAnswersAtOnceWasNotSeenToStart() {
            assertThat(after(answered(1, 100, 0)).sawItStart()).isFalse();
        }
    }

    @Nested
    class ARestart {
        @Test
        void showsAtOnceInCountersThatFellWhileTheStartMoved() {
            EngineTrack track = after(answered(1, 100, 7), answered(2, 200, 0));
            assertThat(track.restarts()).isEqualTo(1);
            assertThat(track.replaced()).isTrue();
            assertThat(track.firstSeen()).hasValue(at(2));
        }

        @Test
        void showsInCountersThatWentBack() {
            EngineTrack track = after(multi(1, rank("0", 7)), multi(2, rank("0", 6)));
            assertThat(track.restarts()).isEqualTo(1);
            assertThat(track.replaced()).isTrue();
        }

        @Test
        void showsInCountersOfASingleRank() {
            assertThat(after(multi(1, rank("0", 7), rank("1", 7)), multi(2, rank("0", 8), rank("1", 0)))
                            .restarts())
                    .isEqualTo(1);
        }

        @Test
        void showsInARefusalInBetween() {
            EngineTrack track = after(multi(1, rank("0", 7)), refused(2), multi(3, rank("0", 7)));
            assertThat(track.restarts()).isEqualTo(1);
            assertThat(track.sawItStart()).isTrue();
            assertThat(track.goneSince()).isEqualTo(at(2));
        }

        @Test
        void showsInARefusalAndAStartThatMoved() {
            assertThat(after(answered(1, 100, 0), refused(2), answered(3, 200, 0))
                            .restarts())
                    .isEqualTo(1);
        }

        @Test
        void isNotAStartThatMovesAlone() {
            EngineTrack track = after(answered(1, 100, 7), answered(2, 160, 7), answered(3, 100, 9));
            assertThat(track.restarts()).as("a clock that is set, and set back").isZero();
            assertThat(track.recounted()).isFalse();
            assertThat(track.identity().alternatesAt()).isEmpty();
        }

        @Test
        void isAStartThatMovesWhereThePageCountsNothing() {
            Rank uncounted = new Rank(
                    "0",
                    0,
                    0,
                    OptionalDouble.empty(),
                    OptionalDouble.empty(),
                    OptionalDouble.empty(),
                    OptionalDouble.empty(),
                    OptionalDouble.empty(),
                    OptionalDouble.empty(),
                    OptionalDouble.empty(),
                    OptionalDouble.empty());
            assertThat(after(
                                    answered(1, OptionalDouble.of(100), SOUND, uncounted),
                                    answered(2, OptionalDouble.of(200), SOUND, uncounted))
                            .restarts())
                    .isEqualTo(1);
        }

        @Test
        void isNotARankThatIsNoLongerListed() {
            EngineTrack track =
                    after(multi(1, rank("0", 7), rank("1", 7)), multi(2, rank("0", 8)), multi(3, rank("0", 9)));
            assertThat(track.restarts()).isZero();
            assertThat(track.recounted()).isTrue();
            assertThat(track.numbers()).hasValue(multi(3, rank("0", 9)));
            EngineTrack back = track.advance(multi(4, rank("0", 9), rank("1", 7)));
            assertThat(back.restarts()).isZero();
        }

        @Test
        void isNotCountersThatWereClearedInAProcessThatGoesOn() {
            EngineTrack track = after(answered(1, 100, 7), answered(2, 100, 0), answered(3, 100, 1));
            assertThat(track.restarts()).isZero();
            assertThat(track.recounted()).isTrue();
            assertThat(track.numbers()).hasValue(answered(3, 100, 1));
            assertThat(track.advance(track.latest()).recounted())
                    .as("at the next tick")
                    .isFalse();
        }

        @Test
        void isNotARefusalByAProcessThatBeganWhenItDidBefore() {
            EngineTrack track = after(answered(1, 100, 7), refused(2), answered(3, 100, 7));
            assertThat(track.restarts()).isZero();
            assertThat(track.replaced()).isFalse();
            assertThat(track.firstSeen()).hasValue(at(1));
        }

        @Test
        void isNotATimeoutOrABrokenConnection() {
            assertThat(after(
                                    multi(1, rank("0", 7)),
                                    lost(2, Cause.TIMED_OUT),
                                    lost(3, Cause.BROKEN),
                                    multi(4, rank("0", 7)))
                            .restarts())
                    .isZero();
        }

        @Test
        void isNotAnIdleEngineWhoseCountersStandStill() {
            assertThat(after(answered(1, 100, 7), answered(2, 100, 7), answered(3, 100, 7))
                            .restarts())
                    .isZero();
        }

        @Test
        void isCountedOnceThoughTheReadingIsSeenAgain() {
            Answered fresh = answered(2, 200, 0);
            EngineTrack track = after(answered(1, 100, 7), fresh, fresh, fresh);
            assertThat(track.restarts()).isEqualTo(1);
            assertThat(track.replaced()).isFalse();
        }

        @Test
        void isCountedThoughThePageCannotBeReadAfterwards() {
            EngineTrack track = after(answered(1, 100, 7), refused(2), unreadable(3));
            assertThat(track.restarts()).isEqualTo(1);
            assertThat(track.replaced()).isTrue();
        }

        @Test
        void isCountedOnceWhenThePageCanBeReadOnlyLater() {
            EngineTrack track = after(answered(1, 100, 7), refused(2), unreadable(3), answered(4, 200, 0));
            assertThat(track.restarts()).isEqualTo(1);
            assertThat(track.replaced()).isFalse();
        }

        @Test
        void leavesNoNumbersOfTheProcessBefore() {
            assertThat(after(answered(1, 100, 7), refused(2), unreadable(3)).numbers())
                    .isEmpty();
        }

        @Test
        void ofSeveralIsCountedEachTime() {
            assertThat(after(answered(1, 100, 7), answered(2, 200, 1), refused(3), refused(4), answered(5, 300, 0))
                            .restarts())
                    .isEqualTo(2);
        }
    }

    /** One bad page must not be remembered, and a number that comes again is no bad page. */
    @Nested
    class NumbersThatCannotFollow {
        @Test
        void areDoubtedWhileOnlyOnePageSaysThem() {
            EngineTrack track = after(answered(1, 100, 7), answered(2, 100, 1e12));
            assertThat(track.numbers()).hasValue(answered(1, 100, 7));
            assertThat(track.latest()).isInstanceOfSatisfying(Unreadable.class, it -> assertThat(it.why())
                    .contains("not believed", "requests finished since the reading before"));
        }

        @Test
        void areForgottenByTheNextGoodPage() {
            assertThat(after(answered(1, 100, 7), answered(2, 100, 1e12), answered(3, 100, 8)))
                    .isEqualTo(after(answered(1, 100, 7), unreadable(2), answered(3, 100, 8)));
        }

        @Test
        void areForgottenWhereTheyWentBackInTheSameProcess() {
            EngineTrack track = after(answered(1, 100, 7), answered(2, 100, 0), answered(3, 100, 8));
            assertThat(track.restarts()).isZero();
            assertThat(track.numbers()).hasValue(answered(3, 100, 8));
        }

        @Test
        void areNotBelievedForBeingSeenAgain() {
            Answered leap = answered(2, 100, 1e12);
            assertThat(after(answered(1, 100, 7), leap, leap, leap).numbers()).hasValue(answered(1, 100, 7));
        }

        @Test
        void areNoneAfterALongSilence() {
            assertThat(after(answered(1, 100, 7), answered(100_001, 100, 5e7)).numbers())
                    .hasValue(answered(100_001, 100, 5e7));
        }

        @Test
        void areThoseOfAProcessThatBeginsTomorrow() {
            double tomorrow = START.getEpochSecond() + 86_400;
            assertThat(after(answered(1, 100, 7), answered(2, tomorrow, 0)).restarts())
                    .isZero();
        }
    }

    /** A URL that leads to a Service or a load balancer. */
    @Nested
    class SeveralServersByTurns {
        @Test
        void showInAProcessThatComesBack() {
            assertThat(after(answered(1, 100, 7), answered(2, 200, 3))
                            .identity()
                            .alternatesAt())
                    .as("a restart that nobody saw")
                    .isEmpty();
            assertThat(after(answered(1, 100, 7), answered(2, 200, 3), answered(900, 100, 8))
                            .identity()
                            .alternatesAt())
                    .hasValue(at(900));
        }

        @Test
        void showInCountersThatGoBackAgainAndAgain() {
            Answered one = multi(1, rank("0", 70));
            EngineTrack track = after(one, multi(2, rank("0", 7)), multi(3, rank("0", 70)), multi(4, rank("0", 7)));
            assertThat(track.identity().alternatesAt()).isEmpty();
            EngineTrack on = track.advance(multi(5, rank("0", 70)))
                    .advance(multi(6, rank("0", 7)))
                    .advance(multi(7, rank("0", 6)));
            assertThat(on.identity().alternatesAt()).hasValue(at(7));
        }

        @Test
        void areNotRestartsBetweenWhichNothingListens() {
            EngineTrack track = after(answered(0, 100, 7));
            for (int i = 1; i < 20; i++) {
                track = track.advance(refused(10 * i)).advance(answered(10 * i + 5, 100 + i, 1));
            }
            assertThat(track.restarts()).isEqualTo(19);
            assertThat(track.identity().alternatesAt()).isEmpty();
        }
    }

    @Nested
    class TheNumbers {
        @Test
        void areThoseOfTheNewestPage() {
            assertThat(after(answered(1, 100, 7), answered(2, 100, 8)).numbers())
                    .hasValue(answered(2, 100, 8));
        }

        @Test
        void areGoneWhileNothingListens() {
            assertThat(after(answered(1, 100, 7), refused(2)).numbers()).isEmpty();
        }

        @Test
        void stayThroughATimeoutForTheirAgeToTell() {
            EngineTrack track = after(answered(1, 100, 7), lost(2, Cause.TIMED_OUT));
            assertThat(track.numbers()).hasValue(answered(1, 100, 7));
            assertThat(track.answeredAt()).hasValue(at(1));
        }
    }

    @Nested
    class Illness {
        private static final HealthAnswer DEAD = new HealthAnswer.Unhealthy(503);

        @Test
        void beginsWithTheFirst5xxAndLastsUntilHealthIsSoundAgain() {
            assertThat(after(ill(1, SOUND), ill(2, DEAD), ill(3, DEAD)).unhealthySince())
                    .hasValue(at(2));
            assertThat(after(ill(2, DEAD), ill(3, SOUND)).unhealthySince()).isEmpty();
        }

        @Test
        void isDeathOnlyInVllmsOwnWordsAndOfAProcessThatWasWell() {
            HealthAnswer gateway = new HealthAnswer.Unhealthy(502);
            assertThat(after(ill(1, SOUND), ill(2, DEAD)).deadSince()).hasValue(at(2));
            assertThat(after(ill(1, SOUND), ill(2, gateway)).deadSince()).isEmpty();
            assertThat(after(ill(1, SOUND), ill(2, new HealthAnswer.Unhealthy(504)))
                            .deadSince())
                    .isEmpty();
            Unreadable never = new Unreadable(at(1), DEAD, Optional.empty(), Pause.UNKNOWN, "garbled");
            assertThat(after(never).deadSince()).isEmpty();
            assertThat(after(ill(0, SOUND), refused(1), ill(2, DEAD)).deadSince())
                    .as("another process, whose page was read")
                    .hasValue(at(2));
        }

        @Test
        void isNoDeathWhereThePageIsNotSeen() {
            Unreadable gateway = new Unreadable(at(2), DEAD, Optional.empty(), Pause.UNKNOWN, "503, too");
            assertThat(after(ill(1, SOUND), gateway).deadSince()).isEmpty();
            assertThat(after(ill(1, SOUND), gateway).unhealthySince()).hasValue(at(2));
            assertThat(after(ill(0, SOUND), ill(1, DEAD), gateway, ill(3, DEAD)).deadSince())
                    .hasValue(at(3));
        }

        @Test
        void isNoDeathOfOneThatServesNothingByOrder() {
            Answered asleep = new Answered(
                    at(2),
                    new EngineSnapshot(
                            List.of(rank("0", 7)),
                            List.of("m"),
                            OptionalDouble.of(100),
                            CacheConfig.UNKNOWN,
                            Sleep.ASLEEP,
                            Latencies.NONE),
                    DEAD,
                    Optional.empty(),
                    "",
                    OptionalDouble.empty(),
                    Pause.UNKNOWN,
                    "whole");
            assertThat(after(ill(1, SOUND), asleep).deadSince()).isEmpty();
        }

        @Test
        void isNoDeathWhileACounterMoves() {
            EngineTrack track = after(
                    ill(1, DEAD),
                    answered(2, OptionalDouble.of(100), DEAD, rank("0", 8)),
                    answered(3, OptionalDouble.of(100), DEAD, rank("0", 8)));
            assertThat(track.deadSince()).hasValue(at(3));
            assertThat(track.unhealthySince()).hasValue(at(1));
        }

        @Test
        void isNotA4xx() {
            assertThat(after(ill(1, new HealthAnswer.Unhealthy(404))).unhealthySince())
                    .isEmpty();
        }

        @Test
        void neitherBeginsNorEndsWithoutAnAnswer() {
            HealthAnswer none = new HealthAnswer.NoAnswer();
            assertThat(after(ill(1, none)).unhealthySince()).isEmpty();
            assertThat(after(ill(1, DEAD), ill(2, none), lost(3, Cause.TIMED_OUT))
                            .unhealthySince())
                    .hasValue(at(1));
        }

        @Test
        void endsWhenNothingListensAnyMore() {
            assertThat(after(ill(1, DEAD), refused(2)).unhealthySince()).isEmpty();
        }
    }

    /** Their pages do not say when the process began, and a fresh one has no gauges. */
    @Nested
    class OfSeveralProcesses {
        private static final String FRESH = """
                # TYPE vllm:num_requests_running gauge
                # TYPE vllm:num_requests_waiting gauge
                vllm:prompt_tokens_total{engine="0",model_name="m"} 0.0
                vllm:generation_tokens_total{engine="0",model_name="m"} 0.0
                vllm:request_success_total{engine="0",finished_reason="stop",model_name="m"} 0.0
                """;

        @Test
        void aFreshPageAfterAUsedOneIsARestart() {
            EngineTrack track = after(
                    multi(1, rank("0", 7)),
                    multi(2, Reader.snapshot(FRESH).ranks().toArray(Rank[]::new)));
            assertThat(track.restarts()).isEqualTo(1);
        }

        @Test
        void theFirstRequestIsNone() {
            EngineTrack track =
                    after(multi(1, Reader.snapshot(FRESH).ranks().toArray(Rank[]::new)), multi(2, rank("0", 1)));
            assertThat(track.restarts()).isZero();
        }
    }
}
