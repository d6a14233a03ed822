package dev.pilotlight.pool.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.pool.plan.NamedPods.Sample;
import dev.pilotlight.pool.plan.NamedPods.State;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

/** How long a plan that names nobody who serves is believed. */
class NamedPodsTest {
    private static final Instant START = Instant.parse("2026-01-05T10:00:00Z");
    private static final Duration ORPHAN_AFTER = Duration.ofSeconds(60);
    private static final Duration PAUSE = Duration.ofSeconds(25);

    private NamedPods pods = NamedPods.begin(START);

    private State after(int seconds, Sample seen) {
        pods = pods.advance(seen, ORPHAN_AFTER, PAUSE, START.plusSeconds(seconds));
        return pods.state();
    }

    private void isAskedAfter(int seconds) {
        assertThat(pods.askAt()).isEqualTo(START.plusSeconds(seconds));
    }

    @Test
    void isLookedAtAtOnceAndThenSeldom() {
        isAskedAfter(0);
        assertThat(after(0, Sample.SERVING)).isEqualTo(State.SERVING);
        isAskedAfter(25);
    }

    @Test
    void isSilentUntilNobodyHasServedForLongAndThenLost() {
        assertThat(after(0, Sample.NONE)).isEqualTo(State.SILENT);
        isAskedAfter(25);
        assertThat(after(25, Sample.NONE)).isEqualTo(State.SILENT);
        isAskedAfter(50);
        assertThat(after(50, Sample.NONE)).isEqualTo(State.SILENT);
        isAskedAfter(60);
        assertThat(after(60, Sample.NONE)).as("at the very second").isEqualTo(State.LOST);
        isAskedAfter(85);
    }

    @Test
    void isLostUntilSomebodyIsSeenToServe() {
        after(60, Sample.NONE);
        pods = pods.replanned(START.plusSeconds(61));
        assertThat(pods.state()).isEqualTo(State.LOST);
        isAskedAfter(61);
        assertThat(after(61, Sample.NOTHING)).as("no sight is no evidence").isEqualTo(State.LOST);
        assertThat(after(70, Sample.NONE)).isEqualTo(State.LOST);
        assertThat(after(80, Sample.SERVING)).isEqualTo(State.SERVING);
        assertThat(after(100, Sample.NONE)).as("from when it served last").isEqualTo(State.SILENT);
        assertThat(after(140, Sample.NONE)).isEqualTo(State.LOST);
    }

    @Test
    void isGivenTheTimeInWhichNobodyCouldLook() {
        assertThat(after(50, Sample.NOTHING)).isEqualTo(State.UNKNOWN);
        isAskedAfter(75);
        assertThat(after(75, Sample.NONE)).isEqualTo(State.SILENT);
        assertThat(after(109, Sample.NONE)).isEqualTo(State.SILENT);
        assertThat(after(110, Sample.NONE)).isEqualTo(State.LOST);
    }

    @Test
    void isHeldAgainstItWhereTheLookThatFailsComesAfterOneThatShowedNobody() {
        assertThat(after(10, Sample.NONE)).isEqualTo(State.SILENT);
        assertThat(after(35, Sample.NOTHING)).isEqualTo(State.SILENT);
        assertThat(after(60, Sample.NONE)).isEqualTo(State.LOST);
    }

    @Test
    void servesWhileItNamesTheOwnPodWhateverThePlanSays() {
        pods = NamedPods.own(START, PAUSE);
        assertThat(pods.state()).isEqualTo(State.SERVING);
        isAskedAfter(25);
        assertThat(pods.replanned(START.plusSeconds(3))).as("no second look").isEqualTo(pods);
    }
}
