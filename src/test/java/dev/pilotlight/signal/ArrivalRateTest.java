package dev.pilotlight.signal;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Steady at constant traffic, quick after a step, whatever the scale. */
class ArrivalRateTest {
    private static final long SEED = 20261125;

    private static ArrivalRate after(ArrivalRate rate, int seconds, double perSecond, Random random) {
        ArrivalRate next = rate;
        for (int i = 0; i < seconds; i++) {
            next = next.advance(poisson(perSecond, random), 1);
        }
        return next;
    }

    private static int poisson(double mean, Random random) {
        int count = 0;
        for (double at = -Math.log(1 - random.nextDouble()); at < mean; at -= Math.log(1 - random.nextDouble())) {
            count++;
        }
        return count;
    }

    @TestFactory
    Stream<DynamicTest> isSteadyWhereTrafficIs() {
        return Stream.of(1.0, 4.0, 20.0, 100.0)
                .map(perSecond -> DynamicTest.dynamicTest("at %.0f requests a second".formatted(perSecond), () -> {
                    Random random = new Random(SEED);
                    ArrivalRate rate = after(ArrivalRate.UNKNOWN, 900, perSecond, random);
                    double sum = 0;
                    double squares = 0;
                    int seconds = 3600;
                    for (int i = 0; i < seconds; i++) {
                        rate = rate.advance(poisson(perSecond, random), 1);
                        sum += rate.perSecond();
                        squares += rate.perSecond() * rate.perSecond();
                    }
                    double mean = sum / seconds;
                    assertThat(mean).isCloseTo(perSecond, Offset.offset(0.03 * perSecond));
                    assertThat(Math.sqrt(squares / seconds - mean * mean) / mean)
                            .as("coefficient of variation")
                            .isLessThan(0.05);
                }));
    }

    @TestFactory
    Stream<DynamicTest> showsAFivefoldStepWithinTwoPolls() {
        return Stream.of(2.0, 10.0, 40.0)
                .map(perSecond -> DynamicTest.dynamicTest("from %.0f requests a second".formatted(perSecond), () -> {
                    Random random = new Random(SEED);
                    double shown = 0;
                    int times = 50;
                    for (int i = 0; i < times; i++) {
                        ArrivalRate before = after(ArrivalRate.UNKNOWN, 300, perSecond, random);
                        ArrivalRate stepped = after(before, 2, 5 * perSecond, random);
                        shown += (stepped.perSecond() - before.perSecond()) / (4 * perSecond) / times;
                    }
                    assertThat(shown).as("share of the step, on the mean").isGreaterThan(0.75);
                }));
    }

    /** Three are due in two seconds by the old rate, and thirteen come: by chance hardly ever, by the clock never. */
    @Test
    void takesLessToTellAStepTheEvenerTheRequestsCome() {
        ArrivalRate even = ArrivalRate.UNKNOWN;
        for (int i = 0; i < 600; i++) {
            even = even.advance(1 + i % 2, 1);
        }
        assertThat(even.evenness().index()).isLessThan(0.4);
        assertThat(after(ArrivalRate.UNKNOWN, 600, 1.5, new Random(SEED))
                        .evenness()
                        .index())
                .isCloseTo(1, Offset.offset(0.25));
        assertThat(even.advance(4, 1).advance(4, 1).perSecond()).isGreaterThan(3);
    }

    /** As where a load generator ends and users come: what was even must not be held against chance for long. */
    @Test
    void learnsWithinAMinuteThatRequestsComeEvenlyNoMore() {
        for (int seed = 0; seed < 40; seed++) {
            Random random = new Random(seed);
            ArrivalRate rate = ArrivalRate.UNKNOWN;
            for (int i = 0; i < 900; i++) {
                rate = rate.advance(3, 1);
            }
            rate = after(rate, 60, 3, random);
            double off = 0;
            for (int i = 0; i < 60; i++) {
                rate = rate.advance(poisson(3, random), 1);
                off += Math.abs(rate.perSecond() / 3 - 1) / 60;
            }
            assertThat(off).as("seed %d", seed).isLessThan(0.25);
        }
    }

