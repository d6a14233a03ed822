package dev.pilotlight.loop;

import dev.pilotlight.gpu.faults.GpuFault;
import dev.pilotlight.gpu.faults.GpuJudgement;
import dev.pilotlight.gpu.faults.GpuMemory;
import dev.pilotlight.gpu.faults.GpuPolicy;
import dev.pilotlight.gpu.readings.Device;
import dev.pilotlight.gpu.readings.GpuReading;
import dev.pilotlight.gpu.readings.Scope;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * The GPUs as read so far, and what is held against them.
 *
 * @param latest the newest reading
 * @param devices of the newest reading that showed any
 * @param memory what tells a new error from an old one
 */
public record GpuTrack(GpuReading latest, Optional<GpuReading.Devices> devices, GpuMemory memory) {
    static GpuTrack begin(Instant now) {
        return new GpuTrack(new GpuReading.Failed(now, "the GPU was not asked yet"), Optional.empty(), GpuMemory.EMPTY);
    }

    /** @param engineIsNew whether the engine was started again: what it was restarted for is forgiven */
    GpuTrack advance(GpuReading reading, boolean engineIsNew, GpuPolicy policy) {
        GpuMemory before = engineIsNew ? memory.forgiven() : memory;
        if (reading == latest) {
            return engineIsNew ? new GpuTrack(latest, devices, before) : this;
        }
        return new GpuTrack(
                reading,
                reading instanceof GpuReading.Devices seen ? Optional.of(seen) : devices,
                GpuJudgement.advance(before, reading, policy).memory());
    }

    /** Why the engine can not go on with this GPU. */
    Optional<String> failure() {
        return faults().stream().filter(GpuFault::fails).map(GpuFault::reason).findFirst();
    }

    public List<GpuFault> faults() {
        return memory.faults();
    }

    /** The devices that are this pod's and were read lately. */
    public List<Device> ours(Instant now, Duration staleAfter) {
        return devices.filter(seen -> seen.scope() instanceof Scope.Ours)
                .filter(seen -> Duration.between(seen.at(), now).compareTo(staleAfter) <= 0)
                .map(GpuReading.Devices::devices)
                .orElse(List.of());
    }
}
