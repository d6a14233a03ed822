package dev.pilotlight.signal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.withinPercentage;

import dev.pilotlight.engine.CacheConfig;
import dev.pilotlight.engine.EngineSnapshot;
import dev.pilotlight.engine.Latencies;
import dev.pilotlight.engine.Rank;
import dev.pilotlight.replay.Snapshots;
import dev.pilotlight.signal.MeteredEngine.Truth;
import dev.pilotlight.simulator.Pages;
import dev.pilotlight.simulator.Profile;
import dev.pilotlight.simulator.Request;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Random;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** What the load promises, beside engines of every profile; full is what the simulated engine sustains with an endless queue. */
class LoadPropertiesTest {
    private static final List<Profile> PROFILES =
            List.of(Profile.LLAMA_8B_24GB, Profile.LLAMA_8B_80GB, Profile.LLAMA_70B_4X80GB);
    private static final Function<Random, Request> CHAT = MeteredEngine.about(512, 128);
    private static final Function<Random, Request> SAME = _ -> Request.of(512, 128);
    private static final OptionalDouble NONE = OptionalDouble.empty();

    private static Stream<DynamicTest> forEach(String what, java.util.function.Consumer<Profile> check) {
        return PROFILES.stream()
                .map(profile -> DynamicTest.dynamicTest(what + " on " + profile.name(), () -> check.accept(profile)));
    }

    private static double load(Signals signals) {
        return signals.load().orElseThrow();
    }

    @Nested
    class UnderSteadyTraffic {
        @TestFactory
        Stream<DynamicTest> isLinearFromATenthToThreeTimesOfWhatThePodSustains() {
            return forEach("linear", profile -> {
                double full = MeteredEngine.truth(profile, CHAT).perSecond();
                MeteredEngine engine = new MeteredEngine(profile, MeteredEngine.KNOWN_BATCH, 3);
                engine.seconds(300, 0.5 * full, CHAT);
                for (double wanted : new double[] {0.1, 0.2, 0.4, 0.8, 1, 1.5, 2, 3}) {
                    // A few hundred requests each: fewer are another rate by chance.
                    engine.seconds(wanted < 0.5 ? 600 : 120, wanted * full, CHAT);
                    List<Signals> seen = new ArrayList<>();
                    double came = engine.offeredDuring(wanted < 0.5 ? 900 : 300, wanted * full, CHAT, seen) / full;
                    assertThat(MeteredEngine.mean(seen)).as("at %.1f", wanted).isCloseTo(came, withinPercentage(10));
                }
            });
        }

        /** As a load generator sends: by the clock, at one level from the first request on, which says nothing of any other batch. */
        @TestFactory
        Stream<DynamicTest> isNearlyAsTrueWhereRequestsComeByTheClockAndNothingEverVaries() {
            return forEach("by the clock", profile -> {
                Stream.of(CHAT, SAME).forEach(requests -> {
                    double full = MeteredEngine.truth(profile, requests).perSecond();
                    for (double wanted : new double[] {0.1, 0.3, 0.5, 0.7, 0.9, 1.2, 2}) {
                        MeteredEngine engine =
                                new MeteredEngine(profile, MeteredEngine.KNOWN_BATCH, 7, MeteredEngine.EVENLY);
                        engine.seconds(300, wanted * full, requests);
                        List<Signals> seen = engine.seconds(600, wanted * full, requests);
                        assertThat(MeteredEngine.mean(seen))
                                .as("at %.1f", wanted)
                                .isCloseTo(wanted, withinPercentage(18));
                        assertThat(MeteredEngine.variation(seen))
                                .as("variation at %.1f", wanted)
                                .isLessThan(0.05);
                    }
                });
            });
        }

