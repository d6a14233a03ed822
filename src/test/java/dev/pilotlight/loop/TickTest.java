package dev.pilotlight.loop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.cluster.ClusterView;
import dev.pilotlight.drain.DrainOrder;
import dev.pilotlight.drain.Refusals;
import dev.pilotlight.engine.EngineReading.Pause;
import dev.pilotlight.engine.Sleep;
import dev.pilotlight.gpu.readings.Device;
import dev.pilotlight.gpu.readings.GpuReading;
import dev.pilotlight.gpu.readings.Scope;
import dev.pilotlight.health.HealthRules;
import dev.pilotlight.health.Verdict;
import dev.pilotlight.kube.Cached;
import dev.pilotlight.kube.KubeTally;
import dev.pilotlight.lifecycle.Condition;
import dev.pilotlight.lifecycle.Effect;
import dev.pilotlight.lifecycle.LivenessPolicy;
import dev.pilotlight.lifecycle.Phase;
import dev.pilotlight.lifecycle.Refusal;
import dev.pilotlight.lifecycle.Shape;
import dev.pilotlight.lifecycle.WarmUpPolicy;
import dev.pilotlight.loop.World.Engine;
import dev.pilotlight.loop.World.RankState;
import dev.pilotlight.metrics.MetricCatalog;
import dev.pilotlight.pod.OwnPod;
import dev.pilotlight.pool.plan.NamedPods;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** The machine as a whole, in simulated seconds: phases, verdicts, roles and what is asked for. */
class TickTest {
    private static String phase(World world) {
        return world.picture.phase().word();
    }

    private static Verdict live(World world) {
        return HealthRules.engine(world.picture);
    }

    private static Verdict ready(World world) {
        return HealthRules.ready(world.picture, world.now);
    }

    private static World served() {
        World world = new World().seconds(3).ready();
        assertThat(phase(world)).isEqualTo("ready");
        return world;
    }

    private static WarmUpPolicy warmUp(int maxRounds, Duration budget, boolean proceed) {
        return new WarmUpPolicy(Shape.DEFAULT, 0.15, maxRounds, budget, Duration.ofSeconds(2), proceed);
    }

    @Nested
    class WhileStarting {
        @Test
        void saysUpBeforeItKnowsAnything() {
            World world = new World();
            assertThat(live(world).up()).isTrue();
            assertThat(ready(world).up()).isFalse();
        }

        @Test
        void isNeverDeadForRefusingWithinTheDeadline() {
            World world = new World();
            for (int second = 0; second < 29 * 60; second++) {
                world.second();
                assertThat(live(world).up()).isTrue();
                assertThat(phase(world)).isEqualTo("starting");
            }
        }

        @Test
        void failsAfterHalfAnHourAndGetsADeadlineAgainTwoMinutesLater() {
            World world = new World().seconds(30 * 60 + 1);
            assertThat(phase(world)).isEqualTo("failed");
            assertThat(live(world)).extracting(Verdict::up).isEqualTo(false);
            assertThat(live(world).reason()).contains("pilotlight.liveness.start-deadline");
            world.seconds(121);
            assertThat(phase(world)).isEqualTo("starting");
            assertThat(live(world).up()).isTrue();
        }

        @Test
        void isNeverDeadForACertificateANameOrSilence() {
            for (Engine sight : List.of(Engine.OTHER_CERTIFICATE, Engine.NO_NAME, Engine.SILENT)) {
                World world = new World();
                world.engine = sight;
                for (int second = 0; second < 2 * 60 * 60; second++) {
                    world.second();
                    assertThat(live(world).up())
                            .as("%s, second %d", sight, second)
                            .isTrue();
                }
                assertThat(phase(world)).isEqualTo("starting");
            }
        }

        /** A gateway without a route for /health, from the first answer on. */
        @Test
        void hasStartedWhereItsPageIsReadWhateverAGatewaySaysOfHealth() {
            World world = new World().seconds(5);
            world.engine = Engine.SERVING;
            world.health = 502;
            for (int second = 0; second < 2 * 60 * 60; second++) {
                world.second();
                assertThat(live(world).up()).as("second %d", second).isTrue();
            }
            assertThat(ready(world).up()).isFalse();
            world.engine = Engine.REFUSED;
            world.seconds(10);
            assertThat(live(world).up())
                    .as("its hours of answers are no part of a start")
                    .isTrue();
        }

        @Test
        void saysWhatIsWrongWithTheCertificateEvenAfterRefusals() {
            World world = new World().seconds(5);
            world.engine = Engine.OTHER_CERTIFICATE;
            world.seconds(3);
            assertThat(ready(world).reason()).contains("the certificate of engine:8000 has expired");
        }

