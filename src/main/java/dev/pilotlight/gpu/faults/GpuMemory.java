package dev.pilotlight.gpu.faults;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;

/** What must be remembered from reading to reading to tell a new error from an old one. Immutable. */
public record GpuMemory(Map<String, Remembered> devices, List<GpuFault> faults) {
    public static final GpuMemory EMPTY = new GpuMemory(Map.of(), List.of());

    public GpuMemory {
        devices = Map.copyOf(devices);
        faults = List.copyOf(faults);
    }

    /**
     * The memory after the engine was started again: what happened so far did its work and is the new baseline. Without
     * this a contained error, which a restart cures, would have every later engine killed too.
     */
    public GpuMemory forgiven() {
        Map<String, Remembered> rebased = new HashMap<>();
        devices.forEach((key, remembered) -> rebased.put(key, remembered.rebased()));
        return new GpuMemory(rebased, List.of());
    }

    /**
     * One device's past.
     *
     * @param eccBaseline uncorrectable errors that were there before we looked
     * @param xidsBaseline XIDs counted that are forgiven
     * @param standingXid the exporter's last XID as we last read it; the outer empty: not read yet
     * @param fatalXids those the exporter changed to since the baseline
     * @param missed readings in a row in which it was not listed
     */
    public record Remembered(
            OptionalLong eccBaseline,
            OptionalLong ecc,
            Map<Integer, Long> xidsBaseline,
            Map<Integer, Long> xids,
            Optional<OptionalInt> standingXid,
            Set<Integer> fatalXids,
            int missed) {
        static final Remembered NOTHING = new Remembered(
                OptionalLong.empty(), OptionalLong.empty(), Map.of(), Map.of(), Optional.empty(), Set.of(), 0);

        Remembered rebased() {
            return new Remembered(ecc, ecc, xids, xids, standingXid, Set.of(), missed);
        }

        Remembered missedAgain() {
            return new Remembered(eccBaseline, ecc, xidsBaseline, xids, standingXid, fatalXids, missed + 1);
        }
    }
}
