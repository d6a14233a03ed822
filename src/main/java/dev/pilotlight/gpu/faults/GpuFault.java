package dev.pilotlight.gpu.faults;

import dev.pilotlight.gpu.readings.Device;
import java.time.Instant;
import java.util.OptionalInt;

/**
 * Something wrong with a GPU of this pod.
 *
 * @param device the {@link Device#key()}
 * @param xid which XID, for {@link Kind#FATAL_XID}
 * @param since when it was first read
 * @param reason what is wrong, with which GPU, and the fix
 */
public record GpuFault(Kind kind, String device, OptionalInt xid, OnFault action, Instant since, String reason) {
    /** The kinds of fault, each with what it does unless the setting says otherwise. */
    public enum Kind {
        LOST(OnFault.FAIL),
        RESET_REQUIRED(OnFault.FAIL),
        /** An exporter drops a row for reasons of its own, too: a value that it cannot read, a look that came too early. */
        NOT_LISTED(OnFault.REPORT),
        FATAL_XID(OnFault.FAIL),
        UNCORRECTABLE_ECC(OnFault.REPORT),
        ROW_REMAP_FAILED(OnFault.REPORT);

        private final OnFault byDefault;

        Kind(OnFault byDefault) {
            this.byDefault = byDefault;
        }

        OnFault byDefault() {
            return byDefault;
        }
    }

    /** Whether the engine is to be reported dead for it. */
    public boolean fails() {
        return action == OnFault.FAIL;
    }

    /** Whether it is the same one, though its counter may have grown. */
    public boolean sameAs(GpuFault other) {
        return kind == other.kind && device.equals(other.device) && xid.equals(other.xid);
    }

    GpuFault since(Instant earlier) {
        return new GpuFault(kind, device, xid, action, earlier, reason);
    }
}