        @Test
        void countsOnlyTheTimeThatItCouldSee() {
            World world = new World().seconds(20 * 60);
            world.engine = Engine.OTHER_CERTIFICATE;
            world.seconds(60 * 60);
            world.engine = Engine.REFUSED;
            world.seconds(10 * 60 - 5);
            assertThat(phase(world)).isEqualTo("starting");
            world.seconds(10);
            assertThat(phase(world)).isEqualTo("failed");
            assertThat(live(world).reason()).contains("pilotlight.liveness.start-deadline");
        }

        @Test
        void allowsThreeTimesTheLongestLoadSeen() {
            World world = new World();
            world.processStart = java.util.OptionalDouble.empty();
            world.seconds(20 * 60).ready();
            world.engine = Engine.REFUSED;
            world.restart().seconds(59 * 60);
            assertThat(live(world).up()).isTrue();
            world.seconds(2 * 60);
            assertThat(live(world).up()).isFalse();
        }

        @Test
        void waitsForEverWithADeadlineOfZero() {
            LivenessPolicy forEver = new LivenessPolicy(
                    Duration.ofSeconds(10), Duration.ofSeconds(60), Duration.ofSeconds(60), Optional.of(Duration.ZERO));
            World world = new World(forEver, World.WARM_UP).seconds(4 * 3600);
            assertThat(live(world).up()).isTrue();
        }

        /** {@code python -m http.server}, or an address that ends in /v1. */
        @Test
        void isNeverReadyNorDeadBesideAServerThatIsNoEngine() {
            World world = new World();
            world.engine = Engine.GARBLED;
            world.health = 404;
            world.lists = false;
            for (int minute = 0; minute < 120; minute++) {
                world.seconds(60);
                assertThat(phase(world)).isEqualTo("starting");
                assertThat(live(world).up()).isTrue();
                assertThat(ready(world).up()).isFalse();
            }
            assertThat(world.picture.conditions().has(Condition.NO_MODEL)).isTrue();
            assertThat(world.asked).isEmpty();
        }

        @Test
        void waitsForAModelToBeListed() {
            World world = new World().serve();
            world.lists = false;
            world.seconds(5);
            assertThat(world.picture.phase())
                    .isInstanceOfSatisfying(Phase.Starting.class, starting -> assertThat(starting.why())
                            .isEqualTo("lists no model"));
        }

        @Test
        void isReadyWithoutAWarmUpBesideAnEngineThatHasServed() {
            World world = new World().serve();
            world.rank().successes = 5;
            world.seconds(1);
            assertThat(phase(world)).isEqualTo("ready");
            assertThat(world.asked).isEmpty();
        }

        /** Somebody asks past the Service, while a gateway still holds readiness back. */
        @Test
        void warmsAProcessThatItSawBeginThoughItHasServedSomebodySince() {
            World world = new World().seconds(5);
            world.engine = Engine.SERVING;
            world.health = 502;
            world.seconds(18);
            world.rank().successes = 8;
            world.seconds(3);
            world.serve().seconds(1);
            assertThat(phase(world)).isEqualTo("warming");
            world.ready();
            assertThat(world.warmUps()).isGreaterThanOrEqualTo(2);
        }

        @Test
        void isReadyWithoutAWarmUpBesideAnEngineThatServesAndAnsweredItsFirstPollTooLate() {
            World world = new World();
            world.rank().successes = 5;
            world.engine = Engine.SILENT;
            world.seconds(3);
            world.serve().seconds(1);
            assertThat(phase(world)).isEqualTo("ready");
            assertThat(world.asked).isEmpty();
        }

        @Test
        void waitsForAPageThatMissesADeadlineBecauseItTellsThatTheEngineHasServed() {
            World world = new World();
            world.rank().successes = 5;
            world.engine = Engine.GARBLED;
            world.seconds(4);
            assertThat(phase(world)).isEqualTo("starting");
            world.serve().seconds(1);
            assertThat(phase(world)).isEqualTo("ready");
            assertThat(world.asked).isEmpty();
        }

        @Test
        void warmsAnEngineWhosePageNeverComes() {
            World world = new World();
            world.engine = Engine.GARBLED;
            world.seconds(12);
            assertThat(phase(world)).isEqualTo("warming");
        }
    }

