package dev.pilotlight.signal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

/** How much of a KV cache requests can have. */
class LimitsTest {
    private static final double FULL = 0.9;

    private static OptionalDouble share(double ofOne) {
        return OptionalDouble.of(ofOne);
    }

    /** Four requests in the batch. */
    private static Limits seconds(Limits limits, int seconds, double waiting, double cacheUse) {
        Interval second = new Interval(
                1, 1, new Interval.Requests(1, 4, 4, 0, waiting, 0), Optional.empty(), OptionalDouble.of(cacheUse));
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
    }

    @Test
    void followWhatIsSeenOverAMinute() {
        Limits seen = seconds(Limits.UNKNOWN, 20, 3, FULL);
        assertThat(seconds(seen, 60, 3, 1).usableCache(share(0.8)))
                .isCloseTo(FULL + 0.1 * (1 - Math.exp(-1)), within(1e-9));
    }
}
