package dev.pilotlight.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** How one rank's requests were refused, from one to the next. */
class PulseTest {
    private static final Instant NOW = Instant.parse("2026-11-29T12:00:00Z");

    private static Pulse begun() {
        return Pulse.begin(Pulse.Signs.UNKNOWN, NOW);
    }

    @Test
    void aConnectionThatBrokeLeavesWhatWasToldBefore() {
        Pulse pulse = begun().refused(Refusal.KEY, "401").refused(Refusal.BROKEN, "reset");

        assertThat(pulse.refused()).contains(new Pulse.Refused(Refusal.KEY, 1, "401", Optional.empty()));
        assertThat(pulse.refused(Refusal.KEY, "401").refused())
                .contains(new Pulse.Refused(Refusal.KEY, 2, "401", Optional.empty()));
    }

    @Test
    void aConnectionThatBrokeIsToldWhereNothingElseWas() {
        assertThat(begun().refused(Refusal.BROKEN, "reset").refused())
                .contains(new Pulse.Refused(Refusal.BROKEN, 1, "reset", Optional.empty()));
    }
}
