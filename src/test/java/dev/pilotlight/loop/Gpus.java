package dev.pilotlight.loop;

import dev.pilotlight.gpu.readings.Device;
import dev.pilotlight.gpu.readings.Gauges;
import dev.pilotlight.gpu.readings.GpuReading;
import dev.pilotlight.gpu.readings.MemoryHealth;
import dev.pilotlight.gpu.readings.Scope;
import dev.pilotlight.gpu.readings.Xids;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/** Readings of one H100, by hand. */
final class Gpus {
    private Gpus() {}

    static GpuReading one(Instant at, Scope scope, Device.State state) {
        return one(at, scope, state, new Xids.Unknown("not asked"));
    }

    static GpuReading one(Instant at, Scope scope, Device.State state, Xids xids) {
        OptionalLong none = OptionalLong.empty();
        Device device = new Device(
                0,
                "GPU-1",
                "H100",
                new Device.Whole(),
                state,
                new Gauges(
                        OptionalDouble.of(0.9),
                        OptionalLong.of(60),
                        OptionalLong.of(80),
                        OptionalDouble.of(61),
                        OptionalDouble.of(410),
                        Optional.empty()),
                new MemoryHealth(none, none, none, none, Optional.empty(), Optional.empty()),
                xids);
        return new GpuReading.Devices(at, GpuReading.Source.NVML, scope, "by a test", List.of(device));
    }
}