    @Nested
    class WhileWarming {
        @Test
        void isReadyAfterTheSecondSteadyRoundAndNotBefore() {
            World world = new World().seconds(3);
            world.firstTokens = List.of(20.0, 0.5, 0.5);
            world.serve().seconds(21);
            assertThat(phase(world)).isEqualTo("warming");
            assertThat(world.warmUps()).isEqualTo(2);
            world.seconds(1);
            assertThat(phase(world)).isEqualTo("warming");
            assertThat(world.warmUps()).isEqualTo(3);
            world.seconds(1);
            assertThat(phase(world)).isEqualTo("ready");
            assertThat(world.picture.state().rounds()).hasSize(3);
            assertThat(world.picture.state().coldStart().warmUp()).contains(Duration.ofSeconds(22));
        }

        @Test
        void asksForOneRoundAtATime() {
            World world = new World();
            world.firstTokens = List.of(50.0);
            world.serve().seconds(40);
            assertThat(world.warmUps()).isEqualTo(1);
        }

        @Test
        void countsAsWarmAfterTheMostRoundsThoughThePaceWanders() {
            World world = new World(World.LIVENESS, warmUp(4, Duration.ofMinutes(3), false));
            world.firstTokens = List.of(1.0, 3.0, 1.0, 3.0, 1.0);
            world.serve().seconds(20);
            assertThat(world.picture.phase()).isInstanceOfSatisfying(Phase.Ready.class, it -> assertThat(it.how())
                    .contains("4 rounds"));
        }

        @Test
        void triesAgainWithLongerAndLongerPauses() {
            World world = new World();
            world.warmUpFails = Optional.of("503");
            world.serve().seconds(40);
            // At 0, then after pauses of 2, 4, 8 and 16 s beside half a second of each try.
            assertThat(world.warmUps()).isEqualTo(5);
            assertThat(ready(world).reason()).contains("503");
        }

        @Test
        void givesUpWhenTheBudgetIsSpentAndLeavesTheEngineAlive() {
            World world = new World();
            world.warmUpFails = Optional.of("POST /v1/completions answered 500");
            world.serve().seconds(181);
            assertThat(phase(world)).isEqualTo("failed");
            assertThat(ready(world).up()).isFalse();
            assertThat(ready(world).reason())
                    .contains("pilotlight.warm-up.budget", "POST /v1/completions answered 500");
            assertThat(live(world).up()).isTrue();
        }

        @Test
        void triesAgainAfterAPauseBecauseNobodyRestartsAnEngineThatAnswers() {
            World world = new World();
            world.warmUpFails = Optional.of("500");
            world.serve().seconds(200);
            assertThat(phase(world)).isEqualTo("failed");
            world.warmUpFails = Optional.empty();
            for (int second = 0; second < 170; second++) {
                world.seconds(1);
                assertThat(live(world).up()).isTrue();
            }
            assertThat(phase(world)).isEqualTo("ready");
        }

        /** Nobody but the sidecar gets an error: no reason to hold back an engine that serves. */
        @Test
        void isReadyWhenTheBudgetIsSpentBesideAnEngineThatServesOthers() {
            World world = new World().seconds(5);
            world.warmUpFails = Optional.of("500");
            world.serve().seconds(5);
            world.rank().successes = 100;
            world.seconds(150);
            assertThat(phase(world)).isEqualTo("warming");
            world.seconds(30);
            assertThat(phase(world)).isEqualTo("ready");
            assertThat(ready(world).reason()).contains("it serves others, though not warm within 3m");
        }

        @Test
        void breaksARoundOffWhenTheBudgetIsSpent() {
            World world = new World();
            world.firstTokens = List.of(20.0, 300.0);
            world.serve().seconds(30);
            assertThat(world.asked).hasSize(2).allSatisfy(effect -> assertThat(((Effect.SendWarmUp) effect).until())
                    .isEqualTo(world.picture.phase().since().plus(Duration.ofMinutes(3))));
        }

        @Test
        void proceedsColdWhenToldTo() {
            World world = new World(World.LIVENESS, warmUp(8, Duration.ofSeconds(30), true));
            world.warmUpFails = Optional.of("500");
            world.serve().seconds(31);
            assertThat(ready(world).up()).isTrue();
        }

        @Test
        void publishesNoLoad() {
            World world = new World();
            world.firstTokens = List.of(20.0);
            world.serve().seconds(5);
            assertThat(phase(world)).isEqualTo("warming");
            assertThat(world.picture.freshSignals(world.now).orElseThrow().load())
                    .isEmpty();
        }

        @Test
        void beginsAgainWithANewProcess() {
            World world = new World();
            world.firstTokens = List.of(20.0);
            world.serve().seconds(5);
            world.restart().seconds(1);
            assertThat(phase(world)).isEqualTo("warming");
            assertThat(world.warmUps()).isEqualTo(2);
        }
    }

