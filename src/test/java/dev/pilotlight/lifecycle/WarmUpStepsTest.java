package dev.pilotlight.lifecycle;

import static dev.pilotlight.lifecycle.Readings.MODEL;
import static dev.pilotlight.lifecycle.Readings.NONE;
import static dev.pilotlight.lifecycle.Readings.at;
import static dev.pilotlight.lifecycle.Readings.page;
import static dev.pilotlight.lifecycle.Readings.rank;
import static dev.pilotlight.lifecycle.Readings.silent;
import static dev.pilotlight.lifecycle.Readings.track;
import static dev.pilotlight.lifecycle.Readings.unreadable;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.engine.EngineReading;
import dev.pilotlight.engine.EngineReading.Pause;
import dev.pilotlight.engine.EngineTrack;
import dev.pilotlight.engine.HealthAnswer;
import dev.pilotlight.engine.Model;
import dev.pilotlight.lifecycle.Inputs.Past;
import dev.pilotlight.lifecycle.Phase.Failed;
import dev.pilotlight.lifecycle.Phase.Ready;
import dev.pilotlight.lifecycle.Phase.Suspended;
import dev.pilotlight.lifecycle.Phase.Warming;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** The warm-up, step by step: when a round goes out, what its end makes of it, and when it is over. */
class WarmUpStepsTest {
    private static final List<Shape> SHAPES = List.of(Shape.of("long", 2048, 8, 1));
    private static final WarmUpSteps STRICT = new WarmUpSteps(policy(false));
    private static final WarmUpSteps COLD = new WarmUpSteps(policy(true));

    private static WarmUpPolicy policy(boolean proceedCold) {
        return new WarmUpPolicy(SHAPES, 0.15, 4, Duration.ofMinutes(3), Duration.ofSeconds(2), proceedCold);
    }

    private static Inputs inputs(EngineTrack engine, Past past, WarmUpOutcome... ended) {
        return new Inputs(
                engine, past, List.of(ended).stream().findFirst(), false, Map.of(), Optional.empty(), Duration.ZERO, 6);
    }

    private static Inputs serving(WarmUpOutcome... ended) {
        return inputs(track(page(0, rank("0", 0))), Past.NOTHING, ended);
    }

    private static Round round(int number, long millis) {
        return new Round(
                number, List.of(new Round.Timing("long", Duration.ofMillis(millis), Duration.ofMillis(2 * millis))));
    }

    /** Since second 0, the fifth request out since second 2. */
    private static Warming warming(Round... rounds) {
        return new Warming(at(0), 5, at(2), Optional.empty(), List.of(rounds), 0, "");
    }

    /** The same after requests that failed, the next one due at second 10. */
    private static Warming failing(int failures, Round... rounds) {
        return new Warming(at(0), 5, at(2), Optional.of(at(10)), List.of(rounds), failures, "reset");
    }

    private static Effect round(int number, Instant until, Model model, List<Shape> shapes, String... ranks) {
        return new Effect.SendWarmUp(7, number, model, shapes, List.of(ranks), until);
    }

    private static Effect round(int number) {
        return round(number, at(180), MODEL, SHAPES);
    }

    private static Step after(Warming warming, WarmUpOutcome outcome) {
        return STRICT.whileWarming(warming, serving(outcome), at(8));
    }

    private static WarmUpOutcome done(int number, long millis) {
        return new WarmUpOutcome.Done(5, at(2), round(number, millis));
    }

    @Nested
    class AModelThatIsListed {
        @Test
        void isReadyAtOnceWhereItHasServedBefore() {
            assertThat(STRICT.listed(MODEL, inputs(track(page(0, rank("0", 0))), Past.WARM), at(1)))
                    .isEqualTo(Step.to(new Ready(at(1), "it has served before")));
        }

        @Test
        void isSentARoundThatFitsItToEachOfItsRanks() {
            Model small = new Model("small", OptionalInt.of(100));
            List<Shape> fitting = SHAPES.stream()
                    .map(shape -> shape.within(OptionalInt.of(100)))
                    .toList();
            Warming first = new Warming(at(1), 7, at(1), Optional.empty(), List.of(), 0, "");
            assertThat(STRICT.listed(
                            small, inputs(track(page(0, rank("0", 0), rank("1", 0))), Past.SERVED_OTHERS), at(1)))
                    .isEqualTo(Step.to(first, round(1, at(181), small, fitting, "0", "1")));
            assertThat(STRICT.listed(small, serving(), at(1)))
                    .as("one rank needs no name")
                    .isEqualTo(Step.to(first, round(1, at(181), small, fitting)));
        }
    }

