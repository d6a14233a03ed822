package dev.pilotlight.signal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Random;
import java.util.function.IntToDoubleFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** The forecast beats "no change" where traffic has a shape, and is silent where it has none. */
class ForecastTest {
    private static final int DAY = 1440;
    private static final Instant MONDAY = Instant.parse("2026-11-23T00:00:00Z");
    private static final OptionalInt NOT_KNOWN = OptionalInt.empty();

    /**
     * @param present share of the minutes that had a forecast; the errors are those of these minutes, summed
     * @param bias mean error, with its sign, over what came
     */
    private record Score(double present, double error, double errorOfNoChange, double bias) {
        double ratio() {
            return error / errorOfNoChange;
        }
    }

    /** Minute by minute, the traffic with noise on it; held against the traffic that came, after a day of learning. */
    private static Score score(IntToDoubleFunction traffic, double noise, int days, int horizon, long seed) {
        Random random = new Random(seed);
        Forecast forecast = Forecast.NONE;
        double[] loads = new double[days * DAY];
        double[] ahead = new double[days * DAY];
        for (int minute = 0; minute < loads.length; minute++) {
            loads[minute] = traffic.applyAsDouble(minute) * Math.exp(noise * random.nextGaussian());
            forecast = forecast.advance(
                    at(minute), OptionalDouble.of(loads[minute]), NOT_KNOWN, Duration.ofMinutes(horizon));
            ahead[minute] = forecast.ahead(loads[minute]).orElse(Double.NaN);
        }
        int present = 0;
        double error = 0;
        double errorOfNoChange = 0;
        double bias = 0;
        for (int minute = DAY; minute + horizon < loads.length; minute++) {
            if (!Double.isNaN(ahead[minute])) {
                double came = traffic.applyAsDouble(minute + horizon);
                present++;
                error += Math.abs(ahead[minute] - came);
                errorOfNoChange += Math.abs(loads[minute] - came);
                bias += (ahead[minute] - came) / came;
            }
        }
        return new Score(
                (double) present / (loads.length - DAY - horizon), error, errorOfNoChange, bias / Math.max(1, present));
    }

    private static Instant at(int minute) {
        return MONDAY.plusSeconds(60L * minute + 30);
    }

    private static double dayAndNight(int minute) {
        return 0.5 - 0.3 * Math.cos(2 * Math.PI * minute / DAY);
    }

    /** Steep mornings, an evening peak, quiet weekends. */
    private static double officeWeek(int minute) {
        double hour = minute % DAY / 60.0;
        double open = 1 / (1 + Math.exp(-(hour - 9) * 3)) / (1 + Math.exp((hour - 18) * 2));
        double load = 0.15 + 0.55 * open + 0.15 * Math.exp(-(hour - 21) * (hour - 21) / 2);
        return minute / DAY % 7 >= 5 ? 0.1 + 0.4 * load : load;
    }

    @Nested
    class OnTrafficWithAShape {
        @TestFactory
        Stream<DynamicTest> beatsNoChangeByThirtyPercent() {
            return Stream.of(0.03, 0.06, 0.1).flatMap(noise -> Stream.of(6, 10)
                    .flatMap(horizon -> Stream.of(
                            beats("a day", ForecastTest::dayAndNight, noise, horizon),
                            beats("an office week", ForecastTest::officeWeek, noise, horizon),
                            beats("a day in four hours", minute -> dayAndNight(minute * 6), noise, horizon))));
        }

