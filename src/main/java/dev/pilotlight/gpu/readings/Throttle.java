package dev.pilotlight.gpu.readings;

import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;

/** What slows a GPU's clocks, by the bit of NVML's clock-event reasons; DCGM uses the same bits. */
public enum Throttle {
    SW_POWER_CAP(0x4),
    HW_SLOWDOWN(0x8),
    SYNC_BOOST(0x10),
    SW_THERMAL(0x20),
    HW_THERMAL(0x40),
    HW_POWER_BRAKE(0x80);

    private static final Throttle[] ALL = values();

    /** Every mask there is, made once: a reading allocates none. */
    private static final Set<?>[] BY_MASK = new Set<?>[1 << ALL.length];

    static {
        for (int packed = 0; packed < BY_MASK.length; packed++) {
            EnumSet<Throttle> set = EnumSet.noneOf(Throttle.class);
            for (Throttle throttle : ALL) {
                if ((packed >> throttle.ordinal() & 1) != 0) {
                    set.add(throttle);
                }
            }
            BY_MASK[packed] = Collections.unmodifiableSet(set);
        }
    }

    private final long bit;

    Throttle(long bit) {
        this.bit = bit;
    }

    /** The name as a metric label: {@code sw_power_cap}. */
    public String label() {
        return name().toLowerCase(java.util.Locale.ROOT);
    }

    /** The throttles in a mask of reasons; idle (0x1), chosen clocks (0x2) and display clocks (0x100) are none. */
    @SuppressWarnings("unchecked")
    public static Set<Throttle> of(long mask) {
        // The six bits lie side by side from 0x4 on.
        return (Set<Throttle>) BY_MASK[(int) (mask >> 2) & BY_MASK.length - 1];
    }

    long bit() {
        return bit;
    }
}