    @Nested
    class ARoundThatIsOut {
        @Test
        void isWaitedFor() {
            assertThat(STRICT.whileWarming(warming(), serving(), at(8))).isEqualTo(Step.stay(warming()));
        }

        @Test
        void isNotEndedByTheOutcomeOfAnother() {
            assertThat(after(warming(), new WarmUpOutcome.Done(4, at(3), round(1, 100))))
                    .isEqualTo(Step.stay(warming()));
            assertThat(after(warming(), new WarmUpOutcome.Done(5, at(1), round(1, 100))))
                    .as("one of before it was sent")
                    .isEqualTo(Step.stay(warming()));
            assertThat(after(failing(1), done(1, 100))).as("none is out").isEqualTo(Step.stay(failing(1)));
        }

        @Test
        void endsWithTheEnginesSleep() {
            EngineReading asleep =
                    page(0, new HealthAnswer.Healthy(), Pause.ASLEEP, Optional.of(MODEL), NONE, rank("0", 0));
            assertThat(STRICT.whileWarming(warming(), inputs(track(asleep), Past.NOTHING, done(1, 100)), at(8)))
                    .isEqualTo(Step.to(new Suspended(at(8), "asleep", false)));
        }

        @Test
        void thatIsLostIsSentAgainAfterAPauseThatDoubles() {
            WarmUpOutcome lost = new WarmUpOutcome.Lost(5, at(7), "timed out");
            assertThat(after(warming(round(1, 100)), lost))
                    .isEqualTo(Step.stay(
                            new Warming(at(0), 5, at(2), Optional.of(at(10)), List.of(round(1, 100)), 1, "timed out")));
            Warming twice = new Warming(at(0), 5, at(2), Optional.empty(), List.of(), 1, "timed out");
            assertThat(after(twice, lost))
                    .isEqualTo(Step.stay(new Warming(at(0), 5, at(2), Optional.of(at(12)), List.of(), 2, "timed out")));
        }
    }

    @Nested
    class AServerThatTakesNoRequestOfOurs {
        private static final WarmUpOutcome UNSUPPORTED = new WarmUpOutcome.Unsupported(5, at(3), "404 everywhere");

        @Test
        void isReadyWithoutAWarmUp() {
            assertThat(after(warming(), UNSUPPORTED))
                    .isEqualTo(Step.to(new Ready(at(8), "not warmed: 404 everywhere")));
        }

        @Test
        void isNoEngineWhereNothingElseShowsOne() {
            Model unnamed = new Model("", OptionalInt.empty());
            Inputs inputs = inputs(track(unreadable(0, Optional.of(unnamed))), Past.NOTHING, UNSUPPORTED);
            assertThat(STRICT.whileWarming(warming(), inputs, at(8)).phase())
                    .isEqualTo(new Failed(
                            at(8),
                            Condition.NO_MODEL,
                            "no engine is seen: no page, and 404 everywhere; does pilotlight.engine.url point to another"
                                    + " server than vLLM? Else set pilotlight.warm-up.on-failure=proceed"));
            assertThat(COLD.whileWarming(warming(), inputs, at(8)).phase()).isInstanceOf(Ready.class);
            Inputs named = inputs(track(unreadable(0)), Past.NOTHING, UNSUPPORTED);
            assertThat(STRICT.whileWarming(warming(), named, at(8)).phase()).isInstanceOf(Ready.class);
        }
    }

    @Nested
    class ARoundThatIsAnswered {
        @Test
        void isTheLastWhereItIsAsQuickAsTheOneBefore() {
            assertThat(after(warming(round(1, 1_000)), done(2, 1_100)))
                    .isEqualTo(Step.to(new Ready(at(8), "warm: steady after 2 rounds")));
            assertThat(after(warming(round(1, 1_000)), done(2, 2_000)).phase())
                    .isEqualTo(new Warming(
                            at(0), 7, at(8), Optional.empty(), List.of(round(1, 1_000), round(2, 2_000)), 0, ""));
        }

