package dev.pilotlight.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The batching model in simulated time: laws that hold for any such server, and figures that follow from a profile. */
class BatchTest {
    private static final long SECOND = 1_000_000_000L;
    /** A step of 10 ms, whatever is in it, and a prompt token of 1 ms. */
    private static final Profile PLAIN =
            new Profile("plain", "plain", 4, 100, 500, 1_600, 10e-3, 0, 0, 1e-3, false, ColdKernels.NONE);

    static List<Profile> profiles() {
        return Profile.NAMED;
    }

    /** What an open stream of requests did to a batch. */
    private record Run(Batch batch, List<Served> served, long submitted, double meanInFlight, double seconds) {
        double throughput() {
            return served.size() / seconds;
        }

        double meanLatency() {
            return served.stream().mapToDouble(Served::latencySeconds).average().orElse(0);
        }

        double meanTimeToFirstToken() {
            return served.stream()
                    .mapToDouble(Served::timeToFirstTokenSeconds)
                    .average()
                    .orElse(0);
        }
    }

    private static Request random(Profile profile, Random random) {
        int longest = Math.min(profile.maxModelLen() / 2, 600);
        return Request.of(1 + random.nextInt(longest), 1 + random.nextInt(longest));
    }

    /** Poisson arrivals; the invariants are checked at each of them. */
    private static Run run(Profile profile, double perSecond, double seconds, long seed) {
        Batch batch = new Batch(profile);
        Random random = new Random(seed);
        List<Served> served = new ArrayList<>();
        long submitted = 0;
        double area = 0;
        double now = 0;
        while (now < seconds) {
            double gap = -Math.log(1 - random.nextDouble()) / perSecond;
            for (double step = gap / 4, until = now + gap; now < until - step / 2; ) { // samples for the area
                area += (batch.running() + batch.waiting()) * step;
                now += step;
                served.addAll(batch.advanceTo((long) (now * SECOND)));
                assertThat(batch.running()).isBetween(0, profile.maxNumSeqs());
                assertThat(batch.kvBlocksUsed()).isBetween(0, batch.kvBlocks());
                assertThat(batch.gauges().kvCacheUsage()).isBetween(0.0, 1.0);
            }
            batch.submit(random(profile, random), (long) (now * SECOND));
            submitted++;
            assertThat(served.size() + batch.running() + batch.waiting())
                    .as("seed %d at %f s: every request has ended or is in flight", seed, now)
                    .isEqualTo((int) submitted);
        }
        return new Run(batch, served, submitted, area / now, now);
    }

    private static List<Served> drain(Batch batch) {
        List<Served> served = new ArrayList<>();
        while (batch.nextEventNanos() != Long.MAX_VALUE) {
            served.addAll(batch.advanceTo(batch.nextEventNanos()));
        }
        return served;
    }

    @Nested
    class Laws {
        @ParameterizedTest
        @ValueSource(longs = {1, 2, 3, 4, 5})
        void everyRequestEndsOnceAndGivesBackWhatItHeld(long seed) {
            Profile profile = PLAIN.withLimits(8, 1_024);
            Run run = run(profile, 3, 600, seed);
            List<Served> all = new ArrayList<>(run.served());
            all.addAll(drain(run.batch()));
            assertThat(all).hasSize((int) run.submitted());
            assertThat(all).allSatisfy(one -> {
                assertThat(one.generatedTokens()).isEqualTo(one.request().outputTokens());
                assertThat(one.finish()).isEqualTo(Finish.LENGTH);
                assertThat(one.arrivedNanos()).isLessThanOrEqualTo(one.scheduledNanos());
                assertThat(one.scheduledNanos()).isLessThan(one.firstTokenNanos());
                assertThat(one.firstTokenNanos()).isLessThanOrEqualTo(one.endedNanos());
            });
            assertThat(run.batch().kvBlocksUsed()).isZero();
            assertThat(run.batch().gauges()).isEqualTo(new Gauges(0, 0, 0));
            assertThat(run.batch().tallies().preemptions())
                    .as("the cache is too small for all")
                    .isPositive();
        }

