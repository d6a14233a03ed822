package dev.pilotlight.gpu.faults;

import dev.pilotlight.gpu.readings.Device;
import dev.pilotlight.gpu.readings.GpuReading;
import dev.pilotlight.gpu.readings.Scope;
import dev.pilotlight.gpu.readings.Xid;
import dev.pilotlight.gpu.readings.Xids;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;

/** What a reading says against this pod's GPUs. */
public final class GpuJudgement {
    /** Readings in a row: one page may lack a row or its labels for no reason of the GPU's. */
    private static final int MISSED = 3;

    private GpuJudgement() {}

    /** The faults that stand, and what to remember for the next reading. */
    public record Judged(GpuMemory memory, List<GpuFault> faults) {
        public Judged {
            faults = List.copyOf(faults);
        }
    }

    /**
     * Weighs one reading. Devices that are not known to be ours have no faults here. Where nothing was learned of a device of ours, by a
     * reading that failed, a page without its row or one that lost the pods' labels, what stood still stands.
     */
    public static Judged advance(GpuMemory memory, GpuReading reading, GpuPolicy policy) {
        return switch (reading) {
            case GpuReading.Absent _, GpuReading.Failed _ -> new Judged(memory, memory.faults());
            case GpuReading.Devices devices ->
                switch (devices.scope()) {
                    case Scope.Unscoped _ -> new Judged(memory, memory.faults());
                    case Scope.Ours _ -> judge(memory, devices, policy);
                };
        };
    }

    private static Judged judge(GpuMemory memory, GpuReading.Devices reading, GpuPolicy policy) {
        Map<String, GpuMemory.Remembered> remembered = new HashMap<>(memory.devices());
        List<GpuFault> faults = new ArrayList<>();
        for (Device device : reading.devices()) {
            // The two sources count differently: one's baseline says nothing to the other.
            String key = reading.source() + " " + device.key();
            GpuMemory.Remembered now =
                    recall(remembered.getOrDefault(key, GpuMemory.Remembered.NOTHING), device, policy.fatalXids());
            remembered.put(key, now);
            faults.addAll(faults(device, now, policy, reading.at()));
        }
        faults.addAll(ofMissing(memory, reading, remembered, policy));
        List<GpuFault> standing =
                faults.stream().map(fault -> dated(fault, memory.faults())).toList();
        return new Judged(new GpuMemory(remembered, standing), standing);
    }

    /** Faults of the devices that the source told of before and tells of no more: one that fell off the bus loses its row. */
    private static List<GpuFault> ofMissing(
            GpuMemory memory,
            GpuReading.Devices reading,
            Map<String, GpuMemory.Remembered> remembered,
            GpuPolicy policy) {
        String source = reading.source() + " ";
        Set<String> listed = new TreeSet<>();
        reading.devices().forEach(device -> listed.add(device.key()));
        List<GpuFault> faults = new ArrayList<>();
        memory.devices().forEach((key, before) -> {
            String device = key.substring(key.indexOf(' ') + 1);
            if (!key.startsWith(source) || listed.contains(device)) {
                return;
            }
            GpuMemory.Remembered now = before.missedAgain();
            remembered.put(key, now);
            memory.faults().stream()
                    .filter(fault -> fault.device().equals(device) && fault.kind() != GpuFault.Kind.NOT_LISTED)
                    .forEach(faults::add);
            // NVML's own list says of a GPU that is gone that it is lost, and forgets a partition that somebody
            // removed.
            if (reading.source() == GpuReading.Source.DCGM && now.missed() >= MISSED) {
                faults.add(new GpuFault(
                        GpuFault.Kind.NOT_LISTED,
                        device,
                        OptionalInt.empty(),
                        policy.on(GpuFault.Kind.NOT_LISTED),
                        reading.at(),
                        "GPU " + device
                                + " of this pod is on the exporter's metrics page no more: it may have fallen off the bus;"
                                + " look for XID 79 in the node's kernel log and run nvidia-smi there"));
            }
        });
        return faults;
    }

    private static GpuFault dated(GpuFault fault, List<GpuFault> before) {
        return before.stream()
                .filter(fault::sameAs)
                .findFirst()
                .map(same -> fault.since(same.since()))
                .orElse(fault);
    }