    /** What leaning towards more costs: one request a second, random, for ten hours. */
    @Test
    void isSeldomMistakenForLong() {
        Random random = new Random(SEED);
        ArrivalRate rate = after(ArrivalRate.UNKNOWN, 600, 1, random);
        int seconds = 36_000;
        int mistaken = 0;
        for (int i = 0; i < seconds; i++) {
            rate = rate.advance(poisson(1, random), 1);
            double acted = rate.perSecond(10);
            mistaken += acted > 1.5 || acted < 1 / 1.5 ? 1 : 0;
        }
        assertThat(mistaken).isLessThan(seconds / 500);
    }

    @Test
    void isExactlyZeroWhileNothingComes() {
        assertThat(after(ArrivalRate.UNKNOWN, 100, 0, new Random(SEED)).perSecond())
                .isZero();
    }

    @Test
    void fallsWithinSecondsWhenTrafficEnds() {
        Random random = new Random(SEED);
        ArrivalRate rate = after(ArrivalRate.UNKNOWN, 600, 5, random);
        assertThat(after(rate, 10, 0, random).perSecond()).isLessThan(0.05);
    }

    @Test
    void isTheSameHoweverTheTimeIsCut() {
        Random random = new Random(SEED);
        ArrivalRate seconds = ArrivalRate.UNKNOWN;
        ArrivalRate fives = ArrivalRate.UNKNOWN;
        for (int i = 0; i < 200; i++) {
            int together = 0;
            for (int k = 0; k < 5; k++) {
                int count = poisson(8, random);
                together += count;
                seconds = seconds.advance(count, 1);
            }
            fives = fives.advance(together, 5);
        }
        assertThat(fives.perSecond()).isCloseTo(seconds.perSecond(), Offset.offset(0.2));
    }

    @Test
    void staysBounded() {
        Random random = new Random(SEED);
        ArrivalRate rate = ArrivalRate.UNKNOWN;
        for (int i = 0; i < 5000; i++) {
            rate = rate.advance(random.nextInt(10) == 0 ? 500 : poisson(3, random), 1);
            assertThat(rate.hypotheses()).hasSizeLessThanOrEqualTo(25);
            assertThat(rate.perSecond()).isFinite().isNotNegative();
        }
    }

    /** The window is 400 requests long, or what comes nearest to it. */
    @TestFactory
    Stream<DynamicTest> remembersFourHundredRequestsOfOneToTenMinutes() {
        return Map.of(100.0, 60.0, 5.0, 80.0, 1.0, 400.0, 0.5, 600.0).entrySet().stream()
                .map(one -> DynamicTest.dynamicTest("at %.1f requests a second".formatted(one.getKey()), () -> {
                    ArrivalRate rate = ArrivalRate.UNKNOWN;
                    for (int i = 0; i < 1000; i++) {
                        rate = rate.advance(one.getKey(), 1);
                    }
                    ArrivalRate.Hypothesis oldest = rate.hypotheses().getFirst();
                    assertThat(oldest.seconds()).isCloseTo(one.getValue(), Offset.offset(1e-6));
                    assertThat(oldest.perSecond()).isCloseTo(one.getKey(), Offset.offset(1e-6));
                    assertThat(rate.hypotheses().stream()
                                    .mapToDouble(ArrivalRate.Hypothesis::weight)
                                    .sum())
                            .isCloseTo(1, Offset.offset(1e-9));
                }));
    }

    @Test
    void countsAFewRequestsAtOnceAsTheSlotsThatTheyTake() {
        assertThat(ArrivalRate.UNKNOWN.advance(4, 1).perSecond(5)).isEqualTo(4 / 2.5);
        assertThat(ArrivalRate.UNKNOWN.advance(4, 1).perSecond(1))
                .as("in as long as one stays")
                .isEqualTo(4);
        assertThat(ArrivalRate.UNKNOWN.advance(8, 1).perSecond(5))
                .as("eight are a rate")
                .isEqualTo(8);
    }

