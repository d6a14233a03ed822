package dev.pilotlight.pool.managed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.pilotlight.pool.managed.Wish.Traffic;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Random;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class WishTest {
    private static final Instant START = Instant.parse("2026-01-05T10:00:00Z");
    private static final Duration COLD_START = Duration.ofMinutes(6);
    private static final ScalePolicy POLICY = policy(14, 0.25, false);
    private static final OptionalDouble UNKNOWN = OptionalDouble.empty();

    private static ScalePolicy policy(int most, double reserve, boolean predictive) {
        return new ScalePolicy(2, most, reserve, 0.01, predictive, Optional.of(COLD_START));
    }

    /** As an autoscaler rounds it. */
    private static int pods(Wish wish) {
        return (int) Math.ceil(wish.pods().orElseThrow() - 1e-9);
    }

    private static Traffic all(int pods, double load) {
        return new Traffic(pods, pods, pods, 0, OptionalDouble.of(load), Optional.empty());
    }

    private static Wish first(Traffic seen, ScalePolicy policy) {
        return Wish.NONE.look(seen, policy, START);
    }

    private static int of(int pods, double load) {
        return pods(first(all(pods, load), POLICY));
    }

    /** One look every ten seconds at so many pods' worth of traffic, by the minute. */
    private static Wish after(
            Wish wish, int fromMinute, int toMinute, ScalePolicy policy, DoubleUnaryOperator traffic) {
        for (int second = fromMinute * 60; second < toMinute * 60; second += 10) {
            wish = wish.look(all(10, traffic.applyAsDouble(second / 60.0) / 10), policy, START.plusSeconds(second));
        }
        return wish;
    }

    @Test
    void isTheTrafficAndAShareOfWhatItLeavesOfTheMost() {
        assertThat(of(8, 0.5)).isEqualTo(7); // 4 + 10 / 4
        assertThat(of(8, 0.75)).isEqualTo(8); // 6 + 8 / 4
        assertThat(of(12, 1)).isEqualTo(14); // 12 / 0.9
    }

    @Test
    void sparesTheShareAlsoOfLittleTrafficUntilItsGrowthIsKnown() {
        assertThat(of(4, 0)).isEqualTo(4); // 14 / 4
        assertThat(of(4, 0.5)).isEqualTo(5); // 2 + 12 / 4
        assertThat(of(4, 0.7)).isEqualTo(6); // 2.8 + 11.2 / 4
    }

    @Test
    void leavesNoPodFullerThanNineTenthsWithoutAnyReserve() {
        assertThat(pods(first(all(10, 0.9), policy(14, 0, false)))).isEqualTo(10);
        assertThat(pods(first(all(10, 0.92), policy(14, 0, false)))).isEqualTo(11);
    }

    @Test
    void changesWithTheMostAlone() {
        assertThat(pods(first(all(8, 0.75), policy(28, 0.25, false)))).isEqualTo(12); // 6 + 22 / 4
    }

    @Test
    void staysWithinItsBounds() {
        assertThat(of(14, 3)).isEqualTo(14);
        assertThat(pods(first(all(2, 0), policy(14, 0, false)))).isEqualTo(2);
    }

    @Test
    void takesAPodOnTrafficThatSaysNothingForAnAverageOne() {
        Traffic oneSilent = new Traffic(8, 8, 7, 0, OptionalDouble.of(0.75), Optional.empty());
        assertThat(first(oneSilent, POLICY).pods())
                .isEqualTo(first(all(8, 0.75), POLICY).pods());
    }

    /** After an outage of the sidecars the first two that are back have the traffic of all. */
    @Test
    void standsWhereFewerThanHalfSayTheirLoad() {
        Wish before = first(all(8, 0.6), POLICY);
        Traffic three = new Traffic(8, 8, 3, 0, OptionalDouble.of(2.5), Optional.empty());
        Traffic none = new Traffic(8, 8, 0, 0, UNKNOWN, Optional.empty());
        Traffic half = new Traffic(8, 8, 4, 0, OptionalDouble.of(1), Optional.empty());
        assertThat(before.look(three, POLICY, START.plusSeconds(1))).isEqualTo(before);
        assertThat(before.look(none, POLICY, START.plusSeconds(1))).isEqualTo(before);
        assertThat(pods(before.look(half, POLICY, START.plusSeconds(60)))).isEqualTo(10);
    }

    /** The first sidecar back from a freeze is a new leader, has all the traffic, and knows nothing of the others. */
    @Test
    void standsWhereMostPodsThatRunHaveSaidNothingYet() {
        Traffic first = new Traffic(4, 1, 1, 3, OptionalDouble.of(3), Optional.empty());
        assertThat(pods(first(first, POLICY))).as("what is there").isEqualTo(4);
        Traffic half = new Traffic(4, 2, 2, 2, OptionalDouble.of(1), Optional.empty());
        assertThat(pods(first(half, POLICY))).isEqualTo(5); // 2 + 12 / 4
    }

    @Test
    void isWhatIsThereForALeaderThatNeverHeardALoad() {
        assertThat(pods(first(new Traffic(5, 0, 0, 0, UNKNOWN, Optional.empty()), POLICY)))
                .isEqualTo(5);
        assertThat(pods(first(new Traffic(1, 0, 0, 0, UNKNOWN, Optional.empty()), POLICY)))
                .isEqualTo(2);
    }

    @Nested
    class OverTime {
        /** A look a second, of which an autoscaler takes the highest: what is chance is not to be bought. */
        @Test
        void followsTheMeanOfHalfAMinute() {
            Wish calm = after(Wish.NONE, 0, 10, POLICY, _ -> 4);
            Wish peak = calm.look(all(10, 0.8), POLICY, START.plusSeconds(600));
            assertThat(peak.pods().orElseThrow() - calm.pods().orElseThrow()).isLessThan(0.75 * 4 / 2);
            assertThat(after(calm, 10, 11, POLICY, _ -> 8).pods().orElseThrow()).isCloseTo(8 + 6 / 4.0, within(0.1));
        }

        @Test
        void standsAfterASilenceOnWhatIsSeenThen() {
            Wish calm = after(Wish.NONE, 0, 10, POLICY, _ -> 4);
            assertThat(after(calm, 30, 31, POLICY, _ -> 8).pods().orElseThrow()).isCloseTo(9.5, within(0.01));
        }

        /** Ten hours of traffic that never grows by more than a tenth within a cold start. */
        @Test
        void sparesLessWhereTheTrafficWasSeenNotToGrow() {
            DoubleUnaryOperator steady = minute -> 4 + 0.2 * Math.sin(minute);
            assertThat(pods(after(Wish.NONE, 0, 300, POLICY, steady))).isEqualTo(7);
            Wish learned = after(Wish.NONE, 0, 700, POLICY, steady);
            assertThat(learned.pods().orElseThrow()).isBetween(4.0, 4.8);
            ScalePolicy noRisk = new ScalePolicy(2, 14, 0.25, 0, false, Optional.of(COLD_START));
            assertThat(pods(after(Wish.NONE, 0, 700, noRisk, steady))).isEqualTo(7);
        }

        /** From nothing to three pods' worth, every quarter of an hour, for ten hours: by so much it grows then, and by no more. */
        @Test
        void sparesWhatComesOfTrafficThatStopsAndGoes() {
            DoubleUnaryOperator stopAndGo = minute -> minute % 15 < 3 ? 3 : 0;
            assertThat(after(Wish.NONE, 0, 765, POLICY, stopAndGo).pods().orElseThrow())
                    .isCloseTo(3, within(0.01));
        }

        /** A surge in each hour: more than one in a hundred minutes is followed by it. */
        @Test
        void sparesForASurgeThatComesOftenEnough() {
            DoubleUnaryOperator surging = minute -> minute % 60 < 5 ? 6 : 3;
            assertThat(pods(after(Wish.NONE, 0, 780, POLICY, surging))).isEqualTo(6);
        }

        /** Each morning a rise from three pods to nine within half an hour, no reserve: what is ordered comes six minutes late. */
        @Test
        void ordersForTheMorningBeforeItComesWhereItIsToldToAndOneDayIsLikeTheOther() {
            DoubleUnaryOperator day = minute -> 3 + Math.clamp((minute % 1440 - 600) / 5, 0, 6);
            assertThat(shortMinutes(false, day)).isGreaterThan(20);
            assertThat(shortMinutes(true, day)).isLessThan(3);
        }

        /** On the third morning. */
        private static int shortMinutes(boolean predictive, DoubleUnaryOperator day) {
            int morning = 2 * 1440 + 590;
            ScalePolicy policy = policy(28, 0, predictive);
            Wish wish = after(Wish.NONE, 0, morning, policy, day);
            int tooFew = 0;
            for (int minute = morning; minute < morning + 60; minute++) {
                wish = after(wish, minute, minute + 1, policy, day);
                double atWork = day.applyAsDouble(minute + COLD_START.toMinutes());
                tooFew += wish.pods().orElseThrow() < atWork ? 1 : 0;
            }
            return tooFew;
        }

        @Test
        void isTheSameWithAndWithoutForecastInTheFirstMinutes() {
            DoubleUnaryOperator ramp = minute -> 1 + minute / 20;
            assertThat(after(Wish.NONE, 0, 20, policy(28, 0.2, true), ramp).pods())
                    .isEqualTo(after(Wish.NONE, 0, 20, policy(28, 0.2, false), ramp)
                            .pods());
        }
    }

    @Test
    void neverFallsWhenTheLoadRisesAndIsAlwaysThere() {
        Random random = new Random(42);
        for (int i = 0; i < 10_000; i++) {
            int least = 1 + random.nextInt(5);
            ScalePolicy policy = new ScalePolicy(
                    least,
                    least + random.nextInt(40),
                    random.nextDouble(),
                    random.nextDouble(),
                    random.nextBoolean(),
                    Optional.empty());
            int pods = 1 + random.nextInt(40);
            double load = 2 * random.nextDouble();
            int lower = pods(first(all(pods, load), policy));
            int higher = pods(first(all(pods, load + random.nextDouble()), policy));
            assertThat(higher).isBetween(lower, policy.maxPods());
            assertThat(lower).isBetween(policy.minPods(), policy.maxPods());
        }
    }
}
