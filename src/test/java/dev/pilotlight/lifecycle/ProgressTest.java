package dev.pilotlight.lifecycle;

import static dev.pilotlight.lifecycle.Readings.MODEL;
import static dev.pilotlight.lifecycle.Readings.NONE;
import static dev.pilotlight.lifecycle.Readings.START;
import static dev.pilotlight.lifecycle.Readings.at;
import static dev.pilotlight.lifecycle.Readings.page;
import static dev.pilotlight.lifecycle.Readings.rank;
import static dev.pilotlight.lifecycle.Readings.refused;
import static dev.pilotlight.lifecycle.Readings.silent;
import static dev.pilotlight.lifecycle.Readings.track;
import static dev.pilotlight.lifecycle.Readings.unreadable;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.engine.EngineReading;
import dev.pilotlight.engine.EngineReading.Answered;
import dev.pilotlight.engine.EngineTrack;
import dev.pilotlight.engine.HealthAnswer;
import dev.pilotlight.engine.Model;
import dev.pilotlight.engine.Rank;
import dev.pilotlight.lifecycle.Effect.SendProbe;
import dev.pilotlight.lifecycle.Progress.Out;
import dev.pilotlight.signal.OwnTraffic;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** What is taken for a sign of life, when a request for a token goes out, and what its end tells. */
class ProgressTest {
    private static final Duration STUCK_AFTER = Duration.ofSeconds(60);
    private static final Duration HEARTBEAT_EVERY = Duration.ofSeconds(90);
    private static final LivenessPolicy POLICY = policy(STUCK_AFTER, HEARTBEAT_EVERY);
    private static final Model OTHER = new Model("large", OptionalInt.empty());

    private static LivenessPolicy policy(Duration stuckAfter, Duration heartbeatEvery) {
        return new LivenessPolicy(Duration.ofSeconds(9), stuckAfter, heartbeatEvery, Optional.empty());
    }

    /** Of a rank with seven tokens that moved last at that second. */
    private static Pulse pulse(long movedAt) {
        return Pulse.begin(Pulse.Signs.of(rank("0", 0)), at(movedAt));
    }

    /** One that has nothing to move by. */
    private static Pulse blind(long movedAt) {
        return Pulse.begin(Pulse.Signs.UNKNOWN, at(movedAt));
    }

    private static Out out(String rank, long sentAt, Duration patience) {
        return new Out(rank, 3, at(sentAt), false, MODEL, patience);
    }

    /** As it was looked at in that second, three requests so far. */
    private static Progress progress(long second, Map<String, Pulse> ranks, Optional<Out> out) {
        return new Progress(
                ranks, out, 3, new Sight(at(second), at(second), Optional.of(at(second)), false), Optional.of(MODEL));
    }

    private static Progress progress(long second, Pulse pulse) {
        return progress(second, Map.of("0", pulse), Optional.empty());
    }

    private static Progress.Turn look(
            Progress before, EngineTrack engine, OwnTraffic own, LivenessPolicy policy, ProbeOutcome... ended) {
        Optional<ProbeOutcome> outcome = List.of(ended).stream().findFirst();
        Instant now = engine.latest().at();
        return before.advance(engine, own, outcome, true, Optional.of(MODEL), policy, now);
    }

    private static Progress.Turn look(Progress before, EngineTrack engine, ProbeOutcome... ended) {
        return look(before, engine, OwnTraffic.NONE, POLICY, ended);
    }

    /** What is known of the only rank once that was read. */
    private static Pulse seen(Progress before, EngineTrack engine, ProbeOutcome... ended) {
        return look(before, engine, ended).progress().ranks().get("0");
    }

    private static Optional<SendProbe> asked(Pulse pulse, EngineReading... readings) {
        EngineTrack engine = track(readings);
        long second = Duration.between(START, engine.latest().at()).toSeconds();
        return look(progress(second, pulse), engine).probe();
    }

    @Nested
    class WhileItIsNotWatched {
        @Test
        void forgetsAllButTheNumberOfRequestsAndTheModel() {
            Progress before = progress(0, Map.of("0", pulse(0)), Optional.of(out("0", 0, Duration.ZERO)));
            assertThat(notWatching(before, Optional.empty())).isEqualTo(forgotten(MODEL));
            assertThat(notWatching(before, Optional.of(OTHER))).isEqualTo(forgotten(OTHER));
        }

