package dev.pilotlight.lifecycle;

import static dev.pilotlight.lifecycle.Readings.MODEL;
import static dev.pilotlight.lifecycle.Readings.NONE;
import static dev.pilotlight.lifecycle.Readings.at;
import static dev.pilotlight.lifecycle.Readings.page;
import static dev.pilotlight.lifecycle.Readings.rank;
import static dev.pilotlight.lifecycle.Readings.refused;
import static dev.pilotlight.lifecycle.Readings.silent;
import static dev.pilotlight.lifecycle.Readings.track;
import static dev.pilotlight.lifecycle.Readings.unreadable;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.engine.EngineReading;
import dev.pilotlight.engine.EngineReading.Pause;
import dev.pilotlight.engine.EngineTrack;
import dev.pilotlight.engine.HealthAnswer;
import dev.pilotlight.lifecycle.Inputs.Past;
import dev.pilotlight.lifecycle.Phase.Draining;
import dev.pilotlight.lifecycle.Phase.Failed;
import dev.pilotlight.lifecycle.Phase.Ready;
import dev.pilotlight.lifecycle.Phase.Starting;
import dev.pilotlight.lifecycle.Phase.Suspended;
import dev.pilotlight.lifecycle.Phase.Warming;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What each phase makes of what the engine shows: stay, or go where. */
class LifecycleStatesTest {
    private static final Duration START_DEADLINE = Duration.ofMinutes(10);
    private static final Lifecycle LIFECYCLE = lifecycle(Optional.of(START_DEADLINE), false);

    private static final EngineReading SERVES = page(0, rank("0", 0));
    private static final EngineReading LISTS_NONE =
            page(0, new HealthAnswer.Healthy(), Pause.NONE, Optional.empty(), NONE, rank("0", 0));
    private static final EngineReading ILL = page(0, new HealthAnswer.Unhealthy(502), NONE, rank("0", 0));
    private static final EngineReading ASLEEP = paused(Pause.ASLEEP);

    private static EngineReading paused(Pause pause) {
        return page(0, new HealthAnswer.Healthy(), pause, Optional.of(MODEL), NONE, rank("0", 0));
    }

    private static Lifecycle lifecycle(Optional<Duration> startDeadline, boolean proceedCold) {
        return new Lifecycle(
                new LivenessPolicy(
                        Duration.ofSeconds(10), Duration.ofSeconds(60), Duration.ofSeconds(60), startDeadline),
                new WarmUpPolicy(Shape.DEFAULT, 0.15, 8, Duration.ofMinutes(3), Duration.ofSeconds(2), proceedCold));
    }

    /** What is looked at, and what was found beside it. */
    private record Sees(EngineTrack engine, Past past, Map<Condition, String> found, boolean lostGpu) {
        static Sees engine(EngineReading... readings) {
            return new Sees(track(readings), Past.NOTHING, Map.of(), false);
        }

        Sees withPast(Past past) {
            return new Sees(engine, past, found, lostGpu);
        }

        Sees with(Condition... conditions) {
            Map<Condition, String> all = new EnumMap<>(Condition.class);
            for (Condition condition : conditions) {
                all.put(condition, "it is " + condition.word());
            }
            return new Sees(engine, past, all, lostGpu);
        }

        Sees withoutGpu() {
            return new Sees(engine, past, found, true);
        }

        Inputs inputs() {
            return new Inputs(
                    engine,
                    past,
                    Optional.empty(),
                    false,
                    found,
                    lostGpu ? Optional.of("lost") : Optional.empty(),
                    Duration.ZERO,
                    0);
        }
    }

    private static Phase after(Lifecycle lifecycle, Phase phase, Sees sees, long second) {
        return lifecycle.step(phase, sees.inputs(), at(second)).phase();
    }

    private static Phase after(Phase phase, Sees sees, long second) {
        return after(LIFECYCLE, phase, sees, second);
    }

    private static Phase after(Phase phase, Sees sees) {
        return after(phase, sees, 1);
    }

    /** Began at second 0, and sends its first round. */
    private static void isWarming(Phase phase) {
        assertThat(phase).isEqualTo(new Warming(at(1), 1, at(1), Optional.empty(), List.of(), 0, ""));
    }