    @Nested
    class WhenReady {
        @Test
        void becomesStandbyAMinuteAfterTheLastTrafficAndActiveAtOnce() {
            World world = served();
            world.seconds(59);
            assertThat(world.picture.role().orElseThrow().word()).isEqualTo("active");
            world.seconds(2);
            assertThat(world.picture.role().orElseThrow().word()).isEqualTo("standby");
            world.rank().running = 1;
            world.seconds(1);
            assertThat(world.picture.role().orElseThrow().word()).isEqualTo("active");
        }

        @Test
        void takesAHeartbeatForNobodysTraffic() {
            World world = served();
            world.seconds(600);
            assertThat(world.probes()).isBetween(8L, 10L);
            assertThat(world.picture.role().orElseThrow().word()).isEqualTo("standby");
            assertThat(world.picture.freshSignals(world.now).orElseThrow().load())
                    .hasValue(0);
        }

        @Test
        void noticesARequestThatCameAndWentBetweenTwoPolls() {
            World world = served().seconds(100);
            assertThat(world.picture.role().orElseThrow().word()).isEqualTo("standby");
            world.rank().successes++;
            world.seconds(1);
            assertThat(world.picture.role().orElseThrow().word()).isEqualTo("active");
        }

        @Test
        void isStartingTheMomentTheEngineRefuses() {
            World world = served();
            world.engine = Engine.REFUSED;
            world.seconds(1);
            assertThat(phase(world)).isEqualTo("starting");
            assertThat(live(world).up()).isTrue();
            assertThat(world.picture.freshSignals(world.now)).isEmpty();
        }

        @Test
        void isReadyAgainAtOnceWhenTheSameProcessAnswersAgain() {
            World world = served();
            long warmUps = world.warmUps();
            world.engine = Engine.REFUSED;
            world.seconds(2).serve().seconds(1);
            assertThat(phase(world)).isEqualTo("ready");
            assertThat(world.warmUps()).isEqualTo(warmUps);
            assertThat(world.picture.engine().restarts()).isZero();
        }

        @Test
        void countsANewProcessOnceAndWarmsIt() {
            World world = served();
            long warmUps = world.warmUps();
            world.engine = Engine.REFUSED;
            world.restart();
            for (int second = 0; second < 20 * 60; second++) {
                world.seconds(1);
                assertThat(live(world).up())
                        .as("second %d of the reload", second)
                        .isTrue();
                assertThat(ready(world).up()).isFalse();
            }
            world.ready();
            assertThat(phase(world)).isEqualTo("ready");
            assertThat(world.picture.engine().restarts()).isEqualTo(1);
            assertThat(world.warmUps()).isGreaterThan(warmUps);
        }

        @Test
        void warmsANewProcessThoughARequestOfOursReachedItFirst() {
            World world = served();
            long warmUps = world.warmUps();
            while (!world.probeIsOut()) {
                world.second();
            }
            world.restart();
            world.rank().successes = 1; // it was the new process that answered the heartbeat
            world.rank().tokens = 1;
            world.second();
            assertThat(world.picture.engine().restarts()).isEqualTo(1);
            assertThat(phase(world)).isEqualTo("warming");
            assertThat(world.warmUps()).isEqualTo(warmUps + 1);
        }

        @Test
        void warmsANewProcessWhateverItsCountersSay() {
            World world = served();
            long warmUps = world.warmUps();
            while (!world.probeIsOut()) {
                world.second();
            }
            world.restart();
            world.rank().successes = 2; // ours, and somebody's
            world.second();
            assertThat(phase(world)).isEqualTo("warming");
            assertThat(world.warmUps()).isEqualTo(warmUps + 1);
        }

        /** PROMETHEUS_MULTIPROC_DIR on an emptyDir, and a page that does not say when the process began. */
        @Test
        void warmsANewProcessWhoseCountersSurvived() {
            World world = new World();
            world.processStart = OptionalDouble.empty();
            world.rank().successes = 5_000;
            world.rank().tokens = 100_000;
            world.serve().seconds(2);
            assertThat(phase(world)).isEqualTo("ready");
            assertThat(world.warmUps()).isZero();
            world.engine = Engine.REFUSED;
            world.seconds(10);
            world.serve().seconds(1);
            assertThat(world.picture.engine().restarts()).isEqualTo(1);
            assertThat(phase(world)).isEqualTo("warming");
            world.seconds(20);
            assertThat(phase(world)).isEqualTo("ready");
            assertThat(world.warmUps()).isGreaterThanOrEqualTo(2);
        }