        private static Progress.Turn notWatching(Progress before, Optional<Model> listed) {
            return before.advance(
                    track(page(500, rank("0", 1))), OwnTraffic.NONE, Optional.empty(), false, listed, POLICY, at(500));
        }

        private static Progress.Turn forgotten(Model model) {
            return new Progress.Turn(
                    new Progress(Map.of(), Optional.empty(), 3, Sight.NONE, Optional.of(model)), Optional.empty());
        }
    }

    @Nested
    class AnEngineThatIsKnownToAnswer {
        private static boolean isAnswering(Pulse... pulses) {
            return progress(
                            0,
                            pulses.length == 1 ? Map.of("0", pulses[0]) : Map.of("0", pulses[0], "1", pulses[1]),
                            Optional.empty())
                    .isAnswering();
        }

        @Test
        void hasNoRequestOfOursUnansweredOrFailed() {
            assertThat(isAnswering(pulse(0))).isTrue();
            assertThat(isAnswering(pulse(0).gotNoAnswer(at(0)))).isFalse();
            assertThat(isAnswering(pulse(0).refused(Refusal.ERROR, "500"))).isFalse();
            assertThat(isAnswering(pulse(0).refused(Refusal.BUSY, "429"))).isFalse();
            assertThat(isAnswering(pulse(0).refused(Refusal.KEY, "401"))).isTrue();
            assertThat(isAnswering(pulse(0), pulse(0).gotNoAnswer(at(0))))
                    .as("of two ranks")
                    .isFalse();
        }
    }

    @Nested
    class APage {
        @Test
        void beginsARankThatWasNotSeenBefore() {
            Progress after = Progress.NONE
                    .advance(
                            track(page(0, rank("0", 0), rank("1", 1))),
                            OwnTraffic.NONE,
                            Optional.empty(),
                            true,
                            Optional.of(MODEL),
                            POLICY,
                            at(1))
                    .progress();
            assertThat(after.ranks()).isEqualTo(Map.of("0", pulse(1).idle(at(0)), "1", pulse(1)));
            assertThat(after.model()).contains(MODEL);
        }

        @Test
        void showsThatARankMovedAtItsReading() {
            Progress before = progress(0, pulse(0));
            Rank further = rank("0", 1, 0, OptionalDouble.of(8));
            Progress after = before.advance(
                            track(page(5, further)),
                            OwnTraffic.NONE,
                            Optional.empty(),
                            true,
                            Optional.of(MODEL),
                            POLICY,
                            at(6))
                    .progress();
            assertThat(after.ranks().get("0")).isEqualTo(pulse(0).moved(Pulse.Signs.of(further), at(5)));
            assertThat(seen(before, track(page(5, rank("0", 1)))))
                    .as("where nothing moved")
                    .isEqualTo(pulse(0));
        }

        @Test
        void ofANewProcessBeginsItsRanksAgain() {
            EngineTrack engine = track(page(0, rank("0", 1)), refused(2), page(5, rank("0", 1)));
            assertThat(engine.replaced()).isTrue();
            assertThat(seen(progress(0, pulse(0)), engine)).isEqualTo(pulse(5));
        }

        @Test
        void thatCannotBeReadLeavesWhatAnsweredLast() {
            assertThat(seen(Progress.NONE, track(unreadable(0)))).isEqualTo(blind(0));
            assertThat(seen(progress(0, blind(0)), track(unreadable(5)))).isEqualTo(blind(0));
        }

        @Test
        void underAnotherModelLetsBeAskedAgainWhatHadNoSuchEndpoint() {
            Pulse unknown = blind(0).asked(at(0)).refused(Refusal.UNSUPPORTED, "404");
            Progress before = progress(0, unknown);
            assertThat(listed(before, Optional.of(OTHER))).isEqualTo(blind(0));
            assertThat(listed(before, Optional.of(MODEL))).isEqualTo(unknown);
            assertThat(listed(before, Optional.empty())).isEqualTo(unknown);
        }

        private static Pulse listed(Progress before, Optional<Model> model) {
            return before.advance(track(unreadable(5)), OwnTraffic.NONE, Optional.empty(), true, model, POLICY, at(5))
                    .progress()
                    .ranks()
                    .get("0");
        }