        private static DynamicTest beats(String name, IntToDoubleFunction traffic, double noise, int horizon) {
            return DynamicTest.dynamicTest(
                    "%s with noise %.2f, %d minutes ahead".formatted(name, noise, horizon), () -> {
                        Score score = score(traffic, noise, 16, horizon, 20261125);
                        assertThat(score.present()).isGreaterThan(0.9);
                        assertThat(score.ratio()).isLessThan(0.7);
                    });
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
                        assertThat(score(minute -> walk[minute], 0.02, 8, 8, seed)
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
                        Score score = score(minute -> crowds[minute], 0.03, 8, 8, seed);
                        assertThat(score.error()).isLessThanOrEqualTo(score.errorOfNoChange());
                    }));
        }
    }

    @Nested
    class WhileHistoryIsThin {
        @Test
        void saysNothingInTheFirstHour() {
            Forecast forecast = Forecast.NONE;
            for (int minute = 0; minute < 60; minute++) {
                forecast = forecast.advance(
                        at(minute), OptionalDouble.of(dayAndNight(6 * minute)), NOT_KNOWN, Duration.ofMinutes(6));
                assertThat(forecast.ahead(0.5)).isEmpty();
            }
        }

        @Test
        void beginsAgainAtAnotherHorizon() {
            Forecast forecast = Forecast.NONE;
            for (int minute = 0; minute < 300; minute++) {
                forecast = forecast.advance(
                        at(minute), OptionalDouble.of(dayAndNight(6 * minute)), NOT_KNOWN, Duration.ofMinutes(6));
            }
            assertThat(forecast.ahead(0.5)).isPresent();
            forecast = forecast.advance(at(300), OptionalDouble.of(0.5), NOT_KNOWN, Duration.ofMinutes(9));
            assertThat(forecast.ahead(0.5)).isEmpty();
        }

        @Test
        void saysNothingRightAfterABreak() {
            Forecast forecast = Forecast.NONE;
            for (int minute = 0; minute < 300; minute++) {
                forecast = forecast.advance(
                        at(minute), OptionalDouble.of(dayAndNight(6 * minute)), NOT_KNOWN, Duration.ofMinutes(6));
            }
            for (int minute = 300; minute < 305; minute++) {
                forecast = forecast.advance(at(minute), OptionalDouble.empty(), NOT_KNOWN, Duration.ofMinutes(6));
            }
            assertThat(forecast.ahead(0.5)).isEmpty();
        }
    }

    /** A pod among others: its share changes with their number, the traffic does not. */
    @Nested
    class InAPoolThatScales {
        @Test
        void takesAScaleOutForNoFallOfTraffic() {
            Forecast forecast = Forecast.NONE;
            int pods = 1;
            for (int minute = 0; minute < 400; minute++) {
                pods = minute < 390 ? 1 : 2;
                double load = dayAndNight(6 * minute) / pods;
                forecast = forecast.advance(at(minute), OptionalDouble.of(load), NOT_KNOWN, Duration.ofMinutes(6));
            }
            double due = dayAndNight(6 * 405) / 2;
            assertThat(forecast.ahead(dayAndNight(6 * 399) / 2).orElseThrow()).isBetween(0.85 * due, 1.15 * due);
        }

        @TestFactory
        Stream<DynamicTest> forecastsTheTrafficOfAllWhereItKnowsTheirNumber() {
            return Stream.of(0.02, 0.05, 0.1)
                    .map(noise -> DynamicTest.dynamicTest(
                            "with noise " + noise,
                            () -> assertThat(closedLoop(noise, true).ratio()).isLessThan(0.7)));
        }

        /**
         * An autoscaler holds the load of each pod where it is: from there the shape of the traffic can hardly be seen. What is published
         * then is little better or worse than "no change", to either side alike: its bias is under half of the tenth that an HPA tolerates.
         */
        @TestFactory
        Stream<DynamicTest> straysLittleWhereItDoesNot() {
            return Stream.of(0.02, 0.05, 0.1)
                    .map(noise -> DynamicTest.dynamicTest("with noise " + noise, () -> {
                        Score score = closedLoop(noise, false);
                        assertThat(score.error()).isLessThanOrEqualTo(1.35 * score.errorOfNoChange());
                        assertThat(Math.abs(score.bias())).isLessThan(0.05);
                    }));
        }

        /** Scaled out at 0.77, in at 0.63, six minutes late; held against the load of so many pods as there are. */
        private static Score closedLoop(double noise, boolean podsAreKnown) {
            Random random = new Random(7);
            Forecast forecast = Forecast.NONE;
            int horizon = 6;
            int[] pods = new int[6 * DAY];
            double[] loads = new double[pods.length];
            double[] ahead = new double[pods.length];
            int[] coming = new int[pods.length + horizon];
            int expected = 4;
            int running = 4;
            int scaledInAt = 0;
            for (int minute = 0; minute < pods.length; minute++) {
                running += coming[minute];
                pods[minute] = running;
                loads[minute] = traffic(minute) / running * Math.exp(noise * random.nextGaussian());
                int wanted = (int) Math.ceil(loads[minute] * running / 0.7);
                if (loads[minute] > 0.77 && wanted > expected) {
                    coming[minute + horizon] += wanted - expected;
                    expected = wanted;
                } else if (loads[minute] < 0.63 && minute - scaledInAt > 5 && expected == running) {
                    scaledInAt = minute;
                    running--;
                    expected--;
                }
                forecast = forecast.advance(
                        at(minute),
                        OptionalDouble.of(loads[minute]),
                        podsAreKnown ? OptionalInt.of(pods[minute]) : NOT_KNOWN,
                        Duration.ofMinutes(horizon));
                ahead[minute] = forecast.ahead(loads[minute]).orElse(Double.NaN);
            }
            int present = 0;
            double error = 0;
            double errorOfNoChange = 0;
            double bias = 0;
            for (int minute = DAY; minute + horizon < pods.length; minute++) {
                if (!Double.isNaN(ahead[minute])) {
                    double came = traffic(minute + horizon) / pods[minute];
                    present++;
                    error += Math.abs(ahead[minute] - came);
                    errorOfNoChange += Math.abs(loads[minute] - came);
                    bias += (ahead[minute] - came) / came;
                }
            }
            return new Score((double) present / pods.length, error, errorOfNoChange, bias / Math.max(1, present));
        }

        private static double traffic(int minute) {
            return 4.2 - 2.8 * Math.cos(2 * Math.PI * minute / 240);
        }
    }

    /** The methods, and how one of them comes to be believed. */
    @Nested
    class OfEachMethod {
        private static final Promises.Score PROVED = new Promises.Score(0.79, 1, 60);

        @Test
        void isHowFarItWasOffOnTheMeanOfADay() {
            Promises.Score two = Promises.Score.NONE.plus(2, 4).plus(0, 0);
            assertThat(two).isEqualTo(new Promises.Score(1, 2, 2));
            assertThat(new Promises.Score(1, 1, 5000).plus(2, 0.5))
                    .isEqualTo(new Promises.Score(1 + 1 / 1440.0, 1 - 0.5 / 1440, 5001));
        }

        @Test
        void isBelievedWhereItClearlyBeatNoChangeOftenEnough() {
            assertThat(PROVED.isProved(6)).isTrue();
            assertThat(new Promises.Score(0.79, 1, 59).isProved(5)).isFalse();
            assertThat(new Promises.Score(0.79, 1, 69).isProved(7)).isFalse();
            assertThat(new Promises.Score(0.79, 1, 70).isProved(7)).isTrue();
            assertThat(new Promises.Score(0.8, 1, 60).isProved(6)).isFalse();
        }

        @Test
        void isThatWithTheLeastErrorBesideNoChange() {
            Promises.Score good = new Promises.Score(0.5, 1, 60);
            Promises.Score best = new Promises.Score(0.8, 2, 60.5);
            Promises.Score young = new Promises.Score(0.1, 1, 59);
            assertThat(best(PROVED, good, best, young)).hasValue(2);
            assertThat(best(best, good)).hasValue(0);
            assertThat(best(good, good)).hasValue(0);
            assertThat(best(young)).isEmpty();
        }

        private static OptionalInt best(Promises.Score... scores) {
            return new Promises(List.of(), List.of(scores), 6).best();
        }

        /** Promised at minute 10 for 16: 3 by the one, 5 by the other; it was 2 and comes to 4. */
        @Test
        void isHeldAgainstWhatCameAndAgainstNoChange() {
            Promises promised = Promises.none(2, 6).made(10, (method, due) -> Math.log(due - 13 + 2 * method));
            Days shape = Days.UNKNOWN.with(10, Math.log(2));
            List<Promises.Score> kept =
                    promised.tallied(16, Math.log(4), shape, 6).scores();
            for (Promises.Score one : kept) {
                assertThat(one.error()).isCloseTo(1, within(1e-6));
                assertThat(one.ofNoChange()).isCloseTo(2, within(1e-6));
                assertThat(one.count()).isEqualTo(1);
            }
            assertThat(promised.tallied(16, Math.log(4), shape, 5).scores())
                    .as("after a break")
                    .containsOnly(Promises.Score.NONE);
            assertThat(promised.tallied(15, Math.log(4), shape.with(9, 1), 6).scores())
                    .as("a minute of which nothing was promised")
                    .containsOnly(Promises.Score.NONE);
            assertThat(promised.tallied(16, Math.log(4), Days.UNKNOWN, 6).scores())
                    .as("before, nothing was seen")
                    .containsOnly(Promises.Score.NONE);
        }

        @Test
        void knowsTheSameTimeOfOtherDays() {
            Days days = Days.UNKNOWN;
            for (int minute = -5; minute <= 5; minute++) {
                days = days.with(100_000 + minute, 2 + minute).with(100_000 + DAY + minute, 6);
            }
            assertThat(days.sameTimeOfDay(100_000 + 2 * DAY)).isCloseTo(4, within(1e-6));
            assertThat(days.sameTimeOfDay(100_000 + DAY)).isCloseTo(2, within(1e-6));
            assertThat(days.sameTimeOfDay(100_000 + 6 * DAY)).isCloseTo(4, within(1e-6));
            assertThat(days.sameTimeOfDay(100_000 + 7 * DAY)).as("no week").isCloseTo(6, within(1e-6));
            assertThat(days.sameTimeOfDay(100_000)).as("not of itself").isNaN();
            assertThat(days.sameTimeOfDay(100_001 + DAY)).as("with a gap").isNaN();
            assertThat(days.sameTimeOfWeek(100_000 + 7 * DAY)).isCloseTo(2, within(1e-6));
            assertThat(days.sameTimeOfWeek(100_000 + 6 * DAY)).isNaN();
        }

        @Test
        void goesOnAsATrendDoes() {
            List<Trend.Speed> speeds = List.of(new Trend.Speed(1 / Math.log(2), 1 / Math.log(4)));
            List<Trend> next = Trend.follow(Trend.level(1, speeds), 3, speeds);
            // Half of the way to 3 at once; three quarters of that as a slope.
            assertThat(next.getFirst().level()).isCloseTo(2, within(1e-12));
            assertThat(next.getFirst().slope()).isCloseTo(0.75, within(1e-12));
            next = Trend.follow(next, 3.75, speeds);
            assertThat(next.getFirst().level()).isCloseTo(3.25, within(1e-12));
            assertThat(next.getFirst().slope()).isCloseTo(0.75 + 0.75 * 0.5, within(1e-12));
            assertThat(next.getFirst().ahead(4)).isCloseTo(3.25 + 4 * 1.125, within(1e-12));
        }
    }

    @Nested
    class OfAJump {
        @Test
        void isAQuarterWithinAMinuteUnlessTheLoadOftenDoesThat() {
            assertThat(new Forecast.Jumps(0, 0).isOne(0.25)).isFalse();
            assertThat(new Forecast.Jumps(0, 0).isOne(-0.26)).isTrue();
            assertThat(new Forecast.Jumps(0, 0.01).isOne(0.5)).isFalse();
            assertThat(new Forecast.Jumps(0, 0.01).isOne(0.51)).isTrue();
        }

        @Test
        void isTakenOutAndLeavesTheSpreadAsItWas() {
            assertThat(new Forecast.Jumps(1, 0.01).plus(-0.5)).isEqualTo(new Forecast.Jumps(0.5, 0.01));
            Forecast.Jumps without = new Forecast.Jumps(1, 0.01).without(-0.5);
            assertThat(without.taken()).isEqualTo(1);
            assertThat(without.spread()).isCloseTo(0.01 + 0.24 / 120, within(1e-12));
        }

        @Test
        void isNoneWhereTheNumberOfPodsIsKnownFromThenOn() {
            Forecast.Minute alone = new Forecast.Minute(1, 0, 0, 0).with(0.5, 0).with(0.7, 0);
            assertThat(alone).isEqualTo(new Forecast.Minute(1, 1.2, 2, 0));
            assertThat(alone.with(0.5, 4)).isEqualTo(new Forecast.Minute(1, 2, 1, 4));
            assertThat(alone.with(0.5, 4).with(0.5, 3)).isEqualTo(new Forecast.Minute(1, 3.5, 2, 3));
            assertThat(alone.with(0.5, 4).next(2)).isEqualTo(new Forecast.Minute(2, 0, 0, 4));
        }
    }
}
