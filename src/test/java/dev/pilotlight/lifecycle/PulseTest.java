package dev.pilotlight.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

/** One rank's signs of life, from one to the next, and how its requests were refused. */
class PulseTest {
    private static final Instant NOW = Instant.parse("2026-11-29T12:00:00Z");
    private static final Instant LATER = NOW.plusSeconds(30);

    private static Pulse begun() {
        return Pulse.begin(Pulse.Signs.UNKNOWN, NOW);
    }

    @Test
    void aConnectionThatBrokeLeavesWhatWasToldBefore() {
        Pulse pulse = begun().refused(Refusal.KEY, "401").refused(Refusal.BROKEN, "reset");

        assertThat(pulse.refused()).contains(new Pulse.Refused(Refusal.KEY, 1, "401", Optional.empty()));
        assertThat(pulse.refused(Refusal.KEY, "401").refused())
                .contains(new Pulse.Refused(Refusal.KEY, 2, "401", Optional.empty()));
    }

    @Test
    void aConnectionThatBrokeIsToldWhereNothingElseWas() {
        assertThat(begun().refused(Refusal.BROKEN, "reset").refused())
                .contains(new Pulse.Refused(Refusal.BROKEN, 1, "reset", Optional.empty()));
    }

    @Test
    void refusalsOfOneKindAreCountedAndAnotherBeginsAgain() {
        Pulse twice = begun().refused(Refusal.ERROR, "500").refused(Refusal.ERROR, "500");
        assertThat(twice.refused()).contains(new Pulse.Refused(Refusal.ERROR, 2, "500", Optional.empty()));
        assertThat(twice.asked(LATER).refused(Refusal.BUSY, "429").refused())
                .contains(new Pulse.Refused(Refusal.BUSY, 1, "429", Optional.of(LATER)));
    }

    @Test
    void aRefusalIsAnAnswer() {
        assertThat(lostOnce().refused(Refusal.KEY, "401").lost()).isZero();
        assertThat(lostOnce()
                        .refused(Refusal.KEY, "401")
                        .refused(Refusal.BROKEN, "reset")
                        .lost())
                .isZero();
    }

    private static Pulse lostOnce() {
        return begun().gotNoAnswer(NOW);
    }

    @Test
    void aTokenEndsWhatWasHeldAgainstTheEngineAndLeavesWhatOurRequestLacks() {
        Pulse.Signs token = signs(1, 0, 0);
        assertThat(lostOnce().moved(token, LATER))
                .isEqualTo(new Pulse(
                        token,
                        LATER,
                        LATER,
                        0,
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty()));
        for (Refusal kept : new Refusal[] {Refusal.KEY, Refusal.UNSUPPORTED}) {
            assertThat(of(signs(0, 0, 0))
                            .refused(kept, "4xx")
                            .moved(token, LATER)
                            .refused())
                    .as(kept.name())
                    .isPresent();
        }
        for (Refusal ended : new Refusal[] {Refusal.ERROR, Refusal.BUSY, Refusal.BROKEN}) {
            assertThat(of(signs(0, 0, 0))
                            .refused(ended, "5xx")
                            .moved(token, LATER)
                            .refused())
                    .as(ended.name())
                    .isEmpty();
        }
    }

    @Test
    void aRequestThatFinishedIsAsGoodAsATokenAndAPromptThatIsReadIsNot() {
        assertThat(of(signs(0, 0, 0)).moved(signs(0, 0, 1), LATER).tokenAt()).isEqualTo(LATER);
        Pulse reads = of(signs(0, 0, 0)).refused(Refusal.ERROR, "500").moved(signs(0, 9, 0), LATER);
        assertThat(reads.movedAt()).isEqualTo(LATER);
        assertThat(reads.tokenAt()).isEqualTo(NOW);
        assertThat(reads.refused()).isPresent();
    }

    @Test
    void anAnswerEndsAllThatWasLostOrRefused() {
        assertThat(lostOnce().refused(Refusal.ERROR, "500").asked(NOW).answered(LATER))
                .isEqualTo(new Pulse(
                        Pulse.Signs.UNKNOWN,
                        LATER,
                        LATER,
                        0,
                        Optional.empty(),
                        Optional.empty(),
                        Optional.of(NOW),
                        Optional.empty()));
    }

    @Test
    void whatGotNoAnswerIsCountedFromTheFirst() {
        Pulse twice = begun().refused(Refusal.BUSY, "429").gotNoAnswer(NOW).gotNoAnswer(LATER);
        assertThat(twice)
                .isEqualTo(new Pulse(
                        Pulse.Signs.UNKNOWN,
                        NOW,
                        NOW,
                        2,
                        Optional.of(NOW),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty()));
        assertThat(twice.unproven()).isEqualTo(begun());
    }

    @Test
    void anotherModelMayBeAskedForAtOnceWhereTheOldNameWasTheTrouble() {
        Pulse unsupported = begun().asked(NOW).refused(Refusal.UNSUPPORTED, "404");
        assertThat(unsupported.ofAnotherModel()).isEqualTo(begun());
        Pulse locked = begun().asked(NOW).refused(Refusal.KEY, "401");
        assertThat(locked.ofAnotherModel()).isEqualTo(locked);
    }

    @Test
    void standsAtWorkSinceItHadSome() {
        assertThat(begun().standsAtWorkSince()).isEqualTo(NOW);
        assertThat(begun().idle(LATER).standsAtWorkSince()).isEqualTo(LATER);
        assertThat(begun().idle(NOW.minusSeconds(5)).standsAtWorkSince()).isEqualTo(NOW);
    }

    @Test
    void aPageCountsTokensByAnyCounterThatOneMoves() {
        OptionalDouble none = OptionalDouble.empty();
        OptionalDouble some = OptionalDouble.of(0);
        assertThat(new Pulse.Signs(some, none, none, none, none).countsTokens()).isTrue();
        assertThat(new Pulse.Signs(none, none, some, none, none).countsTokens()).isTrue();
        assertThat(new Pulse.Signs(none, some, none, some, some).countsTokens()).isFalse();
        assertThat(new Pulse.Signs(none, none, none, none, some).known()).isTrue();
        assertThat(Pulse.Signs.UNKNOWN.known()).isFalse();
    }

    private static Pulse of(Pulse.Signs signs) {
        return Pulse.begin(signs, NOW);
    }

    private static Pulse.Signs signs(double generated, double prompt, double finished) {
        OptionalDouble none = OptionalDouble.empty();
        return new Pulse.Signs(
                OptionalDouble.of(generated), OptionalDouble.of(prompt), OptionalDouble.of(finished), none, none);
    }
}
