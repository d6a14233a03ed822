package dev.pilotlight.pool.managed;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.pool.managed.Wish.Traffic;
import java.util.OptionalDouble;
import java.util.Random;
import org.junit.jupiter.api.Test;

class WishTest {
    private static final ScalePolicy POLICY = new ScalePolicy(2, 14, 0.25, false);
    private static final OptionalDouble UNKNOWN = OptionalDouble.empty();

    /** As an autoscaler rounds it. */
    private static int pods(Wish wish) {
        return (int) Math.ceil(wish.pods().orElseThrow() - 1e-9);
    }

    private static Traffic all(int pods, double load) {
        return new Traffic(pods, pods, pods, OptionalDouble.of(load), UNKNOWN);
    }

    private static int of(int pods, double load) {
        return pods(Wish.NONE.look(all(pods, load), POLICY));
    }

    @Test
    void isTheLoadAndAShareOfWhatItLeavesOfTheMost() {
        assertThat(of(4, 0)).isEqualTo(4); // 0 + 14 / 4
        assertThat(of(4, 0.5)).isEqualTo(5); // 2 + 12 / 4
        assertThat(of(8, 0.75)).isEqualTo(8); // 6 + 8 / 4
        assertThat(of(12, 1)).isEqualTo(14); // 12 / 0.9
    }

    @Test
    void leavesNoPodFullerThanNineTenthsWithoutAnyReserve() {
        ScalePolicy none = new ScalePolicy(2, 14, 0, false);
        assertThat(pods(Wish.NONE.look(all(10, 0.9), none))).isEqualTo(10);
        assertThat(pods(Wish.NONE.look(all(10, 0.92), none))).isEqualTo(11);
    }

    @Test
    void changesWithTheMostAlone() {
        assertThat(pods(Wish.NONE.look(all(4, 0.5), new ScalePolicy(2, 28, 0.25, false))))
                .isEqualTo(9); // 2 + 26 / 4
    }

    @Test
    void staysWithinItsBounds() {
        assertThat(of(14, 3)).isEqualTo(14);
        assertThat(pods(Wish.NONE.look(all(2, 0), new ScalePolicy(2, 14, 0, false))))
                .isEqualTo(2);
    }

    @Test
    void takesAPodOnTrafficThatSaysNothingForAnAverageOne() {
        Traffic oneSilent = new Traffic(8, 8, 7, OptionalDouble.of(0.75), UNKNOWN);
        assertThat(Wish.NONE.look(oneSilent, POLICY)).isEqualTo(Wish.NONE.look(all(8, 0.75), POLICY));
    }

    /** After an outage of the sidecars the first two that are back have the traffic of all. */
    @Test
    void standsWhereFewerThanHalfSayTheirLoad() {
        Wish before = Wish.NONE.look(all(8, 0.6), POLICY);
        assertThat(before.look(new Traffic(8, 8, 3, OptionalDouble.of(2.5), UNKNOWN), POLICY))
                .isEqualTo(before);
        assertThat(before.look(new Traffic(8, 8, 0, UNKNOWN, UNKNOWN), POLICY)).isEqualTo(before);
        assertThat(pods(before.look(new Traffic(8, 8, 4, OptionalDouble.of(1), UNKNOWN), POLICY)))
                .isEqualTo(10);
    }

    @Test
    void isWhatIsThereForALeaderThatNeverHeardALoad() {
        assertThat(pods(Wish.NONE.look(new Traffic(5, 0, 0, UNKNOWN, UNKNOWN), POLICY)))
                .isEqualTo(5);
        assertThat(pods(Wish.NONE.look(new Traffic(1, 0, 0, UNKNOWN, UNKNOWN), POLICY)))
                .isEqualTo(2);
    }

    @Test
    void looksAheadWhereItIsToldToAndThereIsAForecast() {
        ScalePolicy predictive = new ScalePolicy(2, 14, 0.25, true);
        Traffic rises = new Traffic(4, 4, 4, OptionalDouble.of(0.5), OptionalDouble.of(1));
        Traffic falls = new Traffic(4, 4, 4, OptionalDouble.of(0.5), OptionalDouble.of(0.1));
        assertThat(pods(Wish.NONE.look(rises, predictive))).isEqualTo(7); // 4 + 10 / 4
        assertThat(pods(Wish.NONE.look(rises, POLICY))).isEqualTo(5);
        assertThat(pods(Wish.NONE.look(falls, predictive))).isEqualTo(5);
        assertThat(Wish.NONE.look(all(4, 0.5), predictive)).isEqualTo(Wish.NONE.look(all(4, 0.5), POLICY));
    }

    @Test
    void neverFallsWhenTheLoadRisesAndIsAlwaysThere() {
        Random random = new Random(42);
        for (int i = 0; i < 10_000; i++) {
            int least = 1 + random.nextInt(5);
            ScalePolicy policy =
                    new ScalePolicy(least, least + random.nextInt(40), random.nextDouble(), random.nextBoolean());
            int pods = 1 + random.nextInt(40);
            double load = 2 * random.nextDouble();
            int lower = pods(Wish.NONE.look(all(pods, load), policy));
            int higher = pods(Wish.NONE.look(all(pods, load + random.nextDouble()), policy));
            assertThat(higher).isBetween(lower, policy.maxPods());
            assertThat(lower).isBetween(policy.minPods(), policy.maxPods());
        }
    }
}
