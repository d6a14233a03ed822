package dev.pilotlight.signal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.pilotlight.engine.CacheConfig;
import dev.pilotlight.engine.EngineSnapshot;
import dev.pilotlight.engine.Latencies;
import dev.pilotlight.engine.Rank;
import dev.pilotlight.engine.Sleep;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** How many requests, and how much of a KV cache, an engine has room for. */
class LimitsTest {
    private static final double FULL = 0.9;

    private static OptionalDouble share(double ofOne) {
        return OptionalDouble.of(ofOne);
    }

    /** Four requests in the batch. */
    private static Limits seconds(Limits limits, int seconds, double waiting, double cacheUse) {
        Interval second = new Interval(
                1, new Interval.Requests(1, 4, 4, 0, waiting, 0), Optional.empty(), OptionalDouble.of(cacheUse));
        Limits next = limits;
        for (int i = 0; i < seconds; i++) {
            next = next.advance(second);
        }
        return next;
    }

    @Test
    void leaveHalfARequestFree() {
        assertThat(Limits.UNKNOWN.usableCache(share(0.2))).isCloseTo(0.9, within(1e-9));
        assertThat(Limits.UNKNOWN.usableCache(OptionalDouble.empty())).isEqualTo(1);
    }

    @Test
    void leaveHalfOfTheCacheAtMost() {
        assertThat(Limits.UNKNOWN.usableCache(share(1.5))).isEqualTo(0.5);
    }

    @Test
    void areWhatWasSeenWhereACacheKeptRequestsWaiting() {
        Limits seen = seconds(Limits.UNKNOWN, 20, 3, FULL);
        assertThat(seen.usableCache(share(0.8))).isEqualTo(FULL);
        assertThat(seconds(seen, 60, 0, 0.1).usableCache(share(0.8)))
                .as("and stay so")
                .isEqualTo(FULL);
    }

    @Test
    void areNotLearnedFromABurstNorFromACacheWithRoom() {
        assertThat(seconds(Limits.UNKNOWN, 19, 3, FULL).usableCache(share(0.8))).isCloseTo(0.6, within(1e-9));
        assertThat(seconds(Limits.UNKNOWN, 60, 3, 0.8).usableCache(share(0.8))).isCloseTo(0.6, within(1e-9));
        assertThat(seconds(Limits.UNKNOWN, 60, 3, 0.85).usableCache(share(0.8))).isCloseTo(0.6, within(1e-9));
    }

    @Test
    void followWhatIsSeenOverAMinute() {
        Limits seen = seconds(Limits.UNKNOWN, 20, 3, FULL);
        assertThat(seconds(seen, 60, 3, 1).usableCache(share(0.8)))
                .isCloseTo(FULL + 0.1 * (1 - Math.exp(-1)), within(1e-9));
    }

    private static Limits polled(
            Limits limits, int times, double running, double waiting, double finished, double cacheUse) {
        Interval second = new Interval(
                1,
                new Interval.Requests(finished, running, running, 0, waiting, 0),
                Optional.empty(),
                OptionalDouble.of(cacheUse));
        Limits next = limits;
        for (int i = 0; i < times; i++) {
            next = next.advance(second);
        }
        return next;
    }

    private static SignalPolicy told(Integer maxNumSeqs) {
        return MeteredEngine.policy(maxNumSeqs == null ? OptionalInt.empty() : OptionalInt.of(maxNumSeqs));
    }

    /** Of so many ranks, each with this share of its cache in use. */
    private static EngineSnapshot page(int ranks, OptionalDouble cacheUse) {
        OptionalDouble none = OptionalDouble.empty();
        Rank rank = new Rank("0", 0, 0, cacheUse, none, none, none, none, none, none, none);
        return new EngineSnapshot(
                Collections.nCopies(ranks, rank),
                List.of("tiny"),
                none,
                CacheConfig.UNKNOWN,
                Sleep.AWAKE,
                Latencies.NONE);
    }

    /** One running request has held {@code share} of the cache for so many seconds. */
    private static Price held(double share, double seconds) {
        return new Price(0, 0, 0, 0, new Price.Cache(seconds, share * seconds), new Price.Tokens(0, 0, 0));
    }

