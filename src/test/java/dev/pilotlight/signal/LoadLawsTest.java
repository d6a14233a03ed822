package dev.pilotlight.signal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.pilotlight.engine.EngineSnapshot;
import dev.pilotlight.engine.Rank;
import dev.pilotlight.replay.Snapshots;
import dev.pilotlight.simulator.Profile;
import dev.pilotlight.simulator.Request;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * What the load obeys at every engine, whatever came before. The truth is the simulator's own: tokens per second with so many requests in
 * flight, over those with all slots taken.
 */
class LoadLawsTest {
    /** Eight slots, requests of 0.8 s. */
    private static final Profile EIGHT = Profile.TINY;

    private static final Function<Random, Request> SHORT = MeteredEngine.about(32, 32);
    private static final Function<Random, Request> LONG = MeteredEngine.about(64, 1200);
    private static final Function<Random, Request> CHAT = MeteredEngine.about(512, 128);
    private static final List<Profile> PROFILES =
            List.of(Profile.LLAMA_8B_24GB, Profile.LLAMA_8B_FP8_24GB, Profile.LLAMA_8B_80GB, Profile.LLAMA_70B_4X80GB);
    private static final long SEED = 42;

    private static double load(Signals signals) {
        return signals.load().orElseThrow();
    }

    private static SignalPolicy told(int slots) {
        return MeteredEngine.policy(OptionalInt.of(slots));
    }

    /** The share of what the engine does at its fullest that it does with so many in flight. */
    private record Truth(Profile profile, Function<Random, Request> requests, Map<Integer, Double> known) {
        static Truth of(Profile profile, Function<Random, Request> requests) {
            return new Truth(profile, requests, new TreeMap<>());
        }

        double at(int running) {
            return running == 0 ? 0 : Math.min(1, tokens(running) / tokens(profile.maxNumSeqs()));
        }

        private double tokens(int clients) {
            return known.computeIfAbsent(clients, c -> MeteredEngine.closedLoop(profile, requests, c));
        }

        /** Of the last seconds. */
        double lately(MeteredEngine engine, int seconds) {
            return engine.taken(seconds).stream()
                    .mapToDouble(this::at)
                    .average()
                    .orElseThrow();
        }
    }

    @Nested
    class AConstantNumberInFlight {
        @TestFactory
        Stream<DynamicTest> isTheThroughputOverThatOfAFullPod() {
            return Stream.concat(
                    constant(EIGHT, SHORT, 8),
                    Stream.concat(
                            PROFILES.stream()
                                    .flatMap(profile -> constant(profile.withLimits(32, profile.kvTokens()), CHAT, 32)),
                            PROFILES.stream()
                                    .flatMap(profile ->
                                            constant(profile.withLimits(32, profile.kvTokens()), SHORT, 32))));
        }

        private static Stream<DynamicTest> constant(Profile profile, Function<Random, Request> requests, int slots) {
            Truth truth = Truth.of(profile, requests);
            return Stream.of(0.25, 0.5, 0.75, 1.0).map(share -> {
                int clients = (int) (share * slots);
                return DynamicTest.dynamicTest("%d of %d on %s".formatted(clients, slots, profile.name()), () -> {
                    MeteredEngine engine = new MeteredEngine(profile, told(slots), SEED);
                    engine.closed(clients, 120, requests);
                    for (Signals one : engine.closed(clients, 300, requests)) {
                        assertThat(load(one)).isCloseTo(truth.at(clients), within(0.15));
                    }
                });
            });
        }
    }

    @Nested
    class WhatWasIsForgotten {
        private final Truth truth = Truth.of(EIGHT, SHORT);
        private final MeteredEngine engine = new MeteredEngine(EIGHT, told(8), SEED);

        @Test
        void aStallOfFiveSeconds() {
            engine.closed(4, 180, SHORT);
            engine.stall();
            engine.closed(4, 5, SHORT);
            engine.goOn();
            assertThat(engine.closed(4, 60, SHORT)).allMatch(one -> load(one) < 1);
            holds(engine.closed(4, 420, SHORT), truth.at(4));
        }