        @Test
        void losesReadinessWhenTheEngineIsSilentForLongAndGetsItBack() {
            World world = served();
            world.engine = Engine.SILENT;
            world.seconds(9);
            assertThat(ready(world).up()).isTrue();
            world.seconds(2);
            assertThat(ready(world).up()).isFalse();
            assertThat(world.picture.freshSignals(world.now)).isEmpty();
            assertThat(live(world).up()).isTrue();
            world.serve().seconds(1);
            assertThat(ready(world).up()).isTrue();
        }

        @Test
        void staysInServiceWhenOnlyTheMetricsPageIsGarbled() {
            World world = served();
            world.engine = Engine.GARBLED;
            world.seconds(30);
            assertThat(ready(world).up()).isTrue();
            assertThat(world.picture.freshSignals(world.now)).isEmpty();
        }
    }

    @Nested
    class WhenUnhealthy {
        @Test
        void waitsOutAShortSpellOfRescaling() {
            World world = served();
            world.health = 503;
            world.seconds(9);
            assertThat(live(world).up()).isTrue();
            world.health = 200;
            world.seconds(20);
            assertThat(live(world).up()).isTrue();
        }

        @Test
        void takesNoTrafficFromTheFirstAnswerOfThatKindToTheLast() {
            World world = served();
            world.health = 503;
            world.seconds(1);
            assertThat(ready(world).up()).isFalse();
            assertThat(ready(world).reason()).contains("GET /health answers 5xx");
            world.health = 200;
            world.seconds(1);
            assertThat(ready(world).up()).isTrue();
        }

        @Test
        void isDeadAfterTenSecondsAndBackWhenItAnswersSoundly() {
            World world = served();
            world.health = 503;
            world.refusal = Optional.of(Refusal.ERROR);
            world.seconds(12);
            assertThat(phase(world)).isEqualTo("failed");
            assertThat(live(world).up()).isFalse();
            world.refusal = Optional.empty();
            world.health = 200;
            world.seconds(2);
            assertThat(phase(world)).isEqualTo("ready");
        }

        @Test
        void isNotDeadWhileItsCountersMove() {
            World world = served();
            world.rank().running = 3;
            world.refusal = Optional.of(Refusal.ERROR);
            for (int status : new int[] {500, 503}) {
                world.health = status;
                staysUpAndNotReady(world);
            }
        }

        @Test
        void isNotDeadWhileItAnswersARequest() {
            World world = served();
            world.health = 503;
            staysUpAndNotReady(world);
            assertThat(world.probes()).as("one at a time, every few seconds").isBetween(15L, 160L);
        }

        @Test
        void isNotDeadWhileItAnswersARequestThoughItsPageIsGone() {
            World world = served();
            world.health = 503;
            world.engine = Engine.GARBLED;
            world.garbledAnswers = true;
            staysUpAndNotReady(world);
        }

        @Test
        void isNeverDeadByTheWordsOfAGateway() {
            World world = served();
            world.hangs = true;
            for (int status : new int[] {502, 504}) {
                world.health = status;
                world.seconds(30);
                assertThat(live(world).up()).isTrue();
                assertThat(ready(world).up()).isFalse();
            }
        }

        @Test
        void isOnlyStartingUntilItWasWellOnce() {
            World world = new World();
            world.engine = Engine.GARBLED;
            world.lists = false;
            for (int status : new int[] {502, 503, 500}) {
                world.health = status;
                world.seconds(200);
                assertThat(phase(world)).isEqualTo("starting");
                assertThat(live(world).up()).isTrue();
            }
        }

        @Test
        void comesBackWhenItMovesThoughHealthStillSaysOtherwise() {
            World world = served();
            world.health = 503;
            world.refusal = Optional.of(Refusal.ERROR);
            world.seconds(12);
            assertThat(live(world).up()).isFalse();
            world.rank().running = 3;
            world.seconds(2);
            staysUpAndNotReady(world);
            world.health = 200;
            world.seconds(2);
            assertThat(phase(world)).isEqualTo("ready");
        }

        private static void staysUpAndNotReady(World world) {
            for (int second = 0; second < 300; second++) {
                world.seconds(1);
                assertThat(live(world).up())
                        .as("second %d: %s", second, live(world).reason())
                        .isTrue();
                assertThat(ready(world).up()).isFalse();
            }
        }