    @Nested
    class OfTheBatch {
        /** @param limits learned within the test, not before it */
        private record Seen(String name, Supplier<Limits> limits, double batch) {}

        @TestFactory
        Stream<DynamicTest> isLearnedFromABatchThatStaysFullBesideAQueue() {
            Limits none = Limits.UNKNOWN;
            return Stream.of(
                            new Seen("for 10 s", () -> polled(none, 11, 4, 3, 1, 0), 4),
                            new Seen("for 9 s", () -> polled(none, 10, 4, 3, 1, 0), 0),
                            new Seen("while five requests end", () -> polled(none, 11, 4, 3, 0.5, 0), 4),
                            new Seen("while fewer end", () -> polled(none, 11, 4, 3, 0.49, 0), 0),
                            new Seen("without a queue", () -> polled(none, 60, 4, 0, 1, 0), 0),
                            new Seen(
                                    "with a break",
                                    () -> polled(polled(polled(none, 9, 4, 3, 1, 0), 1, 4, 0, 1, 0), 9, 4, 3, 1, 0),
                                    0),
                            new Seen(
                                    "one slot free now and then",
                                    () -> polled(polled(none, 6, 5, 3, 1, 0), 6, 4, 3, 1, 0),
                                    5),
                            new Seen(
                                    "one more in the end", () -> polled(polled(none, 6, 4, 3, 1, 0), 6, 5, 3, 1, 0), 5),
                            new Seen("two free", () -> polled(polled(none, 6, 6, 3, 1, 0), 6, 4, 3, 1, 0), 0),
                            new Seen(
                                    "a twentieth free",
                                    () -> polled(polled(none, 6, 105, 3, 1, 0), 6, 100, 3, 1, 0),
                                    105),
                            new Seen("more than that", () -> polled(polled(none, 6, 106, 3, 1, 0), 6, 100, 3, 1, 0), 0),
                            new Seen("of which the cache is full", () -> polled(none, 60, 4, 3, 1, FULL), 0),
                            new Seen("and less later", () -> polled(polled(none, 11, 8, 3, 1, 0), 60, 4, 3, 1, 0), 8))
                    .map(seen -> DynamicTest.dynamicTest(
                            seen.name,
                            () -> assertThat(seen.limits.get().batch()).isEqualTo(seen.batch)));
        }

        @Test
        void isAsToldElseAsSeenElseAsAssumed() {
            Limits full = polled(Limits.UNKNOWN, 11, 4, 3, 1, 0);
            assertThat(full.slots(told(8), 2)).isEqualTo(16);
            assertThat(full.slots(told(null), 2)).isEqualTo(4);
            assertThat(Limits.UNKNOWN.slots(told(null), 2)).isEqualTo(512);
            assertThat(full.knowsSlots(told(null))).isTrue();
            assertThat(Limits.UNKNOWN.knowsSlots(told(8))).isTrue();
            assertThat(Limits.UNKNOWN.knowsSlots(told(null))).isFalse();
        }

        @Test
        void isNeverLessThanTwoReadingsInARowShowed() {
            Interval rising =
                    new Interval(1, new Interval.Requests(0, 5, 12, 0, 0, 0), Optional.empty(), OptionalDouble.empty());
            assertThat(Limits.UNKNOWN.advance(rising).slots(told(4), 1)).isEqualTo(5);
            assertThat(polled(Limits.UNKNOWN, 1, 12, 0, 0, 0).slots(told(4), 1)).isEqualTo(12);
        }
    }

    @Nested
    class OfTheQueue {
        @Test
        void lastsTheMoreTheLongerItIsThere() {
            assertThat(Limits.UNKNOWN.queueLasts(0)).isZero();
            assertThat(polled(Limits.UNKNOWN, 10, 4, 1, 0, 0).queueLasts(0)).isEqualTo(0.5);
            assertThat(polled(Limits.UNKNOWN, 10, 4, 1, 0, 0).queueLasts(5)).isEqualTo(0.75);
            assertThat(polled(Limits.UNKNOWN, 25, 4, 1, 0, 0).queueLasts(0)).isEqualTo(1);
        }