        @Test
        void aStallOfFiveSecondsInEveryMinute() {
            for (int clients = 1; clients <= 8; clients++) {
                engine.closed(clients, 60, SHORT);
            }
            engine.closed(4, 60, SHORT);
            for (int minute = 0; minute < 10; minute++) {
                engine.stall();
                assertThat(engine.closed(4, 5, SHORT))
                        .allSatisfy(one -> assertThat(load(one)).isCloseTo(truth.at(4), within(0.1)));
                engine.goOn();
                // What was held up ends all at once, and as many come: these could be on their way into the batch.
                assertThat(engine.closed(4, 10, SHORT)).allMatch(one -> load(one) < 1);
                for (Signals one : engine.closed(4, 45, SHORT)) {
                    assertThat(load(one)).isCloseTo(truth.at(4), within(0.1));
                }
            }
        }

        /** What came meanwhile is on the page all at once when the engine goes on: it came over all of that time. */
        @Test
        void aStallUnderRequestsThatGoOnComing() {
            double before = load(impatient(300, 3, 0).getLast());
            for (int minute = 0; minute < 3; minute++) {
                engine.stall();
                List<Signals> seen = impatient(5, 3, 0);
                engine.goOn();
                seen.addAll(impatient(55, 3, 0));
                holds(seen, before);
            }
        }

        @Test
        void longRequestsOnceShortOnesCome() {
            for (int i = 0; i < 12; i++) {
                engine.submit(LONG.apply(new Random(SEED + i)));
            }
            while (engine.running() > 0) {
                engine.second(0.01, SHORT);
            }
            List<Signals> change = impatient(60, 0.9, 0);
            assertThat(change).allMatch(one -> load(one) < 3);
            for (int i = 0; i < 360; i++) {
                Signals one = engine.impatientSecond(0.9, SHORT, 0, 1);
                assertThat(load(one)).isCloseTo(truth.lately(engine, 60), within(0.1));
            }
        }

        @Test
        void aWaveOfClientsThatHangUp() {
            Function<Random, Request> halfAMinute = MeteredEngine.about(64, 1000);
            Truth theirs = Truth.of(EIGHT, halfAMinute);
            for (int i = 0; i < 600; i++) {
                Signals one = engine.impatientSecond(0, halfAMinute, 2, 1.5);
                if (i > 60) {
                    assertThat(load(one)).isCloseTo(theirs.lately(engine, 60), within(0.15));
                }
                assertThat(load(one)).as("second %d", i).isLessThan(i > 60 ? 1 : 3.01);
            }
            impatient(60, 2, 0);
            for (int i = 0; i < 300; i++) {
                Signals one = engine.impatientSecond(2, SHORT, 0, 1);
                assertThat(load(one)).isCloseTo(truth.lately(engine, 60), within(0.1));
            }
        }

        @Test
        void clientsThatHangUpAmongOthersMoveNothingForGood() {
            for (int i = 0; i < 1200; i++) {
                Signals one = engine.impatientSecond(2, SHORT, 2, 0.4);
                if (i > 120) {
                    assertThat(load(one)).as("second %d", i).isCloseTo(truth.lately(engine, 60), within(0.1));
                }
            }
        }

        @Test
        void aBurst() {
            impatient(180, 3, 0);
            for (int i = 0; i < 60; i++) {
                engine.submit(SHORT.apply(new Random(i)));
            }
            while (engine.waiting() > 0) {
                engine.impatientSecond(3, SHORT, 0, 1);
            }
            impatient(60, 3, 0);
            for (int i = 0; i < 300; i++) {
                Signals one = engine.impatientSecond(3, SHORT, 0, 1);
                assertThat(load(one)).isCloseTo(truth.lately(engine, 60), within(0.1));
            }
        }

        @Test
        void aLimitThatTheEngineNoLongerHas() {
            MeteredEngine untold = new MeteredEngine(EIGHT, MeteredEngine.UNKNOWN_BATCH, SEED);
            untold.closed(14, 300, SHORT);
            untold.restart(EIGHT.withLimits(2, 8192));
            untold.closed(6, 60, SHORT);
            assertThat(untold.closed(6, 120, SHORT)).allMatch(one -> load(one) >= 1);
            assertThat(untold.meter
                            .signals()
                            .orElseThrow()
                            .capacity()
                            .orElseThrow()
                            .requests())
                    .isEqualTo(2);
            untold.restart(EIGHT);
            untold.closed(6, 60, SHORT);
            assertThat(untold.closed(6, 60, SHORT)).allMatch(one -> load(one) < 1);
        }

        private List<Signals> impatient(int seconds, double perSecond, double impatient) {
            List<Signals> seen = new ArrayList<>();
            for (int i = 0; i < seconds; i++) {
                seen.add(engine.impatientSecond(perSecond, SHORT, impatient, 1));
            }
            return seen;
        }