        @Test
        void talliesAgreeWithWhatWasServed() {
            Run run = run(PLAIN.withLimits(8, 1_024), 3, 600, 9);
            List<Served> all = new ArrayList<>(run.served());
            all.addAll(drain(run.batch()));
            Tallies tallies = run.batch().tallies();
            long tokens = all.stream().mapToLong(Served::generatedTokens).sum();
            assertThat(tallies.ended(Finish.LENGTH)).isEqualTo(all.size());
            assertThat(tallies.generationTokens()).isEqualTo(tokens);
            assertThat(tallies.promptTokens())
                    .isEqualTo(all.stream()
                            .mapToLong(one -> one.request().promptTokens())
                            .sum());
            assertThat(tallies.timeToFirstToken().count()).isEqualTo(all.size());
            assertThat(tallies.timeToFirstToken().mean())
                    .isCloseTo(
                            all.stream()
                                    .mapToDouble(Served::timeToFirstTokenSeconds)
                                    .average()
                                    .orElseThrow(),
                            within(1e-6));
            assertThat(tallies.interTokenLatency().count())
                    .as("a gap between each two tokens of a request")
                    .isEqualTo(tokens - all.size());
            assertThat(tallies.interTokenLatency().sum())
                    .isCloseTo(
                            all.stream()
                                    .mapToDouble(one -> (one.endedNanos() - one.firstTokenNanos()) * 1e-9)
                                    .sum(),
                            within(1e-3));
            assertThat(tallies.preemptions())
                    .isEqualTo(all.stream().mapToLong(Served::preemptions).sum());
        }

        @ParameterizedTest
        @MethodSource("dev.pilotlight.simulator.BatchTest#profiles")
        void littlesLawHolds(Profile profile) {
            double capacity = capacity(profile);
            Run run = run(profile, capacity * 0.6, 4_000 / capacity, 11);
            double littles = run.throughput() * run.meanLatency();
            assertThat(run.meanInFlight()).isCloseTo(littles, within(0.1 * littles + 0.1));
        }

        @ParameterizedTest
        @ValueSource(longs = {1, 2, 3})
        void theResultDoesNotDependOnHowOftenOneAsks(long seed) {
            Profile profile = Profile.TINY.withLimits(6, 3_000).withColdKernels(ColdKernels.of(1, 0.1));
            Batch rare = new Batch(profile);
            Batch often = new Batch(profile);
            Random random = new Random(seed);
            List<Served> fromRare = new ArrayList<>();
            List<Served> fromOften = new ArrayList<>();
            for (long now = 0; now < 300 * SECOND; now += (long) (random.nextDouble() * SECOND)) {
                Request request = random(profile, random);
                rare.submit(request, now);
                for (long part = fromOften.isEmpty() ? 0 : now - SECOND; part < now; part += 7_777_777) {
                    if (part > 0) {
                        fromOften.addAll(often.advanceTo(part));
                    }
                }
                often.submit(request, now);
            }
            fromRare.addAll(drain(rare));
            fromOften.addAll(drain(often));
            assertThat(fromOften).isEqualTo(fromRare);
            assertThat(often.tallies().generationTokens())
                    .isEqualTo(rare.tallies().generationTokens());
        }
    }

    /** Requests a second that a batch ends when the queue is never empty. */
    private static double capacity(Profile profile) {
        Batch batch = new Batch(profile);
        Random random = new Random(5);
        int count = profile.maxNumSeqs() * 8;
        for (int i = 0; i < count; i++) {
            batch.submit(random(profile, random), 0);
        }
        List<Served> served = new ArrayList<>();
        while (served.size() < count / 2) {
            served.addAll(batch.advanceTo(batch.nextEventNanos()));
        }
        return served.size() / (served.getLast().endedNanos() * 1e-9);
    }

    @Nested
    class UnderLoad {
        @ParameterizedTest
        @MethodSource("dev.pilotlight.simulator.BatchTest#profiles")
        void throughputSaturatesAndTheFirstTokenWaits(Profile profile) {
            double capacity = capacity(profile);
            double seconds = 3_000 / capacity;
            Run low = run(profile, capacity * 0.4, seconds, 21);
            Run full = run(profile, capacity * 1.5, seconds, 22);
            Run over = run(profile, capacity * 3, seconds, 23);
            assertThat(low.throughput()).as("all that is offered").isCloseTo(capacity * 0.4, within(capacity * 0.06));
            assertThat(full.throughput()).isCloseTo(capacity, within(capacity * 0.15));
            assertThat(over.throughput()).isCloseTo(capacity, within(capacity * 0.15));
            assertThat(low.meanTimeToFirstToken()).isLessThan(full.meanTimeToFirstToken());
            assertThat(full.meanTimeToFirstToken()).isLessThan(over.meanTimeToFirstToken());
            assertThat(over.batch().gauges().waiting()).isPositive();
        }

