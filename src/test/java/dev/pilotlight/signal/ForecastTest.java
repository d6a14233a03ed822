package dev.pilotlight.signal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.pilotlight.signal.Forecast.Accuracy;
import dev.pilotlight.signal.Forecast.Minute;
import dev.pilotlight.signal.Forecast.Promise;
import java.time.Duration;
import java.time.Instant;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Random;
import java.util.function.IntToDoubleFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** The forecast beats "as now" where one day or one week is like the other, and is silent elsewhere. */
class ForecastTest {
    private static final int DAY = 1440;
    private static final Instant MONDAY = Instant.parse("2026-11-23T00:00:00Z");
    private static final OptionalInt ALONE = OptionalInt.of(1);

    /**
     * @param present share of the minutes that had a forecast; the errors are those of these minutes, summed
     */
    private record Score(double present, double error, double errorOfNoChange) {
        double ratio() {
            return error / errorOfNoChange;
        }
    }

    /** Minute by minute, the traffic with noise on it; held against the traffic that came, after so many days of learning. */
    private static Score score(
            IntToDoubleFunction traffic, double noise, int learned, int days, int horizon, long seed) {
        Random random = new Random(seed);
        Forecast forecast = Forecast.NONE;
        double[] loads = new double[days * DAY];
        double[] ahead = new double[days * DAY];
        for (int minute = 0; minute < loads.length; minute++) {
            loads[minute] = traffic.applyAsDouble(minute) * Math.exp(noise * random.nextGaussian());
            forecast =
                    forecast.advance(at(minute), OptionalDouble.of(loads[minute]), ALONE, Duration.ofMinutes(horizon));
            ahead[minute] = forecast.ahead(loads[minute]).orElse(Double.NaN);
        }
        int present = 0;
        double error = 0;
        double errorOfNoChange = 0;
        for (int minute = learned * DAY; minute + horizon < loads.length; minute++) {
            if (!Double.isNaN(ahead[minute])) {
                double came = traffic.applyAsDouble(minute + horizon);
                present++;
                error += Math.abs(ahead[minute] - came);
                errorOfNoChange += Math.abs(loads[minute] - came);
            }
        }
        return new Score((double) present / (loads.length - learned * DAY - horizon), error, errorOfNoChange);
    }

    private static Instant at(int minute) {
        return MONDAY.plusSeconds(60L * minute + 30);
    }

    private static double dayAndNight(int minute) {
        return 0.5 - 0.3 * Math.cos(2 * Math.PI * minute / DAY);
    }

    /** Steep mornings, an evening peak. */
    private static double officeDay(int minute) {
        double hour = minute % DAY / 60.0;
        double open = 1 / (1 + Math.exp(-(hour - 9) * 3)) / (1 + Math.exp((hour - 18) * 2));
        return 0.15 + 0.55 * open + 0.15 * Math.exp(-(hour - 21) * (hour - 21) / 2);
    }

    /** With quiet weekends. */
    private static double officeWeek(int minute) {
        return minute / DAY % 7 >= 5 ? 0.1 + 0.4 * officeDay(minute) : officeDay(minute);
    }

    @Nested
    class OnTrafficThatComesAgain {
        @TestFactory
        Stream<DynamicTest> beatsNoChangeByThirtyPercent() {
            return Stream.of(0.03, 0.06, 0.1).flatMap(noise -> Stream.of(6, 10)
                    .flatMap(horizon -> Stream.of(
                            beats("a day and a night", ForecastTest::dayAndNight, 2, noise, horizon),
                            beats("an office's day", ForecastTest::officeDay, 2, noise, horizon),
                            beats("an office's week", ForecastTest::officeWeek, 9, noise, horizon))));
        }

        private static DynamicTest beats(
                String name, IntToDoubleFunction traffic, int learned, double noise, int horizon) {
            return DynamicTest.dynamicTest(
                    "%s with noise %.2f, %d minutes ahead".formatted(name, noise, horizon), () -> {
                        Score score = score(traffic, noise, learned, 16, horizon, 20261125);
                        assertThat(score.present()).isGreaterThan(0.9);
                        assertThat(score.ratio()).isLessThan(0.7);
                    });
        }

        /** What the switch is for: pods that are ordered for the morning before it comes. */
        @TestFactory
        Stream<DynamicTest> knowsTheMorningBeforeItComes() {
            return Stream.of(6, 10)
                    .map(horizon -> DynamicTest.dynamicTest(horizon + " minutes before", () -> {
                        Random random = new Random(3);
                        Forecast forecast = Forecast.NONE;
                        int morning = 3 * DAY + 8 * 60 + 45;
                        for (int minute = 0; minute < morning; minute++) {
                            double load = officeDay(minute) * Math.exp(0.05 * random.nextGaussian());
                            forecast = forecast.advance(
                                    at(minute), OptionalDouble.of(load), ALONE, Duration.ofMinutes(horizon));
                        }
                        double now = officeDay(morning - 1);
                        double then = officeDay(morning - 2 + horizon);
                        assertThat(then).isGreaterThan(1.08 * now);
                        assertThat(forecast.ahead(now).orElseThrow()).isBetween(0.96 * then, 1.04 * then);
                    }));
        }
    }

    @Nested
    class OnTrafficWithout {
        @TestFactory
        Stream<DynamicTest> isSilentOnARandomWalk() {
            return Stream.iterate(1L, seed -> seed + 1)
                    .limit(5)
                    .map(seed -> DynamicTest.dynamicTest("of seed " + seed, () -> {
                        double[] walk = new double[8 * DAY];
                        Random random = new Random(seed);
                        double at = 0;
                        for (int i = 0; i < walk.length; i++) {
                            at = 0.9995 * at + 0.04 * random.nextGaussian();
                            walk[i] = 0.5 * Math.exp(at);
                        }
                        assertThat(score(minute -> walk[minute], 0.02, 2, 8, 8, seed)
                                        .present())
                                .isLessThan(0.02);
                    }));
        }