        @Test
        void afterAGapIsNoEvidenceWithWhatWentUnansweredBefore() {
            Progress before =
                    progress(0, Map.of("0", pulse(0).gotNoAnswer(at(0))), Optional.of(out("0", 0, Duration.ZERO)));
            Progress late = look(before, track(page(11, rank("0", 1)))).progress();
            assertThat(late.ranks().get("0")).isEqualTo(pulse(0));
            assertThat(late.out().orElseThrow().heldUp()).isTrue();
            Progress inTime = look(before, track(page(10, rank("0", 1)))).progress();
            assertThat(inTime.ranks().get("0")).isEqualTo(pulse(0).gotNoAnswer(at(0)));
            assertThat(inTime.out().orElseThrow().heldUp()).isFalse();
        }

        @Test
        void staysHeldUpOnceItWas() {
            Progress before = progress(
                    0,
                    Map.of("0", pulse(0)),
                    Optional.of(out("0", 0, Duration.ZERO).heldUp(true)));
            assertThat(look(before, track(page(5, rank("0", 1))))
                            .progress()
                            .out()
                            .orElseThrow()
                            .heldUp())
                    .isTrue();
        }
    }

    @Nested
    class ARankWithoutWork {
        private static boolean isIdle(Answered page, int own) {
            return look(progress(0, pulse(0)), track(page), new OwnTraffic(own, own), POLICY)
                    .progress()
                    .ranks()
                    .get("0")
                    .idleAt()
                    .filter(page.at()::equals)
                    .isPresent();
        }

        @Test
        void hasNothingButRequestsOfOurOwn() {
            assertThat(isIdle(page(5, rank("0", 0)), 0)).isTrue();
            assertThat(isIdle(page(5, rank("0", 1)), 0)).isFalse();
            assertThat(isIdle(page(5, rank("0", 0, 1, OptionalDouble.of(7))), 0))
                    .isFalse();
            assertThat(isIdle(page(5, rank("0", 1)), 1)).isTrue();
            assertThat(isIdle(page(5, rank("0", 1, 1, OptionalDouble.of(7))), 1))
                    .isFalse();
        }

        @Test
        void isNotToldByTheWorkOfAnother() {
            assertThat(isIdle(page(5, rank("0", 0), rank("1", 4)), 0)).isTrue();
        }

        @Test
        void hasNoneAtTheServerEither() {
            assertThat(isIdle(held(2, rank("0", 0)), 1)).isFalse();
            assertThat(isIdle(held(1, rank("0", 0)), 1)).isTrue();
            assertThat(isIdle(held(2, rank("0", 0), rank("1", 0)), 1))
                    .as("whose rank holds it is not known")
                    .isTrue();
        }

        private static Answered held(int inFlight, Rank... ranks) {
            return page(5, new HealthAnswer.Healthy(), OptionalDouble.of(inFlight), ranks);
        }
    }

    @Nested
    class ARequestThatEnded {
        private static final ProbeOutcome TIMED_OUT = new ProbeOutcome.TimedOut(3, at(5));

        private static Progress sent(Pulse pulse) {
            return progress(0, Map.of("0", pulse), Optional.of(out("0", 0, Duration.ZERO)));
        }

        @Test
        void withATokenShowsThatTheRankLives() {
            Progress after = look(
                            sent(pulse(-50).gotNoAnswer(at(-20))),
                            track(page(5, rank("0", 1))),
                            new ProbeOutcome.Answered(3, at(4)))
                    .progress();
            assertThat(after).isEqualTo(heard(pulse(-50).answered(at(4))));
        }

        private static Progress heard(Pulse pulse) {
            return new Progress(
                    Map.of("0", pulse),
                    Optional.empty(),
                    3,
                    new Sight(at(5), at(5), Optional.of(at(5)), false),
                    Optional.of(MODEL));
        }

        @Test
        void thatIsNotTheOneThatIsOutSaysNothing() {
            Progress before = sent(pulse(0));
            Progress after = look(before, track(page(5, rank("0", 1))), new ProbeOutcome.Answered(2, at(4)))
                    .progress();
            assertThat(after.out()).isEqualTo(before.out());
            assertThat(after.ranks()).isEqualTo(before.ranks());
            assertThat(look(progress(0, pulse(0)), track(page(5, rank("0", 1))), new ProbeOutcome.Answered(3, at(4)))
                            .progress()
                            .ranks())
                    .as("where none is out")
                    .isEqualTo(before.ranks());
        }