        @Test
        void isStartingWhenTheDeadProcessEnds() {
            World world = served();
            world.health = 503;
            world.refusal = Optional.of(Refusal.ERROR);
            world.seconds(12);
            assertThat(live(world).up()).isFalse();
            world.engine = Engine.REFUSED;
            world.seconds(1);
            assertThat(phase(world)).isEqualTo("starting");
            assertThat(live(world).up()).isTrue();
        }
    }

    @Nested
    class WhenHung {
        @Test
        void underLoadIsNotReadyAfterTheCanaryAndDeadAfterTheLongestStep() {
            World world = served();
            world.rank().running = 4;
            world.seconds(5);
            world.hangs = true;
            world.seconds(60 + 29);
            assertThat(ready(world).up()).isTrue();
            world.seconds(4);
            assertThat(ready(world).up()).isFalse();
            assertThat(ready(world).reason())
                    .contains("stuck or at a long step", "1 request for one token got no answer");
            world.seconds(300 - 60 - 35);
            assertThat(live(world).up()).isTrue();
            world.seconds(5);
            assertThat(live(world).up()).isFalse();
            assertThat(live(world).reason()).contains("stuck: nothing moved since");
        }

        @Test
        void whileIdleIsNotReadyAfterAHeartbeatAndDeadAfterTheLongestStep() {
            World world = served();
            world.hangs = true;
            world.seconds(60 + 25);
            assertThat(ready(world).up()).isTrue();
            world.seconds(10);
            assertThat(ready(world).up()).isFalse();
            world.seconds(190);
            assertThat(live(world).up()).isTrue();
            world.seconds(25);
            assertThat(live(world).up()).isFalse();
            assertThat(live(world).reason()).contains("stuck", "requests for one token in a row");
        }

        @Test
        void comesBackWhenItMovesAgain() {
            World world = served();
            world.rank().running = 4;
            world.hangs = true;
            world.seconds(310);
            assertThat(live(world).up()).isFalse();
            world.hangs = false;
            world.seconds(3);
            assertThat(live(world).up()).isTrue();
            assertThat(phase(world)).isEqualTo("ready");
        }

        @Test
        void namesTheRankThatHangsBesideOneThatWorks() {
            World world = new World();
            world.ranks.add(new RankState());
            world.seconds(3).ready();
            world.ranks.forEach(rank -> rank.running = 4);
            world.seconds(3);
            world.ranks.get(1).hangs = true;
            world.seconds(310);
            assertThat(live(world).up()).isFalse();
            assertThat(live(world).reason()).contains("rank 1 is stuck");
        }

        @Test
        void isNeverStuckWithStaleGaugesWhileTheCanaryAnswers() {
            World world = served();
            world.rank().running = 3;
            for (int second = 0; second < 600; second++) {
                double tokens = world.rank().tokens;
                world.second();
                // The page shows work that does not move; only our own requests do.
                world.rank().tokens = Math.max(tokens, world.rank().tokens - 90);
                assertThat(live(world).up()).isTrue();
                assertThat(ready(world).up()).isTrue();
            }
            assertThat(world.probes()).as("canaries").isBetween(8L, 10L);
        }

        @Test
        void isNeverStuckWithAPageThatStandsStillAltogetherWhileTheCanaryAnswers() {
            World world = served();
            world.rank().running = 3;
            world.rank().waiting = 2;
            double tokens = world.rank().tokens;
            double successes = world.rank().successes;
            for (int second = 0; second < 3600; second++) {
                world.rank().tokens = tokens - 90; // which the next second adds again
                world.rank().successes = successes;
                world.second();
                assertThat(live(world).up()).isTrue();
                assertThat(ready(world).up()).isTrue();
            }
            assertThat(world.probes()).as("canaries").isBetween(50L, 60L);
        }

        @Test
        void isNeverStuckBehindAQueueOfAThousandThatMoves() {
            World world = served();
            world.rank().running = 8;
            world.rank().waiting = 1000;
            for (int second = 0; second < 1800; second++) {
                world.second();
                assertThat(live(world).up()).isTrue();
            }
            assertThat(world.probes()).isZero();
        }

        @Test
        void isNeverStuckOverALongPromptWhileTheKvCacheFills() {
            World world = served();
            world.rank().running = 1;
            world.hangs = true; // no counter moves, and no canary gets through
            for (int second = 0; second < 600; second++) {
                world.rank().kvCacheUse = OptionalDouble.of(second / 600.0);
                world.second();
                assertThat(live(world).up()).isTrue();
            }
            assertThat(world.probes()).isZero();
        }