        @ParameterizedTest
        @MethodSource("dev.pilotlight.simulator.BatchTest#profiles")
        void interTokenLatencyRisesWithTheBatch(Profile profile) {
            double one = interTokenSeconds(profile, 1);
            double many = interTokenSeconds(profile, profile.maxNumSeqs());
            assertThat(one).isCloseTo(profile.stepSeconds(), within(0.3 * profile.stepSeconds()));
            assertThat(many).isGreaterThan(one * 1.1);
        }

        private static double interTokenSeconds(Profile profile, int requests) {
            Batch batch = new Batch(profile);
            for (int i = 0; i < requests; i++) {
                batch.submit(Request.of(16, 90), 0);
            }
            drain(batch);
            return batch.tallies().interTokenLatency().mean();
        }

        @Test
        void preemptsTheYoungestAndComputesItAgain() {
            Batch batch = new Batch(PLAIN.withLimits(4, 320)); // 19 usable blocks: two requests of 160 tokens need 20
            batch.submit(Request.of(100, 60), 0);
            batch.submit(Request.of(100, 60), 0);
            List<Served> served = drain(batch);
            assertThat(served).extracting(Served::preemptions).containsExactly(0, 1);
            assertThat(served).extracting(Served::generatedTokens).containsExactly(60, 60);
            assertThat(batch.tallies().promptTokens())
                    .as("a prompt counts once")
                    .isEqualTo(200);
        }

        @Test
        void aFullCacheIsExactlyOne() {
            Batch batch = new Batch(PLAIN.withLimits(4, 320));
            batch.submit(Request.of(152, 100), 0);
            batch.submit(Request.of(140, 100), 0);
            batch.advanceTo(350_000_000);
            assertThat(batch.gauges().kvCacheUsage()).isEqualTo(1.0);
        }
    }

    @Nested
    class OneRequest {
        private final Batch batch = new Batch(PLAIN);

        @Test
        void takesItsPrefillAndAStepForEachFurtherToken() {
            batch.submit(Request.of(50, 3), SECOND);
            Served served = drain(batch).getFirst();
            assertThat(served.firstTokenNanos()).isEqualTo(SECOND + 60_000_000);
            assertThat(served.endedNanos()).isEqualTo(SECOND + 80_000_000);
        }

        @Test
        void withALongPromptIsPrefilledInChunks() {
            batch.submit(Request.of(250, 1), 0); // 100 + 100 + 50 tokens in three steps
            assertThat(drain(batch).getFirst().firstTokenNanos()).isEqualTo(280_000_000);
        }

        @Test
        void isInNoGaugeBeforeTheEngineHasEndedAStep() {
            batch.submit(Request.of(50, 3), 0);
            batch.advanceTo(59_999_999);
            assertThat(batch.gauges()).isEqualTo(new Gauges(0, 0, 0));
            batch.advanceTo(60_000_000);
            assertThat(batch.gauges().running()).isEqualTo(1);
        }

        @Test
        void thatIsAbortedLeavesAtTheEndOfTheStepUncounted() {
            Sequence sequence = batch.submit(Request.of(50, 300), 0);
            batch.abort(sequence, 65_000_000);
            assertThat(batch.running()).isEqualTo(1);
            Served served = drain(batch).getFirst();
            assertThat(served.finish()).isEqualTo(Finish.ABORT);
            assertThat(served.endedNanos()).isEqualTo(70_000_000);
            assertThat(batch.tallies().ended()).isZero();
            assertThat(batch.kvBlocksUsed()).isZero();
        }

        @Test
        void withoutOutputEndsWithItsPrefill() {
            batch.submit(new Request(50, 0, 0, 0, 0), 0);
            Served served = drain(batch).getFirst();
            assertThat(served.finish()).isEqualTo(Finish.STOP);
            assertThat(served.endedNanos()).isEqualTo(60_000_000);
        }
    }

