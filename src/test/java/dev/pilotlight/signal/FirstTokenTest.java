package dev.pilotlight.signal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

/** How full a pod may be, if the first token is to come in time. */
class FirstTokenTest {
    private static final Optional<Duration> TWO_SECONDS = Optional.of(Duration.ofSeconds(2));
    private static final double LONG = 3600;

    private static FirstToken seen(double p95, double load, double seconds) {
        return FirstToken.NONE.advance(OptionalDouble.of(p95), load, TWO_SECONDS, seconds);
    }

    @Test
    void takesAsMuchOfThePodAsTheFirstTokenOfAnEmptyOneTakesOfItsTime() {
        // 0.8 s beside a load of a half are 0.4 s of an empty pod, and a fifth of the objective.
        assertThat(seen(0.8, 0.5, LONG).within(TWO_SECONDS)).isCloseTo(0.8, within(1e-4));
        assertThat(seen(0.8, 0.5, 300).within(TWO_SECONDS)).isCloseTo(1 - 0.2 * (1 - Math.exp(-1)), within(1e-9));
        assertThat(seen(0.8, 0.5, LONG).within(Optional.empty())).isEqualTo(1);
    }

    @Test
    void takesHalfOfThePodAtMost() {
        assertThat(seen(9, 0.1, LONG).within(TWO_SECONDS)).isCloseTo(0.5, within(1e-4));
    }

    @Test
    void learnsNothingFromAPodThatIsNearlyFullNorFromASilentOne() {
        assertThat(seen(0.8, 0.91, LONG)).isEqualTo(FirstToken.NONE);
        assertThat(FirstToken.NONE.advance(OptionalDouble.empty(), 0.5, TWO_SECONDS, LONG))
                .isEqualTo(FirstToken.NONE);
        assertThat(FirstToken.NONE.advance(OptionalDouble.of(0.8), 0.5, Optional.empty(), LONG))
                .isEqualTo(FirstToken.NONE);
    }
}