        @Test
        void isNotCondemnedWhenTheSidecarItselfStoodStillBesideIt() {
            World world = served();
            world.rank().running = 4;
            world.hangs = true;
            world.seconds(65);
            assertThat(world.probeIsOut()).isTrue();
            world.hangs = false;
            world.freeze(120); // the canary is given up, and the newest reading is from before all that
            assertThat(live(world).up()).isTrue();
            world.seconds(1);
            assertThat(live(world).up()).isTrue();
            assertThat(phase(world)).isEqualTo("ready");
        }

        @Test
        void isNotCondemnedByARefusedCanary() {
            World world = served();
            world.rank().running = 4;
            world.hangs = true;
            world.refusal = Optional.of(Refusal.BUSY);
            world.seconds(600);
            assertThat(live(world).up()).isTrue();
            assertThat(world.probes()).isGreaterThan(2);
        }

        @Test
        void isNotStuckWhileItsPageComesTooRarelyToShowThatItMoves() {
            World world = served();
            world.rank().running = 4;
            for (int minute = 0; minute < 10; minute++) {
                world.engine = Engine.SILENT; // the server is too busy for polls and canaries, and works
                for (int second = 0; second < 100; second++) {
                    world.second();
                    assertThat(live(world).up()).isTrue();
                }
                world.serve().second();
            }
        }

        @Test
        void isStuckWhenTheWholeServerIsSilentForLong() {
            World world = served();
            world.engine = Engine.SILENT;
            world.seconds(290);
            assertThat(live(world).up()).isTrue();
            world.seconds(30);
            assertThat(live(world).up()).isFalse();
        }
    }

    @Nested
    class WhenSuspended {
        @Test
        void isNeverStuckWhilePausedWithWorkInFlight() {
            World world = served();
            world.rank().running = 4;
            world.seconds(3);
            world.pause = Pause.PAUSED;
            for (int second = 0; second < 600; second++) {
                world.second();
                assertThat(live(world).up()).isTrue();
                assertThat(ready(world).up()).isFalse();
                assertThat(phase(world)).isEqualTo("suspended");
            }
            world.pause = Pause.NONE;
            world.seconds(1);
            assertThat(phase(world)).isEqualTo("ready");
        }

        @Test
        void isWarmedAfterASleepThatCameBeforeTheWarmUp() {
            World world = new World().serve();
            world.sleep = Sleep.ASLEEP;
            world.seconds(5);
            assertThat(phase(world)).isEqualTo("suspended");
            world.sleep = Sleep.AWAKE;
            world.ready();
            assertThat(phase(world)).isEqualTo("ready");
            assertThat(world.warmUps()).isGreaterThanOrEqualTo(2);
        }
    }

    /** The API server says that this pod is being deleted. */
    private static final ClusterView LEAVING = new ClusterView(
            Optional.of(new Cached<>(
                    Map.of(
                            "vllm-0",
                            new Cached.Item<>(
                                    "1",
                                    OwnPod.of(
                                            new JsonObject(
                                                    "{\"metadata\": {\"deletionTimestamp\": \"2026-11-29T00:00:00Z\"}}"),
                                            Optional.empty()))),
                    Optional.empty(),
                    Optional.empty())),
            Optional.empty(),
            NamedPods.State.UNKNOWN,
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            KubeTally.EMPTY);

    @Nested
    class WhileDraining {
        private World draining(double running) {
            World world = served();
            world.rank().running = running;
            world.seconds(2);
            world.drain = Optional.of(new DrainOrder(world.now, world.now.plusSeconds(60), "a test"));
            return world.seconds(1);
        }

        @Test
        void isNotReadyFromTheFirstMoment() {
            World world = draining(3);
            assertThat(phase(world)).isEqualTo("draining");
            assertThat(ready(world).up()).isFalse();
            assertThat(live(world).up()).isTrue();
        }

        @Test
        void endsTwoQuietReadingsAfterTheLastRequest() {
            World world = draining(3).seconds(20);
            assertThat(world.picture.drain().orElseThrow().ended()).isEmpty();
            world.rank().running = 0;
            world.seconds(1);
            assertThat(world.picture.drain().orElseThrow().ended()).isEmpty();
            world.seconds(1);
            assertThat(world.picture.drain().orElseThrow().ended())
                    .hasValueSatisfying(end -> assertThat(end.clean()).isTrue());
        }

        @Test
        void beginsAgainWithTheNextProcessWhereThePodStays() {
            World world = draining(3).seconds(2);
            world.engine = World.Engine.REFUSED;
            world.seconds(3).restart().seconds(30);
            assertThat(phase(world)).isEqualTo("draining");
            world.ready();
            assertThat(phase(world)).isEqualTo("ready");
            assertThat(world.picture.drain()).isEmpty();
        }