        /** Each is over within a second, so no poll can tell whether the engine ever rested. */
        @TestFactory
        Stream<DynamicTest> isNotMissedWhereTheEngineIsNeverSeenToWorkWithoutABreak() {
            return forEach("prompts", profile -> {
                Function<Random, Request> prompts = MeteredEngine.about(2048, 8);
                double full = MeteredEngine.truth(profile, prompts).perSecond();
                for (double wanted : new double[] {0.1, 0.3}) {
                    MeteredEngine engine =
                            new MeteredEngine(profile, MeteredEngine.KNOWN_BATCH, 7, MeteredEngine.EVENLY);
                    engine.seconds(300, wanted * full, prompts);
                    assertThat(MeteredEngine.mean(engine.seconds(300, wanted * full, prompts)))
                            .as("at %.1f", wanted)
                            .isBetween(0.5 * wanted, 1.5 * wanted);
                }
            });
        }

        @TestFactory
        Stream<DynamicTest> halvesWhenThePodsDouble() {
            return forEach("half", profile -> {
                double full = MeteredEngine.truth(profile, CHAT).perSecond();
                double one = steady(profile, CHAT, 0.8 * full, 17);
                double two = steady(profile, CHAT, 0.4 * full, 17);
                assertThat(two).isCloseTo(one / 2, withinPercentage(10));
            });
        }

        private static double steady(Profile profile, Function<Random, Request> requests, double rate, long seed) {
            MeteredEngine engine = new MeteredEngine(profile, MeteredEngine.KNOWN_BATCH, seed);
            engine.seconds(300, rate, requests);
            return MeteredEngine.mean(engine.seconds(600, rate, requests));
        }

        @TestFactory
        Stream<DynamicTest> isTheSameForASixteenfoldRangeOfContexts() {
            return forEach("context", profile -> {
                for (int prompt : new int[] {256, 512, 1024, 2048, 4096}) {
                    Function<Random, Request> requests = MeteredEngine.about(prompt, 128);
                    double full = MeteredEngine.truth(profile, requests).perSecond();
                    MeteredEngine engine = new MeteredEngine(profile, MeteredEngine.UNKNOWN_BATCH, 11);
                    engine.seconds(300, 0.7 * full, requests);
                    List<Signals> seen = new ArrayList<>();
                    double came = engine.offeredDuring(900, 0.7 * full, requests, seen) / full;
                    assertThat(MeteredEngine.mean(seen)).as("%d tokens", prompt).isCloseTo(came, withinPercentage(15));
                }
            });
        }

        @TestFactory
        Stream<DynamicTest> isSteady() {
            return forEach("steady", profile -> {
                double full = MeteredEngine.truth(profile, CHAT).perSecond();
                for (double wanted : new double[] {0.3, 0.5, 0.7}) {
                    MeteredEngine engine = new MeteredEngine(profile, MeteredEngine.KNOWN_BATCH, 7);
                    engine.seconds(300, wanted * full, CHAT);
                    assertThat(MeteredEngine.variation(engine.seconds(600, wanted * full, CHAT)))
                            .as("at %.1f", wanted)
                            .isLessThan(0.05);
                }
            });
        }
    }

    @Nested
    class WhenTrafficChanges {
        private static final int SEEDS = 40;

        @TestFactory
        Stream<DynamicTest> aStepIsSeenBeyondNoiseWithinTwoPolls() {
            return forEach("seen", profile -> {
                assertThat(steps(profile, MeteredEngine.BY_CHANCE).filter(Step::isBeyondNoise))
                        .as("at random moments")
                        .hasSizeGreaterThan(SEEDS * 2 / 5);
                assertThat(steps(profile, MeteredEngine.EVENLY).filter(Step::isBeyondNoise))
                        .as("by the clock")
                        .hasSize(SEEDS);
            });
        }

        /** On an engine that ends four requests a second, eight are in by then where two were expected: that may still be chance. */
        @TestFactory
        Stream<DynamicTest> halfOfAStepShowsWithinTwoPollsWhereTenRequestsPassInASecond() {
            return forEach("half", profile -> {
                boolean isSlow = profile == Profile.LLAMA_8B_24GB;
                assertThat(shown(steps(profile, MeteredEngine.BY_CHANCE), isSlow ? 4 : 2))
                        .isGreaterThan(0.5);
            });
        }