    @Nested
    class WhileStarting {
        private static final Starting STARTING = new Starting(at(0), "nothing listens yet");

        @Test
        void warmsTheModelThatIsListed() {
            isWarming(after(STARTING, Sees.engine(SERVES)));
            assertThat(after(STARTING, Sees.engine(SERVES).withPast(Past.WARM)))
                    .isEqualTo(new Ready(at(1), "it has served before"));
        }

        @Test
        void waitsForAModelAndForAnEngineThatIsWell() {
            assertThat(after(STARTING, Sees.engine(LISTS_NONE)))
                    .isEqualTo(new Starting(at(0), "no model listed yet", Duration.ZERO, Optional.of(at(1))));
            assertThat(after(STARTING, Sees.engine(ILL))).isInstanceOf(Starting.class);
        }

        /** It alone tells that the engine has served and needs no warm-up. */
        @Test
        void waitsTenSecondsForAPageThatMayCome() {
            assertThat(after(STARTING, Sees.engine(unreadable(9)), 9)).isInstanceOf(Starting.class);
            assertThat(after(STARTING, Sees.engine(unreadable(10)), 10)).isInstanceOf(Warming.class);
        }

        @Test
        void goesAsleepWithTheEngine() {
            assertThat(after(STARTING, Sees.engine(ASLEEP))).isEqualTo(new Suspended(at(1), "asleep", false));
        }

        @Test
        void beginsAgainWhereItAnsweredMeanwhile() {
            Sees again = Sees.engine(LISTS_NONE, refused(5));
            assertThat(after(STARTING, again, 6))
                    .isEqualTo(new Starting(at(6), "the engine refuses connections again: it stopped, or loads again"));
            Starting since = new Starting(at(5), "nothing listens yet");
            assertThat(after(since, again, 6)).isEqualTo(since);
        }

        @Test
        void isReadyColdWhereNoModelIsEverListedAndThePolicyAllowsIt() {
            Lifecycle cold = lifecycle(Optional.empty(), true);
            Sees none = Sees.engine(LISTS_NONE).with(Condition.NO_MODEL);
            assertThat(after(cold, STARTING, none, 1))
                    .isEqualTo(
                            new Ready(at(1), "not warmed, by pilotlight.warm-up.on-failure=proceed: it is no_model"));
            assertThat(after(STARTING, none)).isInstanceOf(Starting.class);
            assertThat(after(cold, STARTING, Sees.engine(LISTS_NONE), 1)).isInstanceOf(Starting.class);
            assertThat(after(cold, STARTING, Sees.engine(silent(0)).with(Condition.NO_MODEL), 1))
                    .isInstanceOf(Starting.class);
        }

        @Test
        void failsAtItsDeadline() {
            Sees refusing = Sees.engine(refused(1));
            assertThat(after(STARTING, refusing, 600))
                    .isEqualTo(new Failed(
                            at(600),
                            Condition.START_TOO_LONG,
                            "not serving 10m after the start began (pilotlight.liveness.start-deadline);"
                                    + " look at the engine's log"));
            assertThat(after(STARTING, refusing, 599)).isEqualTo(STARTING);
            assertThat(after(lifecycle(Optional.of(Duration.ZERO), false), STARTING, refusing, 9_999))
                    .as("without one")
                    .isEqualTo(STARTING);
            assertThat(after(STARTING, Sees.engine(LISTS_NONE), 600))
                    .as("what answers may have started")
                    .isInstanceOf(Starting.class);
        }
    }

    @Nested
    class WhileReady {
        private static final Ready READY = new Ready(at(0), "warm");

        @Test
        void staysSoUntilSomethingIsHeldAgainstTheEngine() {
            assertThat(after(READY, Sees.engine(SERVES))).isEqualTo(READY);
            assertThat(after(READY, Sees.engine(SERVES).with(Condition.PAGE_UNREADABLE, Condition.SILENT)))
                    .as("what is soon undone")
                    .isEqualTo(READY);
            assertThat(after(READY, Sees.engine(SERVES).with(Condition.STUCK, Condition.STARVED)))
                    .as("the weightiest")
                    .isEqualTo(new Failed(at(1), Condition.STUCK, "it is stuck"));
        }