        @TestFactory
        Stream<DynamicTest> isNoWorseThanNoChangeOnFlashCrowds() {
            return Stream.iterate(1L, seed -> seed + 1)
                    .limit(5)
                    .map(seed -> DynamicTest.dynamicTest("of seed " + seed, () -> {
                        double[] crowds = new double[8 * DAY];
                        Random random = new Random(seed);
                        double crowd = 0;
                        for (int i = 0; i < crowds.length; i++) {
                            crowd = random.nextInt(180) == 0 ? 0.2 + random.nextDouble() : crowd * 0.97;
                            crowds[i] = 0.2 + crowd;
                        }
                        Score score = score(minute -> crowds[minute], 0.03, 2, 8, 8, seed);
                        assertThat(score.error()).isLessThanOrEqualTo(score.errorOfNoChange());
                    }));
        }
    }

    @Nested
    class WhileHistoryIsThin {
        private Forecast forecast = Forecast.NONE;

        private void minutes(int from, int to, OptionalInt pods) {
            for (int minute = from; minute < to; minute++) {
                double load = dayAndNight(minute) / pods.orElse(1);
                forecast = forecast.advance(at(minute), OptionalDouble.of(load), pods, Duration.ofMinutes(6));
            }
        }

        private OptionalDouble ahead() {
            return forecast.ahead(0.5);
        }

        @Test
        void saysNothingOnTheFirstDay() {
            for (int minute = 0; minute < DAY; minute++) {
                minutes(minute, minute + 1, ALONE);
                assertThat(ahead()).isEmpty();
            }
        }

        @Test
        void saysNothingRightAfterABreakAndKnowsTheDaysStill() {
            minutes(0, 3 * DAY, ALONE);
            assertThat(ahead()).isPresent();
            for (int minute = 3 * DAY; minute < 3 * DAY + 5; minute++) {
                forecast = forecast.advance(at(minute), OptionalDouble.empty(), ALONE, Duration.ofMinutes(6));
            }
            assertThat(ahead()).isEmpty();
            minutes(3 * DAY + 5, 3 * DAY + 7, ALONE);
            assertThat(ahead()).isPresent();
        }

        @Test
        void saysNothingAfterMinutesThatNobodySaw() {
            minutes(0, 3 * DAY, ALONE);
            minutes(3 * DAY + 30, 3 * DAY + 31, ALONE);
            assertThat(ahead()).isEmpty();
        }

        @Test
        void learnsNothingWhereItDoesNotKnowHowManyPodsShareTheTraffic() {
            minutes(0, 3 * DAY, OptionalInt.empty());
            assertThat(ahead()).isEmpty();
            assertThat(forecast.week()).isSameAs(Week.UNKNOWN);
        }

        @Test
        void knowsTheTrafficWhoeverSharesIt() {
            minutes(0, 3 * DAY, OptionalInt.of(2));
            minutes(3 * DAY, 3 * DAY + DAY / 2, OptionalInt.of(4));
            double due = dayAndNight(DAY / 2 + 5) / 4;
            assertThat(ahead().orElseThrow()).isBetween(0.98 * due, 1.02 * due);
        }

        @Test
        void isNoMoreThanFourTimesTheLoadAndNoLessThanAQuarter() {
            minutes(0, 2 * DAY + DAY / 2, ALONE);
            assertThat(forecast.ahead(0.1)).hasValue(0.4);
            assertThat(forecast.ahead(10)).hasValue(2.5);
        }
    }

    @Nested
    class ItsParts {
        @Test
        void measureHowFarOffItWasOnTheMeanOfADay() {
            Accuracy one = new Accuracy(0, 0, 0).plus(new Promise(7, Math.log(6), 0), Math.log(4));
            assertThat(one).isEqualTo(new Accuracy(Math.exp(Math.log(6)) - 4, 4 - Math.exp(0), 1));
            Accuracy many = new Accuracy(1, 1, 5000).plus(new Promise(7, Math.log(6), Math.log(4)), Math.log(4));
            assertThat(many.error()).isCloseTo(1 + 1 / 1440.0, within(1e-9));
            assertThat(many.ofNoChange()).isCloseTo(1 - 1 / 1440.0, within(1e-9));
        }

        @Test
        void believeWhatWasClearlyNearerThanNoChangeOftenEnough() {
            assertThat(new Accuracy(0.79, 1, 60).isGood()).isTrue();
            assertThat(new Accuracy(0.79, 1, 59).isGood()).isFalse();
            assertThat(new Accuracy(0.8, 1, 60).isGood()).isFalse();
        }

        @Test
        void knowTheSameTimeAWeekAgoElseTheDayBefore() {
            Week week = Week.UNKNOWN;
            for (int minute = 0; minute < 11; minute++) {
                week = week.with(minute, minute).with(6 * DAY + minute, 20);
            }
            assertThat(week.before(7 * DAY + 5)).isCloseTo(5, within(1e-6));
            assertThat(week.before(DAY + 5)).isCloseTo(5, within(1e-6));
            assertThat(week.before(2 * DAY + 5)).as("two days before").isNaN();
            assertThat(week.before(DAY + 6)).as("a minute of it was never seen").isNaN();
        }

        @Test
        void addUpTheLoadOfAllPods() {
            assertThat(new Minute(1, 0, 0, 0).with(0.5, 4).with(0.5, 3)).isEqualTo(new Minute(1, 3.5, 2, 3));
        }
    }
}