        @TestFactory
        Stream<DynamicTest> halfOfAStepShowsWithinTwoPollsWhereRequestsComeByTheClock() {
            return forEach("half", profile -> assertThat(shown(steps(profile, MeteredEngine.EVENLY), 2))
                    .isGreaterThan(0.5));
        }

        /** From 0.3 to 1.5: the readings of the time before, in order of size, and the first ones after. */
        private record Step(double[] before, double[] after) {
            boolean isBeyondNoise() {
                return after[1] > before[before.length * 99 / 100];
            }

            double shown(int polls) {
                return (after[polls - 1] - DoubleStream.of(before).average().orElseThrow()) / 1.2;
            }
        }

        private static Stream<Step> steps(Profile profile, ToDoubleFunction<Random> gap) {
            double full = MeteredEngine.truth(profile, CHAT).perSecond();
            return IntStream.range(100, 100 + SEEDS).mapToObj(seed -> {
                MeteredEngine engine = new MeteredEngine(profile, MeteredEngine.KNOWN_BATCH, seed, gap);
                engine.seconds(200, 0.3 * full, CHAT);
                return new Step(
                        loads(engine.seconds(150, 0.3 * full, CHAT)).sorted().toArray(),
                        loads(engine.seconds(4, 1.5 * full, CHAT)).toArray());
            });
        }

        private static DoubleStream loads(List<Signals> seen) {
            return seen.stream().mapToDouble(LoadPropertiesTest::load);
        }

        /** The share of the step that shows after so many polls, in the middle one of all runs. */
        private static double shown(Stream<Step> steps, int polls) {
            return steps.mapToDouble(step -> step.shown(polls))
                    .sorted()
                    .skip(SEEDS / 2)
                    .findFirst()
                    .orElseThrow();
        }

        /** Beside a twin whose page keeps its names: so chance is the same for both. */
        @TestFactory
        Stream<DynamicTest> aPageWhoseNamesChangeMovesNothing() {
            return forEach("renamed", profile -> {
                for (boolean restarts : new boolean[] {false, true}) {
                    MeteredEngine engine = underNames(profile);
                    MeteredEngine twin = underNames(profile);
                    for (Pages next : List.of(Pages.V0_32, Pages.HOSTED_BY_RAY, Pages.V0_10)) {
                        engine.page = (batch, start, _) -> next.read(batch, start);
                        if (restarts) {
                            engine.restart();
                            twin.restart();
                        }
                        double rate = 0.6 * MeteredEngine.truth(profile, CHAT).perSecond();
                        for (int i = 0; i < 60; i++) {
                            assertThat(load(engine.second(rate, CHAT)))
                                    .as("%s, poll %d after %s", restarts ? "restarted" : "running on", i, next)
                                    .isCloseTo(load(twin.second(rate, CHAT)), withinPercentage(3));
                        }
                    }
                }
            });
        }

        private static MeteredEngine underNames(Profile profile) {
            MeteredEngine engine = new MeteredEngine(profile, MeteredEngine.KNOWN_BATCH, 5);
            engine.page = (batch, start, _) -> Pages.V0_10.read(batch, start);
            engine.seconds(200, 0.6 * MeteredEngine.truth(profile, CHAT).perSecond(), CHAT);
            return engine;
        }

        @TestFactory
        Stream<DynamicTest> aRestartedEngineComesBackToTheSameLoad() {
            return forEach("restart", profile -> {
                double full = MeteredEngine.truth(profile, CHAT).perSecond();
                MeteredEngine engine = new MeteredEngine(profile, MeteredEngine.KNOWN_BATCH, 5);
                engine.seconds(300, 0.6 * full, CHAT);
                double before = MeteredEngine.mean(engine.seconds(60, 0.6 * full, CHAT));
                engine.restart();
                engine.seconds(30, 0.6 * full, CHAT);
                assertThat(MeteredEngine.mean(engine.seconds(60, 0.6 * full, CHAT)))
                        .isCloseTo(before, withinPercentage(15));
            });
        }