        @Test
        void withARefusalKeepsItUnlessItWasOfAnotherModel() {
            ProbeOutcome unsupported = new ProbeOutcome.Refused(3, at(4), Refusal.UNSUPPORTED, "404");
            EngineTrack engine = track(page(5, rank("0", 1)));
            assertThat(seen(sent(pulse(0)), engine, unsupported))
                    .isEqualTo(pulse(0).refused(Refusal.UNSUPPORTED, "404"));
            Progress renamed = sent(pulse(0))
                    .advance(engine, OwnTraffic.NONE, Optional.of(unsupported), true, Optional.of(OTHER), POLICY, at(5))
                    .progress();
            assertThat(renamed.ranks().get("0")).isEqualTo(pulse(0));
        }

        @Test
        void withNothingWaitsForAReadingFromAfterThat() {
            Progress early = look(sent(pulse(0)), track(page(4, rank("0", 1))), TIMED_OUT)
                    .progress();
            assertThat(early.ranks()).isEqualTo(Map.of("0", pulse(0)));
            assertThat(early.out()).isPresent();
            assertThat(lost(pulse(0), page(5, rank("0", 1)))).isEqualTo(1);
        }

        /** How many count as lost after the time-out. */
        private static int lost(Pulse pulse, EngineReading... readings) {
            return seen(sent(pulse), track(readings), TIMED_OUT).lost();
        }

        @Test
        void withNothingCountsWhereTheRankStoodMeanwhile() {
            assertThat(lost(pulse(0), page(5, rank("0", 1)))).isEqualTo(1);
            assertThat(lost(pulse(1), page(5, rank("0", 1))))
                    .as("it has moved since")
                    .isZero();
            assertThat(lost(pulse(0), page(5, rank("0", 1, 0, OptionalDouble.of(8)))))
                    .as("it moves")
                    .isZero();
        }

        @Test
        void withNothingCountsFromWhenItWasSent() {
            assertThat(seen(sent(pulse(0)), track(page(5, rank("0", 1))), TIMED_OUT)
                            .lostSince())
                    .contains(at(0));
        }

        @Test
        void withNothingDoesNotCountWhereNoPageWasReadSince() {
            assertThat(lost(pulse(-9), page(-1, rank("0", 1)), unreadable(5))).isZero();
            assertThat(lost(pulse(-9), page(0, rank("0", 1)), unreadable(5)))
                    .as("read as it was sent")
                    .isEqualTo(1);
        }

        @Test
        void withNothingCountsWhereTheServerSaidNothingAtAll() {
            assertThat(lost(pulse(-9), page(-1, rank("0", 1)), silent(5))).isEqualTo(1);
            assertThat(lost(pulse(-9), page(-2, rank("0", 1)), unreadable(0), silent(5)))
                    .as("it answered as the request went out")
                    .isZero();
        }

        /** It may work behind a page that counts nothing. */
        @Test
        void withNothingDoesNotCountBesideWorkWhoseProgressCannotBeSeen() {
            assertThat(lost(blind(0), page(5, rank("0", 1, 0, NONE)))).isZero();
            assertThat(lost(blind(0), page(5, rank("0", 0, 0, NONE)))).isEqualTo(1);
        }

        @Test
        void withNothingDoesNotCountWhereThisProcessStoodStill() {
            Progress heldUp = progress(
                    0,
                    Map.of("0", pulse(0)),
                    Optional.of(out("0", 0, Duration.ZERO).heldUp(true)));
            assertThat(seen(heldUp, track(page(5, rank("0", 1))), TIMED_OUT)).isEqualTo(pulse(0));
        }
    }

    @Nested
    class ARequestThatIsOutWhileThePodLeaves {
        private static Progress after(long seconds, Duration patience, LivenessPolicy policy) {
            Progress before = progress(seconds - 5, Map.of("0", pulse(-100)), Optional.of(out("0", 0, patience)));
            return look(before, track(page(seconds, rank("0", 1))), OwnTraffic.NONE, policy)
                    .progress();
        }

        private static void isCut(Progress after, boolean isCut) {
            assertThat(after.attempts()).isEqualTo(isCut ? 4 : 3);
            assertThat(after.ranks().get("0").lost()).isEqualTo(isCut ? 1 : 0);
        }

        @Test
        void isWaitedForThirtySecondsMoreThanUsualAndNoLonger() {
            isCut(after(30, Duration.ofMinutes(4), POLICY.whileDraining()), true);
            isCut(after(29, Duration.ofMinutes(4), POLICY.whileDraining()), false);
            isCut(after(30, Duration.ZERO, POLICY.whileDraining()), false);
            isCut(after(30, Duration.ofMinutes(4), POLICY), false);
        }