        @Test
        void goesAsleepWithTheEngine() {
            assertThat(after(READY, Sees.engine(ASLEEP))).isEqualTo(new Suspended(at(1), "asleep", true));
        }

        @Test
        void startsWithANewProcess() {
            Sees replaced = Sees.engine(SERVES, refused(3), page(5, rank("0", 0)));
            assertThat(after(READY, replaced, 5)).isInstanceOf(Warming.class);
        }
    }

    @Nested
    class WhileSuspended {
        private static final Suspended WARM = new Suspended(at(0), "asleep", true);
        private static final Suspended COLD = new Suspended(at(0), "asleep", false);

        @Test
        void staysSoAndSaysHow() {
            assertThat(after(WARM, Sees.engine(ASLEEP))).isEqualTo(WARM);
            assertThat(after(WARM, Sees.engine(paused(Pause.PAUSED)))).isEqualTo(new Suspended(at(0), "paused", true));
        }

        @Test
        void isReadyAgainWhereItWas() {
            assertThat(after(WARM, Sees.engine(SERVES))).isEqualTo(new Ready(at(1), "awake again"));
            isWarming(after(COLD, Sees.engine(SERVES)));
        }

        @Test
        void waitsForTheModel() {
            assertThat(after(WARM, Sees.engine(LISTS_NONE))).isEqualTo(WARM);
            assertThat(after(WARM, Sees.engine(SERVES, silent(1)))).isEqualTo(WARM);
        }
    }

    @Nested
    class WhileDraining {
        /** The order to drain is over with the process that it was ordered for. */
        @Test
        void startsWhereANewProcessAnswers() {
            isWarming(after(new Draining(at(0)), Sees.engine(SERVES)));
            assertThat(after(new Draining(at(0)), Sees.engine(refused(1))))
                    .isEqualTo(new Starting(at(1), "nothing listens yet"));
        }
    }

    private static Failed failed(Condition condition) {
        return new Failed(at(0), condition, "why");
    }

    private static void staysFailed(Condition condition, Sees sees, long second) {
        assertThat(after(failed(condition), sees, second)).isEqualTo(failed(condition));
    }

    private static void startsAgain(Condition condition, Sees sees, long second) {
        assertThat(after(failed(condition), sees, second)).isEqualTo(new Starting(at(second), "back after: why"));
    }

    private static Sees replaced() {
        return Sees.engine(LISTS_NONE, refused(0), page(1, rank("0", 0)));
    }

    @Nested
    class AfterAFailure {
        @Test
        void ofADeadEngineStartsWithTheNextProcessOrWhereItIsNotDeadAfterAll() {
            staysFailed(Condition.DEAD, Sees.engine(SERVES).with(Condition.DEAD), 1);
            startsAgain(Condition.DEAD, Sees.engine(SERVES), 1);
            startsAgain(Condition.DEAD, Sees.engine(SERVES, refused(1)).with(Condition.DEAD), 1);
            startsAgain(Condition.DEAD, replaced().with(Condition.DEAD), 1);
        }

        @Test
        void ofAGpuStartsOnceItIsSound() {
            staysFailed(Condition.GPU, Sees.engine(SERVES).withoutGpu(), 1);
            startsAgain(Condition.GPU, Sees.engine(SERVES), 1);
        }

        @Test
        void ofAStartThatTookTooLongStartsWhereItServesOrAfterTwoMinutes() {
            staysFailed(Condition.START_TOO_LONG, Sees.engine(refused(1)), 119);
            startsAgain(Condition.START_TOO_LONG, Sees.engine(refused(1)), 120);
            startsAgain(Condition.START_TOO_LONG, Sees.engine(SERVES), 1);
            startsAgain(Condition.START_TOO_LONG, replaced(), 1);
            staysFailed(Condition.START_TOO_LONG, Sees.engine(ILL), 1);
            staysFailed(Condition.START_TOO_LONG, Sees.engine(LISTS_NONE), 1);
        }