        @Test
        void aPrefixCacheThatBeginsToHitMovesTheLoadByLittleAtATimeToWhereItBelongs() {
            Profile profile = Profile.LLAMA_8B_80GB.withPrefixCaching(true);
            Function<Random, Request> plain = _ -> Request.of(2048, 128);
            Function<Random, Request> shared = _ -> Request.of(2048, 128).withPrefix(1, 1536);
            double rate = 0.6 * MeteredEngine.truth(profile, plain).perSecond();
            MeteredEngine engine = new MeteredEngine(profile, MeteredEngine.KNOWN_BATCH, 3);
            double before = load(engine.seconds(600, rate, plain).getLast());
            for (Signals one : engine.seconds(600, rate, shared)) {
                assertThat(Math.abs(load(one) - before)).isLessThan(0.05);
                before = load(one);
            }
            assertThat(before)
                    .isCloseTo(rate / MeteredEngine.truth(profile, shared).perSecond(), withinPercentage(11));
        }
    }

    @Nested
    class TheCapacity {
        @TestFactory
        Stream<DynamicTest> isKnownAfterFiveMinutes() {
            return forEach("capacity", profile -> {
                Stream.of(CHAT, MeteredEngine.about(1024, 256)).forEach(requests -> {
                    Truth truth = MeteredEngine.truth(profile, requests);
                    for (double wanted : new double[] {0.35, 0.7, 1.2}) {
                        MeteredEngine engine = new MeteredEngine(profile, MeteredEngine.KNOWN_BATCH, 7);
                        Capacity capacity = engine.seconds(300, wanted * truth.perSecond(), requests)
                                .getLast()
                                .capacity()
                                .orElseThrow();
                        assertThat(capacity.requests())
                                .as("at %.2f", wanted)
                                .isCloseTo(truth.atOnce(), withinPercentage(15));
                        assertThat(capacity.confidence()).isGreaterThanOrEqualTo(0.9);
                    }
                });
            });
        }

        @Test
        void isNotTrustedWhileTheBatchLimitIsAGuess() {
            Profile small = Profile.LLAMA_8B_80GB.withLimits(64, 400_000);
            double full = MeteredEngine.truth(small, CHAT).perSecond();
            MeteredEngine engine = new MeteredEngine(small, MeteredEngine.UNKNOWN_BATCH, 3);
            assertThat(engine.seconds(300, 0.5 * full, CHAT)
                            .getLast()
                            .capacity()
                            .orElseThrow())
                    .isEqualTo(new Capacity(256, 0.2, "vLLM's default slot limit; set pilotlight.engine.max-num-seqs"));
            assertThat(engine.seconds(120, 1.3 * full, CHAT)
                            .getLast()
                            .capacity()
                            .orElseThrow())
                    .isEqualTo(new Capacity(64, 0.9, "batch seen full"));
        }

        /** Half of the slots make a step as long as the objective allows: with these taken the pod is full, with half of them it is not. */
        @Test
        void isTheBatchWhoseStepIsAsLongAsItsObjectiveAllows() {
            Profile profile = Profile.LLAMA_8B_80GB.withLimits(128, Profile.LLAMA_8B_80GB.kvTokens());
            double step = new MeteredEngine(profile, MeteredEngine.policy(OptionalInt.of(128)), 3)
                    .closed(64, 120, CHAT)
                    .getLast()
                    .itl()
                    .p95()
                    .orElseThrow();
            SignalPolicy objective = new SignalPolicy(
                    0.7,
                    OptionalInt.of(128),
                    Optional.empty(),
                    Optional.of(Duration.ofNanos((long) (step * 1e9))),
                    Duration.ofSeconds(60),
                    Optional.empty());
            MeteredEngine engine = new MeteredEngine(profile, objective, 3);
            engine.closed(32, 300, CHAT);
            Signals half = engine.closed(32, 60, CHAT).getLast();
            Signals full = engine.closed(64, 120, CHAT).getLast();
            assertThat(full.capacity().orElseThrow().limit()).isEqualTo("inter-token SLO");
            assertThat(full.capacity().orElseThrow().requests()).isBetween(45.0, 80.0);
            assertThat(load(full)).isBetween(0.9, 1.1);
            assertThat(load(half)).isLessThan(0.85);
        }