        @Test
        void outlastsOneReadingWithout() {
            Limits hour = polled(Limits.UNKNOWN, 3600, 4, 1, 0, 0);
            assertThat(polled(hour, 1, 4, 0, 0, 0).queueLasts(0)).isEqualTo(1);
            assertThat(polled(hour, 2, 4, 0, 0, 0).queueLasts(0)).isEqualTo(0.95);
            assertThat(polled(hour, 6, 4, 0, 0, 0).queueLasts(1)).isEqualTo(0.05);
            Interval two =
                    new Interval(2, new Interval.Requests(0, 4, 4, 0, 0, 0), Optional.empty(), OptionalDouble.empty());
            assertThat(hour.advance(two).queueLasts(0)).as("of two seconds").isEqualTo(0.95);
        }
    }

    @Nested
    class Taken {
        private static double taken(Integer slots, double running, double cacheUse) {
            return Limits.UNKNOWN.taken(page(1, OptionalDouble.of(cacheUse)), running, share(0.2), told(slots));
        }

        @Test
        void isOfSlotsOrOfTheCacheWhicheverIsFuller() {
            assertThat(taken(8, 4, 0.09)).isEqualTo(0.5);
            assertThat(taken(8, 2, 0.45)).isCloseTo(0.5, within(1e-9));
            assertThat(taken(8, 4, 0.95)).isEqualTo(1);
            assertThat(taken(8, 0, 0.45)).as("a cache of past requests is free").isZero();
        }
    }

    @Nested
    class TheCapacity {
        private static Capacity of(Limits limits, OptionalDouble cacheUse, Price price, Integer slots) {
            return limits.capacity(page(1, cacheUse), price, told(slots));
        }

        private static void is(Capacity seen, double requests, double confidence, String limit) {
            assertThat(seen.requests()).isCloseTo(requests, within(1e-9));
            assertThat(seen.confidence()).isCloseTo(confidence, within(1e-9));
            assertThat(seen.limit()).startsWith(limit);
        }

        @Test
        void isOfSlotsWhereTheyEndFirst() {
            OptionalDouble gauge = share(0.1);
            Limits full = polled(Limits.UNKNOWN, 11, 4, 3, 1, 0);
            is(of(Limits.UNKNOWN, gauge, Price.UNKNOWN, 8), 8, 0.4, "--max-num-seqs");
            is(of(Limits.UNKNOWN, gauge, held(0.05, 30), 8), 8, 0.7, "--max-num-seqs");
            is(of(Limits.UNKNOWN, OptionalDouble.empty(), Price.UNKNOWN, 8), 8, 1, "--max-num-seqs");
            is(of(full, gauge, Price.UNKNOWN, 4), 4, 1, "--max-num-seqs");
            is(of(full, gauge, Price.UNKNOWN, null), 4, 0.9, "batch seen full");
            is(of(Limits.UNKNOWN, gauge, Price.UNKNOWN, null), 256, 0.2, "vLLM's default");
        }

        @Test
        void isOfTheCacheWhereThatEndsFirst() {
            OptionalDouble gauge = share(0.1);
            Limits seen = seconds(Limits.UNKNOWN, 20, 3, FULL);
            is(of(Limits.UNKNOWN, gauge, held(0.25, 60), 8), 3.5, 0.9, Limits.CACHE);
            is(of(Limits.UNKNOWN, gauge, held(0.25, 30), 8), 3.5, 0.9 * 0.65, Limits.CACHE);
            is(of(Limits.UNKNOWN, gauge, held(0.25, 60), null), 3.5, 0.2, Limits.CACHE);
            is(of(seen, gauge, held(0.25, 60), null), 3.6, 0.95, Limits.CACHE);
            is(of(seen, gauge, held(0.25, 60), 8), 3.6, 0.95, Limits.CACHE);
            is(of(Limits.UNKNOWN, gauge, held(0.9, 60), 8), 1, 0.9, Limits.CACHE);
        }
    }
}