        @Test
        void ofSeveralServersStartsWhereOneIsLeft() {
            staysFailed(Condition.SEVERAL_SERVERS, Sees.engine(SERVES).with(Condition.SEVERAL_SERVERS), 1);
            startsAgain(Condition.SEVERAL_SERVERS, Sees.engine(SERVES), 1);
        }

        @Test
        void ofNoEngineStartsWhereOneShowsOrAfterTheBudgetOfAWarmUp() {
            Sees nothing = Sees.engine(unreadable(1, Optional.empty()));
            staysFailed(Condition.NO_MODEL, nothing, 179);
            startsAgain(Condition.NO_MODEL, nothing, 180);
            startsAgain(Condition.NO_MODEL, Sees.engine(SERVES), 1);
            startsAgain(Condition.NO_MODEL, Sees.engine(refused(1)), 1);
        }

        @Test
        void isOneOfThoseThatAreLookedAtOnOrNot() {
            assertThat(Lifecycle.isWatched(failed(Condition.STUCK))).isTrue();
            assertThat(Lifecycle.isWatched(failed(Condition.GPU))).isFalse();
        }
    }

    @Nested
    class AfterAWarmUpThatGaveUp {
        @Test
        void isReadyWhereItServesOthers() {
            assertThat(after(
                            failed(Condition.WARM_UP_GAVE_UP),
                            Sees.engine(SERVES).withPast(Past.SERVED_OTHERS)))
                    .isEqualTo(new Ready(at(1), "it serves others, though why"));
        }

        @Test
        void warmsOnceMoreAfterItsBudget() {
            staysFailed(Condition.WARM_UP_GAVE_UP, Sees.engine(SERVES), 179);
            assertThat(after(failed(Condition.WARM_UP_GAVE_UP), Sees.engine(SERVES), 180))
                    .isInstanceOf(Warming.class);
        }

        @Test
        void doesNeitherWhereItCouldNotServe() {
            for (EngineReading reading : List.of(ILL, ASLEEP, LISTS_NONE)) {
                staysFailed(Condition.WARM_UP_GAVE_UP, Sees.engine(reading).withPast(Past.SERVED_OTHERS), 180);
            }
        }

        @Test
        void startsWithANewProcess() {
            startsAgain(Condition.WARM_UP_GAVE_UP, replaced().withPast(Past.SERVED_OTHERS), 1);
            startsAgain(
                    Condition.WARM_UP_GAVE_UP, Sees.engine(SERVES, refused(1)).withPast(Past.SERVED_OTHERS), 1);
        }
    }

    @Nested
    class WhileHeldAgainst {
        @ParameterizedTest
        @EnumSource(
                value = Condition.class,
                names = {"STUCK", "BROKEN", "PARTLY_DOWN", "ERRORS", "STARVED", "UNRESPONSIVE"})
        void isReadyAgainOnceNothingIs(Condition condition) {
            staysFailed(condition, Sees.engine(SERVES).with(condition), 1);
            assertThat(after(failed(condition), Sees.engine(SERVES))).isEqualTo(new Ready(at(1), "back after: why"));
            startsAgain(condition, replaced().with(condition), 1);
            startsAgain(condition, Sees.engine(SERVES, refused(1)).with(condition), 1);
        }

        @Test
        void saysTheWeightierThatCameUponIt() {
            assertThat(after(
                            failed(Condition.UNRESPONSIVE),
                            Sees.engine(SERVES).with(Condition.STUCK, Condition.UNRESPONSIVE)))
                    .isEqualTo(new Failed(at(1), Condition.STUCK, "it is stuck"));
        }

        @Test
        void goesAsleepWithTheEngine() {
            assertThat(after(failed(Condition.ERRORS), Sees.engine(ASLEEP).with(Condition.ERRORS)))
                    .isEqualTo(new Suspended(at(1), "asleep", true));
        }
    }

    /** None of these is a phase's; one that was made such by mistake ends at once. */
    @ParameterizedTest
    @EnumSource(
            value = Condition.class,
            names = {"UNHEALTHY", "SILENT", "PAGE_UNREADABLE", "KEY_REFUSED"})
    void whatIsOnlySaidKeepsNoPhaseFailed(Condition condition) {
        startsAgain(condition, Sees.engine(SERVES).with(condition), 1);
    }
}