        @Test
        void tellsNothingWhereTheRankMoved() {
            Progress before = progress(25, Map.of("0", pulse(1)), Optional.of(out("0", 0, Duration.ofMinutes(4))));
            Progress after = look(before, track(page(30, rank("0", 1))), OwnTraffic.NONE, POLICY.whileDraining())
                    .progress();
            assertThat(after.ranks().get("0").lost()).isZero();
        }
    }

    @Nested
    class ARequest {
        @Test
        void goesToTheOnlyRankWithoutItsName() {
            Progress.Turn turn = look(progress(55, pulse(0)), track(page(60, rank("0", 1))));
            assertThat(turn.probe()).contains(new SendProbe(4, MODEL, Optional.empty(), Duration.ZERO));
            assertThat(turn.progress())
                    .isEqualTo(new Progress(
                            Map.of("0", pulse(0).asked(at(60))),
                            Optional.of(new Out("0", 4, at(60), false, MODEL, Duration.ZERO)),
                            4,
                            new Sight(at(60), at(60), Optional.of(at(60)), false),
                            Optional.of(MODEL)));
        }

        @Test
        void isNoneWhileAnotherIsOutOrNoModelIsKnown() {
            EngineTrack engine = track(page(60, rank("0", 1)));
            assertThat(look(progress(55, Map.of("0", pulse(0)), Optional.of(out("0", 50, Duration.ZERO))), engine)
                            .probe())
                    .isEmpty();
            assertThat(Progress.NONE
                            .advance(
                                    engine,
                                    OwnTraffic.NONE,
                                    Optional.empty(),
                                    true,
                                    Optional.empty(),
                                    policy(Duration.ZERO, HEARTBEAT_EVERY),
                                    at(60))
                            .probe())
                    .isEmpty();
        }

        @Test
        void goesByTurnsToTheRankThatWasAskedLongestAgo() {
            EngineTrack engine = track(page(200, rank("0", 1), rank("1", 1)));
            assertThat(askedOf(engine, pulse(0).asked(at(130)), pulse(0).asked(at(120))))
                    .contains("1");
            assertThat(askedOf(engine, pulse(0).asked(at(120)), pulse(0).asked(at(130))))
                    .contains("0");
            assertThat(askedOf(engine, pulse(0).asked(at(120)), pulse(0))).contains("1");
            assertThat(askedOf(engine, pulse(0), pulse(190)))
                    .as("the one that stands")
                    .contains("0");
        }

        private static Optional<String> askedOf(EngineTrack engine, Pulse first, Pulse second) {
            return look(progress(195, Map.of("0", first, "1", second), Optional.empty()), engine)
                    .probe()
                    .flatMap(SendProbe::rank);
        }
    }

    @Nested
    class ItsPatience {
        /** Of one whose predecessor was sent at second 60, to an engine that takes five minutes for a step. */
        private static Duration patience(long second, LivenessPolicy policy, EngineReading reading, String... ranks) {
            Pulse lost = pulse(0).gotNoAnswer(at(60));
            Map<String, Pulse> pulses = ranks.length == 1 ? Map.of("0", lost) : Map.of("0", lost, "1", lost);
            EngineTrack engine = track(
                    ranks.length == 1 ? page(second - 1, rank("0", 1)) : page(second - 1, rank("0", 1), rank("1", 1)),
                    reading);
            return look(progress(second - 1, pulses, Optional.empty()), engine, OwnTraffic.NONE, policy)
                    .probe()
                    .orElseThrow()
                    .patience();
        }

        @Test
        void lastsUntilTheLongestStepIsOver() {
            assertThat(patience(100, POLICY, silent(100), "0")).isEqualTo(Duration.ofSeconds(200));
            assertThat(patience(299, POLICY, silent(299), "0")).isEqualTo(Duration.ofSeconds(1));
            assertThat(patience(300, POLICY, silent(300), "0")).isZero();
            assertThat(patience(301, POLICY, silent(301), "0")).isZero();
        }

        @Test
        void isTheUsualOneWhereThePodLeavesOrAnotherRankWaits() {
            assertThat(patience(100, POLICY.whileDraining(), silent(100), "0")).isZero();
            assertThat(patience(100, POLICY, page(100, rank("0", 1), rank("1", 1)), "0", "1"))
                    .isZero();
            assertThat(patience(100, POLICY, silent(100), "0", "1"))
                    .as("none is read: the first will do")
                    .isEqualTo(Duration.ofSeconds(200));
        }
    }