        @Test
        void isNoLessThanWhatIsRunning() {
            Profile large = Profile.LLAMA_8B_80GB.withLimits(1024, 800_000);
            MeteredEngine engine = new MeteredEngine(large, MeteredEngine.UNKNOWN_BATCH, 3);
            engine.clients(600, 120, Request.of(100, 300));
            assertThat(engine.meter
                            .signals()
                            .orElseThrow()
                            .capacity()
                            .orElseThrow()
                            .requests())
                    .isBetween(590.0, 600.0);
        }
    }

    /** A handful of slots and clients that come all at once: no traffic that a rate describes. */
    @Nested
    class OnFourSlots {
        private static final Profile FOUR = Profile.LLAMA_8B_24GB.withLimits(4, 30_000);
        private final MeteredEngine engine = new MeteredEngine(FOUR, MeteredEngine.FOUR_SLOTS, 1);

        private void send(int requests, Request request) {
            for (int i = 0; i < requests; i++) {
                engine.submit(request);
            }
        }

        private DoubleStream loads(int seconds) {
            return IntStream.range(0, seconds).mapToDouble(_ -> load(engine.quietSecond()));
        }

        @Test
        void isAboveOneAsLongAsAQueueLastsAndGoneWithTheLastRequest() {
            engine.clients(1, 30, Request.of(20, 250));
            engine.quietSecond();
            send(40, Request.of(20, 250));
            assertThat(loads(60)).allMatch(load -> load > 1 && load <= 11);
            assertThat(loads(60).skip(40)).allMatch(load -> load < 0.05);
            assertThat(engine.meter.signals().orElseThrow().capacity()).hasValue(new Capacity(4, 1, "--max-num-seqs"));
        }

        @Test
        void staysFullWhileLongRequestsHoldAllPlaces() {
            engine.clients(1, 30, Request.of(20, 250));
            send(4, Request.of(20, 2000));
            assertThat(loads(55).skip(20)).allMatch(load -> load >= 0.95 && load < 1.5);
        }

        @Test
        void oneRequestIsAQuarterAtMost() {
            engine.clients(1, 20, Request.of(20, 100));
            assertThat(engine.clients(1, 60, Request.of(20, 100))).allMatch(one -> load(one) < 0.35);
        }

        @Test
        void goesByTheGaugesWhereThePageCountsNothing() {
            engine.page = (batch, start, withHistograms) -> gaugesOnly(Snapshots.of(batch, start, withHistograms));
            assertThat(load(engine.clients(2, 60, Request.of(20, 250)).getLast()))
                    .isBetween(0.4, 0.55);
            assertThat(load(engine.clients(12, 60, Request.of(20, 250)).getLast()))
                    .isGreaterThan(1);
            assertThat(loads(120).skip(100)).allMatch(load -> load < 0.05);
        }

        private static EngineSnapshot gaugesOnly(EngineSnapshot page) {
            return new EngineSnapshot(
                    page.ranks().stream()
                            .map(rank -> new Rank(
                                    rank.engine(),
                                    rank.running(),
                                    rank.waiting(),
                                    NONE,
                                    NONE,
                                    NONE,
                                    NONE,
                                    NONE,
                                    NONE,
                                    NONE,
                                    NONE))
                            .toList(),
                    page.models(),
                    page.processStart(),
                    new CacheConfig(NONE, NONE),
                    page.sleep(),
                    Latencies.NONE);
        }
    }
}
