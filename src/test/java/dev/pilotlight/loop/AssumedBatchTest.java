package dev.pilotlight.loop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.gpu.readings.Device;
import dev.pilotlight.gpu.readings.Gauges;
import dev.pilotlight.gpu.readings.GpuReading;
import dev.pilotlight.gpu.readings.MemoryHealth;
import dev.pilotlight.gpu.readings.Scope;
import dev.pilotlight.gpu.readings.Xids;
import java.time.Instant;
import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class AssumedBatchTest {
    private static final Instant NOW = Instant.parse("2026-11-24T12:00:00Z");

    @Test
    void isWhatVllmTakesOnEachCard() {
        assertThat(AssumedBatch.of(seen(card("NVIDIA H100 80GB HBM3", 80)))).isEqualTo(1024);
        assertThat(AssumedBatch.of(seen(card("NVIDIA H200", 140)))).isEqualTo(1024);
        assertThat(AssumedBatch.of(seen(card("NVIDIA A100-SXM4-80GB", 80)))).isEqualTo(256);
        assertThat(AssumedBatch.of(seen(card("NVIDIA L4", 23)))).isEqualTo(256);
    }

    @Test
    void isTheUsualOneWhereTheCardsDifferOrAreNotSeen() {
        assertThat(AssumedBatch.of(seen(card("NVIDIA H100 80GB HBM3", 80), card("NVIDIA L4", 23))))
                .isEqualTo(256);
        assertThat(AssumedBatch.of(seen())).isEqualTo(256);
        assertThat(AssumedBatch.of(new GpuReading.Absent(NOW, "no driver"))).isEqualTo(256);
    }

    private static GpuReading seen(Device... cards) {
        return new GpuReading.Devices(
                NOW, GpuReading.Source.NVML, new Scope.Ours("the only one"), "", Arrays.asList(cards));
    }

    private static Device card(String name, long gib) {
        OptionalLong none = OptionalLong.empty();
        Gauges gauges = new Gauges(
                OptionalDouble.empty(),
                none,
                OptionalLong.of(gib << 30),
                OptionalDouble.empty(),
                OptionalDouble.empty(),
                Optional.empty());
        MemoryHealth health = new MemoryHealth(none, none, none, none, Optional.empty(), Optional.empty());
        return new Device(
                0,
                "GPU-1",
                name,
                new Device.Whole(),
                new Device.Working(),
                gauges,
                health,
                new Xids.Unknown("not read"));
    }
}