        @Test
        void isFinalWhereThePodIsBeingDeleted() {
            World world = draining(3).seconds(2);
            world.cluster = LEAVING;
            world.engine = World.Engine.REFUSED;
            world.seconds(3).restart().seconds(30).serve().seconds(60);
            assertThat(phase(world)).isEqualTo("draining");
        }

        @Test
        void givesServicesTimeToForgetThePod() {
            World world = draining(0).seconds(3);
            assertThat(world.picture.drain().orElseThrow().ended()).isEmpty();
            world.seconds(2);
            assertThat(world.picture.drain().orElseThrow().ended()).isPresent();
        }

        @Test
        void keepsTheDeadlineWhenARequestNeverEnds() {
            World world = draining(3).seconds(60);
            assertThat(world.picture.drain().orElseThrow().ended())
                    .hasValueSatisfying(end -> assertThat(end.clean()).isFalse());
        }

        @Test
        void publishesWhatItWaitsForAndHowLongItMay() {
            World world = draining(3).seconds(20);
            assertThat(published(world, "pilotlight_drain_requests")).hasValue(3);
            assertThat(published(world, "pilotlight_drain_left_seconds")).hasValue(39);
            world.seconds(60);
            assertThat(published(world, "pilotlight_drain_left_seconds")).hasValue(0);
            assertThat(published(served(), "pilotlight_drain_left_seconds")).isEmpty();
        }

        private OptionalDouble published(World world, String metric) {
            return MetricCatalog.points(world.picture, Refusals.NONE, world.now).stream()
                    .filter(point -> point.metric().name().equals(metric))
                    .mapToDouble(MetricCatalog.Point::value)
                    .findFirst();
        }

        @Test
        void isFinalForTheProcessThatItWasOrderedFor() {
            World world = draining(0).seconds(600);
            assertThat(phase(world)).isEqualTo("draining");
            world.engine = Engine.SILENT;
            world.seconds(5).serve().seconds(60);
            assertThat(phase(world)).isEqualTo("draining");
        }
    }

    @Nested
    class WithoutTelemetryOfTheGpu {
        @Test
        void changesNothing() {
            World world = served();
            world.gpu = new GpuReading.Failed(world.now, "the driver is gone");
            world.seconds(60);
            assertThat(live(world).up()).isTrue();
            assertThat(ready(world).up()).isTrue();
        }
    }

    @Nested
    class WithAGpu {
        @Test
        void isDownForALostGpuOfOursUntilItAnswersAgain() {
            World world = served();
            world.gpu = Gpus.one(world.now, new Scope.Ours("one GPU"), new Device.Lost("GPU_IS_LOST"));
            world.seconds(1);
            assertThat(live(world).up()).isFalse();
            assertThat(live(world).reason()).contains("GPU 0 (GPU-1) is lost");
            world.gpu = Gpus.one(world.now, new Scope.Ours("one GPU"), new Device.Working());
            world.seconds(2);
            assertThat(live(world).up()).isTrue();
            assertThat(phase(world)).isEqualTo("ready");
        }

        @Test
        void neverBlamesThisPodForAGpuThatMayBeAnybodys() {
            World world = served();
            world.gpu = Gpus.one(world.now, new Scope.Unscoped("several are visible"), new Device.Lost("GPU_IS_LOST"));
            world.seconds(60);
            assertThat(live(world).up()).isTrue();
            assertThat(ready(world).up()).isTrue();
        }

        @Test
        void showsTheBusiestAsAPressure() {
            World world = served();
            world.gpu = Gpus.one(world.now, new Scope.Ours("one GPU"), new Device.Working());
            world.seconds(1);
            assertThat(pressures(world)).containsEntry("gpu_compute", 0.9).containsEntry("gpu_memory", 0.75);
        }

        @Test
        void showsNoPressureThatIsStale() {
            World world = served();
            world.gpu = Gpus.one(world.now, new Scope.Ours("one GPU"), new Device.Working());
            world.seconds(25);
            assertThat(pressures(world)).containsKeys("slots", "gpu_compute", "gpu_memory");
            world.gpu = new GpuReading.Failed(world.now, "the driver does not answer");
            world.seconds(1);
            assertThat(pressures(world)).containsKey("slots").doesNotContainKeys("gpu_compute", "gpu_memory");
        }

        private static Map<String, Double> pressures(World world) {
            return world.picture
                    .freshSignals(world.now)
                    .orElseThrow()
                    .pressures()
                    .byResource();
        }
    }
}
