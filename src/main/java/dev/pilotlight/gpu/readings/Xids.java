package dev.pilotlight.gpu.readings;

import java.util.Map;
import java.util.OptionalInt;

/** What a source can say of a device's XID errors; the two sources say different things. */
public sealed interface Xids {
    /** Each event since the probe started, counted by XID (NVML). */
    record Counted(Map<Integer, Long> byXid) implements Xids {
        public static final Counted NONE = new Counted(Map.of());

        public Counted {
            byXid = Map.copyOf(byXid);
        }
    }

    /** Only the last XID, standing until the exporter restarts (DCGM); empty when there was none. */
    record Last(OptionalInt xid) implements Xids {}

    /** The source cannot tell. */
    record Unknown(String why) implements Xids {}
}
