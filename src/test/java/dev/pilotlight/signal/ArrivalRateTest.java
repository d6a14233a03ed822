package dev.pilotlight.signal;

import static org.assertj.core.api.Assertions.assertThat;

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

    @Test
    void knowsTheGammaFunction() {
        assertThat(Math.exp(ArrivalRate.logGamma(5))).isCloseTo(24, Offset.offset(1e-6));
        assertThat(Math.exp(ArrivalRate.logGamma(0.5))).isCloseTo(Math.sqrt(Math.PI), Offset.offset(1e-8));
    }
}
