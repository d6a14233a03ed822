package dev.pilotlight.gpu.readings;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.EnumSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ThrottleTest {
    @Test
    void idleAndChosenClocksAreNone() {
        assertThat(Throttle.of(0x1 | 0x2 | 0x100)).isEmpty();
    }

    @Test
    void eachBitIsItsOwn() {
        for (Throttle throttle : Throttle.values()) {
            assertThat(Throttle.of(throttle.bit() | 0x1)).isEqualTo(Set.of(throttle));
        }
        assertThat(Throttle.of(0x1ff)).isEqualTo(EnumSet.allOf(Throttle.class));
    }

    @Test
    void bitsOfALaterDriverAreIgnored() {
        assertThat(Throttle.of(0x8000_0000_0000_0240L)).isEqualTo(Set.of(Throttle.HW_THERMAL));
    }

    @Test
    void labelsAreLowerCase() {
        assertThat(Throttle.HW_POWER_BRAKE.label()).isEqualTo("hw_power_brake");
    }
}