    private static GpuMemory.Remembered recall(GpuMemory.Remembered before, Device device, Set<Integer> fatal) {
        OptionalLong read = device.memory().eccUncorrected();
        OptionalLong ecc = read.isPresent() ? read : before.ecc();
        return switch (device.xids()) {
            case Xids.Counted counted ->
                new GpuMemory.Remembered(
                        baseline(before.eccBaseline(), ecc),
                        ecc,
                        before.xidsBaseline(),
                        counted.byXid(),
                        before.standingXid(),
                        before.fatalXids(),
                        0);
            case Xids.Last last ->
                new GpuMemory.Remembered(
                        baseline(before.eccBaseline(), ecc),
                        ecc,
                        before.xidsBaseline(),
                        before.xids(),
                        Optional.of(standing(before, last.xid())),
                        changed(before, last.xid(), device, fatal),
                        0);
            case Xids.Unknown _ ->
                new GpuMemory.Remembered(
                        baseline(before.eccBaseline(), ecc),
                        ecc,
                        before.xidsBaseline(),
                        before.xids(),
                        before.standingXid(),
                        before.fatalXids(),
                        0);
        };
    }

    /** The first count read; or a lower one, since a driver that was loaded again counts from zero. */
    private static OptionalLong baseline(OptionalLong before, OptionalLong ecc) {
        if (before.isEmpty() || ecc.isEmpty()) {
            return ecc;
        }
        return OptionalLong.of(Math.min(before.getAsLong(), ecc.getAsLong()));
    }

    /** An exporter that begins again shows none for a while, and then the old one again. */
    private static OptionalInt standing(GpuMemory.Remembered before, OptionalInt xid) {
        return xid.orElse(0) == 0 ? before.standingXid().orElse(xid) : xid;
    }

    /** The gauge stands until the exporter restarts: what it shows at first is old, and only a change is news. */
    private static Set<Integer> changed(
            GpuMemory.Remembered before, OptionalInt xid, Device device, Set<Integer> fatal) {
        if (before.standingXid().isEmpty()
                || xid.orElse(0) == 0
                || before.standingXid().get().equals(xid)
                || !fatal.contains(xid.getAsInt())) {
            return before.fatalXids();
        }
        // The exporter repeats the whole GPU's last XID on each partition, whosever it was.
        if (device.kind() instanceof Device.MigInstance && !Xid.hitsWholeGpu(xid.getAsInt())) {
            return before.fatalXids();
        }
        Set<Integer> more = new TreeSet<>(before.fatalXids());
        more.add(xid.getAsInt());
        return Set.copyOf(more);
    }

    private static List<GpuFault> faults(Device device, GpuMemory.Remembered remembered, GpuPolicy policy, Instant at) {
        List<GpuFault> faults = new ArrayList<>();
        switch (device.state()) {
            case Device.Lost(String why) ->
                faults.add(fault(
                        GpuFault.Kind.LOST,
                        device,
                        policy,
                        at,
                        device.label() + " is lost: " + why
                                + "; cordon the node, move the pod, then reset or replace the GPU"));
            case Device.ResetRequired(String why) ->
                faults.add(fault(
                        GpuFault.Kind.RESET_REQUIRED,
                        device,
                        policy,
                        at,
                        device.label() + " must be reset: " + why
                                + "; move the pod off the node and run nvidia-smi --gpu-reset"));
            case Device.Working _, Device.Unreadable _ -> {}
        }
        for (int xid : policy.fatalXids()) {
            if (remembered.fatalXids().contains(xid)
                    || remembered.xids().getOrDefault(xid, 0L)
                            > remembered.xidsBaseline().getOrDefault(xid, 0L)) {
                faults.add(
                        new GpuFault(
                                GpuFault.Kind.FATAL_XID,
                                device.key(),
                                OptionalInt.of(xid),
                                policy.on(GpuFault.Kind.FATAL_XID),
                                at,
                                Xid.describe(xid) + " on " + device.label()
                                        + "; a restarted engine may cure it, if it comes back drain the node and reset the GPU"));
            }
        }
        if (device.memory().remapFailed().orElse(false)) {
            faults.add(fault(
                    GpuFault.Kind.ROW_REMAP_FAILED,
                    device,
                    policy,
                    at,
                    device.label() + " has no spare memory rows left (row remapping failed); have it replaced"));
        }
        // A partitioned GPU's own count holds its other tenants' errors; each partition has a count of its own.
        if (!(device.kind() instanceof Device.MigParent)
                && remembered.ecc().isPresent()
                && remembered.ecc().getAsLong() > remembered.eccBaseline().orElse(0)) {
            long more = remembered.ecc().getAsLong() - remembered.eccBaseline().orElse(0);
            faults.add(fault(
                    GpuFault.Kind.UNCORRECTABLE_ECC,
                    device,
                    policy,
                    at,
                    device.label() + " had " + more
                            + " uncorrectable memory errors since the engine started; reset the GPU at the next chance,"
                            + " replace it if they go on"));
        }
        return faults;
    }

    private static GpuFault fault(GpuFault.Kind kind, Device device, GpuPolicy policy, Instant at, String reason) {
        return new GpuFault(kind, device.key(), OptionalInt.empty(), policy.on(kind), at, reason);
    }
}