    @Nested
    class IsDue {
        @Test
        void whereWorkStandsForStuckAfter() {
            assertThat(asked(pulse(0), page(59, rank("0", 1)))).isEmpty();
            assertThat(asked(pulse(0), page(60, rank("0", 1)))).isPresent();
            assertThat(asked(pulse(0).idle(at(1)), page(60, rank("0", 1))))
                    .as("it had none until a second later")
                    .isEmpty();
        }

        @Test
        void whereAllIsQuietForTheTimeOfAHeartbeat() {
            assertThat(asked(pulse(0), page(89, rank("0", 0)))).isEmpty();
            assertThat(asked(pulse(0), page(90, rank("0", 0)))).isPresent();
        }

        @Test
        void againAfterTheSameTime() {
            assertThat(asked(pulse(0).asked(at(60)), page(119, rank("0", 1)))).isEmpty();
            assertThat(asked(pulse(0).asked(at(60)), page(120, rank("0", 1)))).isPresent();
        }

        @Test
        void neverWithoutAHeartbeatUnlessOneFailed() {
            LivenessPolicy none = policy(STUCK_AFTER, Duration.ZERO);
            EngineTrack engine = track(page(500, rank("0", 0)));
            Pulse failed = pulse(0).asked(at(490)).refused(Refusal.ERROR, "500");
            assertThat(look(progress(495, pulse(0)), engine, OwnTraffic.NONE, none)
                            .probe())
                    .isEmpty();
            assertThat(look(progress(495, failed), engine, OwnTraffic.NONE, none)
                            .probe())
                    .isPresent();
            assertThat(look(progress(495, failed.asked(at(491))), engine, OwnTraffic.NONE, none)
                            .probe())
                    .as("nine seconds after an error")
                    .isEmpty();
        }

        @Test
        void soonerAfterAnErrorAndNotAfterAnotherRefusal() {
            Pulse asked = pulse(0).asked(at(100));
            assertThat(asked(asked.refused(Refusal.ERROR, "500"), page(110, rank("0", 1))))
                    .isPresent();
            assertThat(asked(asked.refused(Refusal.ERROR, "500"), page(109, rank("0", 1))))
                    .isEmpty();
            assertThat(asked(asked.refused(Refusal.KEY, "401"), page(110, rank("0", 1))))
                    .isEmpty();
        }

        @Test
        void asOftenAsThePolicySaysWhereThatIsMoreOften() {
            LivenessPolicy quick = policy(Duration.ofSeconds(4), Duration.ofSeconds(4));
            Pulse failed = pulse(0).asked(at(100)).refused(Refusal.ERROR, "500");
            assertThat(look(progress(100, failed), track(page(104, rank("0", 1))), OwnTraffic.NONE, quick)
                            .probe())
                    .isPresent();
        }

        @Test
        void atOnceAfterOneThatGotNoAnswer() {
            assertThat(asked(pulse(99).asked(at(99)).gotNoAnswer(at(99)), page(100, rank("0", 1))))
                    .isPresent();
        }

        @Test
        void notBehindWorkWhoseProgressCannotBeSeenUnlessTheServerIsSilent() {
            Rank uncounted = rank("0", 1, 0, NONE);
            assertThat(asked(blind(0), page(60, uncounted))).isEmpty();
            assertThat(asked(blind(0), page(59, uncounted), silent(60))).isPresent();
            assertThat(asked(blind(0), page(90, rank("0", 0, 0, NONE))))
                    .as("it has none")
                    .isPresent();
        }

        @Test
        void threeTimesBeforeAnEngineCountsAsDead() {
            Answered dead = page(100, new HealthAnswer.Unhealthy(503), NONE, rank("0", 0));
            Pulse moving = pulse(99);
            assertThat(track(page(99, rank("0", 0)), dead).deadSince()).isPresent();
            assertThat(asked(moving, page(99, rank("0", 0)), dead)).isPresent();
            assertThat(asked(moving.asked(at(98)), page(99, rank("0", 0)), dead))
                    .isEmpty();
            assertThat(asked(moving.asked(at(97)), page(99, rank("0", 0)), dead))
                    .isPresent();
        }
    }
}