        private static void holds(List<Signals> seen, double truth) {
            for (int i = 0; i < seen.size(); i++) {
                assertThat(load(seen.get(i))).as("second %d", i).isCloseTo(truth, within(0.1));
            }
        }
    }

    @Nested
    class WhatIsSeen {
        @Test
        void twoClientsOnTwoPlacesAreAFullPodAndNoMore() {
            Profile two = EIGHT.withLimits(2, 8192);
            MeteredEngine engine = new MeteredEngine(two, told(2), SEED);
            engine.closed(2, 60, SHORT);
            assertThat(engine.closed(2, 600, SHORT)).allMatch(one -> load(one) > 0.85 && load(one) < 1.1);
        }

        @Test
        void allTakenAndAQueueThatLastsAreOneAtLeast() {
            MeteredEngine engine = new MeteredEngine(EIGHT, told(8), SEED);
            engine.closed(12, 40, SHORT);
            assertThat(engine.closed(12, 300, SHORT)).allMatch(one -> load(one) >= 1);
            engine.closed(9, 40, SHORT);
            assertThat(engine.closed(9, 300, SHORT)).allMatch(one -> load(one) >= 0.9);
        }

        /** Traffic that changes at random every few minutes, on each engine: never full while there is room, never far from the truth. */
        @TestFactory
        Stream<DynamicTest> isNeverFullWhereAPlaceIsFreeAndNothingWaits() {
            return Stream.concat(Stream.of(EIGHT), PROFILES.stream()).map(profile -> {
                Function<Random, Request> requests = profile == EIGHT ? SHORT : CHAT;
                return DynamicTest.dynamicTest(profile.name(), () -> {
                    Profile told = profile == EIGHT ? profile : profile.withLimits(48, profile.kvTokens());
                    Truth truth = Truth.of(told, requests);
                    double full = MeteredEngine.truth(told, requests).perSecond();
                    double stay = MeteredEngine.truth(told, requests).atOnce() / full;
                    MeteredEngine engine = new MeteredEngine(told, told(told.maxNumSeqs()), SEED);
                    Random random = new Random(SEED);
                    int free = 0;
                    for (int phase = 0; phase < 20; phase++) {
                        double rate = full * (0.05 + 1.1 * random.nextDouble());
                        for (int second = 0; second < 200; second++) {
                            Signals one = engine.impatientSecond(rate, requests, 0, 1);
                            boolean isFree = engine.waiting() == 0 && engine.running() < told.maxNumSeqs();
                            free = isFree ? free + 1 : 0;
                            if (free > 2 * stay) {
                                boolean isNews = second < 2 * stay;
                                if (!isNews) {
                                    assertThat(load(one))
                                            .as("phase %d second %d", phase, second)
                                            .isLessThan(1);
                                }
                                if (second > Math.max(60, 2 * stay) && free > Math.max(60, 2 * stay)) {
                                    assertThat(load(one))
                                            .as("phase %d second %d", phase, second)
                                            .isCloseTo(
                                                    truth.lately(engine, Math.max(60, (int) (2 * stay))), within(0.15));
                                }
                            }
                        }
                    }
                });
            });
        }
    }

    @Nested
    class WhatIsNotOurWork {
        @Test
        void requestsThatWaitForATransferCountForNothing() {
            Profile profile = Profile.LLAMA_8B_80GB;
            MeteredEngine engine = new MeteredEngine(profile, told(256), SEED);
            MeteredEngine twin = new MeteredEngine(profile, told(256), SEED);
            engine.page = (batch, start, histograms) -> deferring(Snapshots.of(batch, start, histograms), 4);
            for (int i = 0; i < 300; i++) {
                assertThat(load(engine.second(5, CHAT))).isEqualTo(load(twin.second(5, CHAT)));
            }
        }

        private static EngineSnapshot deferring(EngineSnapshot page, double requests) {
            Rank rank = page.ranks().getFirst();
            Rank deferring = new Rank(
                    rank.engine(),
                    rank.running(),
                    rank.waiting() + requests,
                    rank.kvCacheUse(),
                    rank.promptTokens(),
                    rank.generationTokens(),
                    rank.successes(),
                    rank.preemptions(),
                    rank.answeredTokens(),
                    rank.cachedPromptTokens(),
                    rank.steps(),
                    requests);
            return new EngineSnapshot(
                    List.of(deferring),
                    page.models(),
                    page.processStart(),
                    page.cache(),
                    page.sleep(),
                    page.latencies());
        }
    }
}