        @Test
        void isFollowedByAnotherWhereItIsTheFirst() {
            assertThat(after(warming(), done(1, 100)))
                    .isEqualTo(Step.to(
                            new Warming(at(0), 7, at(8), Optional.empty(), List.of(round(1, 100)), 0, ""), round(2)));
        }

        @Test
        void endsItBesideClientsOfItsOwnAfterTheSecond() {
            EngineTrack engine = track(page(0, rank("0", 0)));
            assertThat(STRICT.whileWarming(
                            warming(round(1, 100)), inputs(engine, Past.SERVED_OTHERS, done(2, 900)), at(8)))
                    .isEqualTo(Step.to(
                            new Ready(at(8), "warm: 2 rounds served, beside clients who make their pace wander")));
            assertThat(STRICT.whileWarming(warming(), inputs(engine, Past.SERVED_OTHERS, done(1, 900)), at(8))
                            .phase())
                    .isInstanceOf(Warming.class);
        }

        @Test
        void endsItAfterTheMostRoundsThatThereMayBe() {
            Round[] three = {round(1, 100), round(2, 500), round(3, 900)};
            assertThat(after(warming(three), done(4, 1_500)))
                    .isEqualTo(Step.to(new Ready(at(8), "warm: 4 rounds served, though their pace still wanders")));
            assertThat(after(warming(three[0], three[1]), done(3, 900)).phase()).isInstanceOf(Warming.class);
        }

        @Test
        void endsItWhereTheBudgetIsSpent() {
            assertThat(STRICT.whileWarming(warming(), serving(done(1, 100)), at(180)))
                    .isEqualTo(Step.to(new Ready(
                            at(180),
                            "warm: 1 rounds served within 3m (pilotlight.warm-up.budget), though their pace still"
                                    + " wanders")));
            assertThat(STRICT.whileWarming(warming(), serving(done(1, 100)), at(179))
                            .phase())
                    .isInstanceOf(Warming.class);
        }

        @Test
        void isSentAgainLaterWhereNoModelIsListedAnyMore() {
            Inputs silent = inputs(track(page(0, rank("0", 0)), silent(7)), Past.NOTHING, done(1, 100));
            assertThat(STRICT.whileWarming(warming(), silent, at(8)))
                    .isEqualTo(Step.stay(
                            new Warming(at(0), 5, at(2), Optional.of(at(10)), List.of(round(1, 100)), 0, "")));
        }
    }

    @Nested
    class AfterAFailure {
        @Test
        void theNextRoundGoesOutWhenItIsDue() {
            assertThat(STRICT.whileWarming(failing(2), serving(), at(9))).isEqualTo(Step.stay(failing(2)));
            assertThat(STRICT.whileWarming(failing(2, round(1, 100)), serving(), at(10)))
                    .isEqualTo(Step.to(
                            new Warming(at(0), 7, at(10), Optional.empty(), List.of(round(1, 100)), 2, "reset"),
                            round(2)));
        }

        @Test
        void noneGoesOutWhileNoModelIsListed() {
            Inputs silent = inputs(track(page(0, rank("0", 0)), silent(9)), Past.NOTHING);
            assertThat(STRICT.whileWarming(failing(2), silent, at(10))).isEqualTo(Step.stay(failing(2)));
        }

        @Test
        void theBudgetEndsIt() {
            assertThat(STRICT.whileWarming(failing(2), serving(), at(180)))
                    .isEqualTo(Step.to(new Failed(
                            at(180),
                            Condition.WARM_UP_GAVE_UP,
                            "not warm within 3m (pilotlight.warm-up.budget); last failure: reset")));
            assertThat(STRICT.whileWarming(failing(2, round(1, 100)), serving(), at(180))
                            .phase())
                    .as("one was served, and then none")
                    .isInstanceOf(Failed.class);
            assertThat(COLD.whileWarming(failing(2), serving(), at(180)))
                    .isEqualTo(Step.to(
                            new Ready(at(180), "not warm within 3m (pilotlight.warm-up.budget); last failure: reset")));
        }

        @Test
        void theBudgetSaysSoWhereNoneWasAnsweredAtAll() {
            assertThat(STRICT.whileWarming(warming(), serving(), at(180)).phase())
                    .isEqualTo(new Failed(
                            at(180),
                            Condition.WARM_UP_GAVE_UP,
                            "not warm within 3m (pilotlight.warm-up.budget); no round was answered whole"));
        }
    }
}