    @Nested
    class ColdAndCached {
        @Test
        void firstRequestsOfEachClassOfLengthsPayForTheirKernels() {
            Batch batch = new Batch(PLAIN.withColdKernels(ColdKernels.of(20, 0.5)));
            List<Double> seconds = new ArrayList<>();
            for (int prompt : new int[] {10, 10, 10, 100, 100, 100}) {
                batch.submit(
                        Request.of(prompt, 1),
                        batch.nextEventNanos() == Long.MAX_VALUE ? 100 * SECOND * (seconds.size() + 1) : 0);
                seconds.add(Math.round(drain(batch).getFirst().timeToFirstTokenSeconds() * 1e6) / 1e6);
            }
            assertThat(seconds).containsExactly(20.02, 0.52, 0.02, 20.11, 0.61, 0.11);
        }

        @Test
        void aCachedPrefixIsNotComputedAgain() {
            Batch batch = new Batch(PLAIN.withPrefixCaching(true));
            batch.submit(Request.of(90, 1).withPrefix(7, 80), 0);
            batch.submit(Request.of(90, 1).withPrefix(7, 80), SECOND);
            List<Served> served = drain(batch);
            assertThat(served).extracting(Served::timeToFirstTokenSeconds).containsExactly(0.1, 0.02);
            assertThat(batch.tallies().prefixHits).isEqualTo(80);
        }
    }

    @Nested
    class HungOrPaused {
        private final Batch batch = new Batch(PLAIN);

        @Test
        void aHungEngineLeavesItsLastValuesStandingAndGoesOnLater() {
            batch.submit(Request.of(50, 10), 0);
            batch.advanceTo(70_000_000);
            batch.hang(70_000_000);
            batch.submit(Request.of(50, 10), SECOND);
            assertThat(batch.advanceTo(60 * SECOND)).isEmpty();
            assertThat(batch.gauges().running()).isEqualTo(1);
            assertThat(batch.gauges().waiting()).isZero();
            assertThat(batch.nextEventNanos()).isEqualTo(Long.MAX_VALUE);
            batch.unhang(60 * SECOND);
            List<Served> served = drain(batch);
            assertThat(served).hasSize(2).allSatisfy(one -> assertThat(one.endedNanos())
                    .isGreaterThan(60 * SECOND));
        }

        @Test
        void oneThatHangsWhileIdleLooksIdleForEver() {
            batch.hang(0);
            for (int i = 0; i < 6; i++) {
                batch.submit(Request.of(50, 10), SECOND);
            }
            batch.advanceTo(100 * SECOND);
            assertThat(batch.gauges()).isEqualTo(new Gauges(0, 0, 0));
            batch.unhang(100 * SECOND);
            assertThat(drain(batch)).hasSize(6);
        }

        @Test
        void aFrozenOneKeepsItsRequestsAndDoesNotCountNewOnes() {
            batch.submit(Request.of(50, 10), 0);
            batch.advanceTo(70_000_000);
            batch.setGate(Batch.Gate.FROZEN, 70_000_000);
            batch.submit(Request.of(50, 10), SECOND);
            assertThat(batch.advanceTo(60 * SECOND)).isEmpty();
            assertThat(batch.gauges()).isEqualTo(new Gauges(1, 0, batch.gauges().kvCacheUsage()));
            batch.setGate(Batch.Gate.OPEN, 60 * SECOND);
            assertThat(drain(batch)).hasSize(2);
        }

        @Test
        void oneThatHoldsNewRequestsEndsTheOldOnes() {
            batch.submit(Request.of(50, 10), 0);
            batch.setGate(Batch.Gate.HOLD_NEW, 0);
            batch.submit(Request.of(50, 10), 1);
            assertThat(batch.advanceTo(60 * SECOND)).hasSize(1);
            assertThat(batch.isDrained()).isTrue();
            assertThat(batch.waiting()).isEqualTo(1);
        }

        @Test
        void abortingAllCountsThemAndFreesTheCache() {
            for (int i = 0; i < 10; i++) {
                batch.submit(Request.of(50, 100), 0);
            }
            batch.advanceTo(SECOND);
            batch.abortAll(SECOND);
            assertThat(batch.advanceTo(SECOND)).hasSize(10).allMatch(one -> one.finish() == Finish.ABORT);
            assertThat(batch.tallies().ended(Finish.ABORT)).isEqualTo(10);
            assertThat(batch.kvBlocksUsed()).isZero();
            assertThat(batch.gauges()).isEqualTo(new Gauges(0, 0, 0));
        }
    }
}