    /** Three requests together, as of a client that asks for three answers at once. */
    @Test
    void takesMoreToTellAStepTheBurstierTheRequestsCome() {
        Random random = new Random(SEED);
        ArrivalRate bursty = ArrivalRate.UNKNOWN;
        for (int i = 0; i < 900; i++) {
            bursty = bursty.advance(3 * poisson(2, random), 1);
        }
        ArrivalRate single = after(ArrivalRate.UNKNOWN, 900, 6, random);
        assertThat(bursty.burstiness()).isBetween(1.5, 3.5);
        assertThat(single.burstiness()).as("chance alone").isBetween(1.0, 1.2);
        double shown = bursty.advance(15, 1).perSecond() - bursty.perSecond();
        assertThat(shown).isLessThan((single.advance(15, 1).perSecond() - single.perSecond()) / 2);
    }

    @TestFactory
    Stream<DynamicTest> learnsHowEvenlyRequestsComeFromBlocksOfFour() {
        record Block(String name, ArrivalRate.Evenness before, double came, ArrivalRate.Evenness after) {}
        ArrivalRate.Evenness chance = ArrivalRate.Evenness.OF_CHANCE;
        return Stream.of(
                        new Block("a block under way", chance, 2, new ArrivalRate.Evenness(1, 2, 2, 30)),
                        new Block(
                                "as expected",
                                new ArrivalRate.Evenness(1, 2, 2, 30),
                                2,
                                new ArrivalRate.Evenness(1 - 1 / 31.0, 0, 0, 31)),
                        new Block(
                                "far off",
                                new ArrivalRate.Evenness(1, 100, 2, 30),
                                2,
                                new ArrivalRate.Evenness(1 + 8 / 31.0, 0, 0, 31)),
                        new Block(
                                "even, and two off",
                                new ArrivalRate.Evenness(0.2, 4, 2, 300),
                                2,
                                new ArrivalRate.Evenness(0.2 + 0.8 / 301, 0, 0, 300)),
                        new Block(
                                "even, and four off",
                                new ArrivalRate.Evenness(0.2, 6, 2, 300),
                                2,
                                new ArrivalRate.Evenness(0.2 + 3.8 / 9, 0, 0, 9)),
                        new Block(
                                "not clearly even, and six off",
                                new ArrivalRate.Evenness(0.5, 8, 2, 300),
                                2,
                                new ArrivalRate.Evenness(0.5 + 8.5 / 301, 0, 0, 300)),
                        new Block(
                                "as even as can be",
                                new ArrivalRate.Evenness(0.2, 2, 2, 300),
                                2,
                                new ArrivalRate.Evenness(0.2, 0, 0, 300)))
                .map(block -> DynamicTest.dynamicTest(block.name, () -> {
                    ArrivalRate.Evenness after = block.before.advance(block.came, 2);
                    assertThat(after.index()).isCloseTo(block.after.index(), Offset.offset(1e-12));
                    assertThat(after.came()).isEqualTo(block.after.came());
                    assertThat(after.expected()).isEqualTo(block.after.expected());
                    assertThat(after.blocks()).isEqualTo(block.after.blocks());
                }));
    }

    @Test
    void knowsTheGammaFunction() {
        assertThat(Math.exp(ArrivalRate.logGamma(5))).isCloseTo(24, Offset.offset(1e-6));
        assertThat(Math.exp(ArrivalRate.logGamma(0.5))).isCloseTo(Math.sqrt(Math.PI), Offset.offset(1e-8));
        Map.of(1.0, 0.0, 8.0, Math.log(5040), 10.0, Math.log(362_880), 100.0, 359.1342053695754, 0.1, 2.252712651734206)
                .forEach((x, value) ->
                        assertThat(ArrivalRate.logGamma(x)).as("of %s", x).isCloseTo(value, Offset.offset(1e-9)));
        assertThat(ArrivalRate.logGamma(0)).isNaN();
    }
}
