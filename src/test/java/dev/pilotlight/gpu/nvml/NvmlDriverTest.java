package dev.pilotlight.gpu.nvml;

import static dev.pilotlight.gpu.nvml.Scenes.FIRST;
import static dev.pilotlight.gpu.nvml.Scenes.NOON;
import static dev.pilotlight.gpu.nvml.Scenes.ORIGIN;
import static dev.pilotlight.gpu.nvml.Scenes.SECOND;
import static dev.pilotlight.gpu.nvml.Scenes.h100;
import static dev.pilotlight.gpu.nvml.Scenes.ours;
import static dev.pilotlight.gpu.nvml.Scenes.readH100;
import static dev.pilotlight.gpu.nvml.Scenes.readT4;
import static dev.pilotlight.gpu.nvml.Scenes.t4;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pilotlight.gpu.readings.Device;
import dev.pilotlight.gpu.readings.Gauges;
import dev.pilotlight.gpu.readings.GpuClaim;
import dev.pilotlight.gpu.readings.GpuReading;
import dev.pilotlight.gpu.readings.MemoryHealth;
import dev.pilotlight.gpu.readings.Throttle;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** What the probe makes of drivers that are old, broken, closed to it or not there. */
class NvmlDriverTest {
    private static final GpuClaim UNKNOWN = new GpuClaim.Nothing();

    private FakeNvml nvml;
    private NvmlProbe probe;

    @BeforeEach
    void build() {
        Optional<FakeNvml> built = FakeNvml.current("drivers");
        assumeTrue(built.isPresent(), "gcc is not here: the fake NVML library cannot be built");
        nvml = built.get();
        probe = nvml.probe(UNKNOWN);
    }

    @AfterEach
    void close() {
        if (probe != null) {
            probe.close();
            assertThat(nvml.open()).isZero();
        }
    }

    @Nested
    class OnAnOldDriver {
        @Test
        void readsWhatThereIs() {
            FakeNvml old = FakeNvml.old().orElseThrow();
            old.play(h100(FIRST, "  retired_single 1", "  retired_double 0"));
            Device today = readH100(0, FIRST);

            try (NvmlProbe oldProbe = old.probe(UNKNOWN)) {
                // The older memory call counts the driver's reserve as used; rows were not remapped yet.
                assertThat(oldProbe.read(NOON))
                        .isEqualTo(ours(new Device(
                                0,
                                FIRST,
                                today.name(),
                                today.kind(),
                                today.state(),
                                new Gauges(
                                        today.gauges().utilizationRatio(),
                                        OptionalLong.of(77309411328L + 536870912L),
                                        today.gauges().memoryTotalBytes(),
                                        today.gauges().temperatureCelsius(),
                                        today.gauges().powerWatts(),
                                        Optional.of(Set.of(Throttle.SW_POWER_CAP))),
                                new MemoryHealth(
                                        today.memory().eccUncorrectedVolatile(),
                                        today.memory().eccUncorrectedAggregate(),
                                        OptionalLong.of(1),
                                        OptionalLong.empty(),
                                        Optional.empty(),
                                        Optional.empty()),
                                today.xids())));
            }
        }
    }

    @Nested
    class WithoutAUsableDriver {
        @Test
        void isAbsentForGoodWhereTheLibraryIsNot() {
            try (NvmlProbe none = new NvmlProbe(Optional.of("libnvidia-ml.so.of-no-machine"), UNKNOWN)) {
                assertThat(none.read(NOON))
                        .isEqualTo(new GpuReading.Absent(
                                NOON,
                                "no NVIDIA driver in sight: libnvidia-ml.so.of-no-machine does not load; give the"
                                        + " sidecar access to the GPU (docs/gpu.md) or set pilotlight.gpu.source to dcgm"
                                        + " or none"));
            }
        }

        @Test
        void isAbsentForGoodWhereTheLibraryIsAnother() {
            FakeNvml foreign = FakeNvml.foreign().orElseThrow();
            try (NvmlProbe other = foreign.probe(UNKNOWN)) {
                assertThat(other.read(NOON))
                        .isEqualTo(new GpuReading.Absent(
                                NOON,
                                foreign.path()
                                        + " has no nvmlInit_v2: it is not NVIDIA's library, or one far too old"));
            }
        }

        @Test
        void mendsWhenTheDriverIsLoaded() {
            nvml.play("init 9");
            GpuReading before = probe.read(NOON);
            nvml.play(h100(FIRST));

            assertThat(before)
                    .isEqualTo(new GpuReading.Failed(
                            NOON,
                            "nvmlInit_v2 answers 9 (driver not loaded): load the nvidia kernel module on the node; asked"
                                    + " again until it is there"));
            assertThat(probe.read(NOON)).isEqualTo(ours(readH100(0, FIRST)));
        }

        @Test
        void saysThatDriverAndLibraryDiffer() {
            nvml.play("init 18");

            assertThat(probe.read(NOON))
                    .isEqualTo(new GpuReading.Failed(
                            NOON,
                            "nvmlInit_v2 answers 18 (driver and library versions differ): the driver was updated under a"
                                    + " running node: reboot the node, or reload the kernel module, then recreate the"
                                    + " pod"));
        }

        @Test
        void saysThatNoGpuIsVisible() {
            nvml.play("");

            assertThat(probe.read(NOON))
                    .isEqualTo(new GpuReading.Failed(
                            NOON, ORIGIN + " shows no GPU here; give the sidecar access to the GPU (docs/gpu.md)"));
        }

        @Test
        void passesOverTheGpuThatItMayNotOpen() {
            nvml.play(h100(FIRST, "  handle 4") + t4(SECOND));

            assertThat(probe.read(NOON)).isEqualTo(ours(readT4(1, SECOND)));
        }

        @Test
        void saysThatNoneMayBeOpened() {
            nvml.play(h100(FIRST, "  handle 4") + h100(SECOND, "  handle 17"));

            assertThat(probe.read(NOON))
                    .isEqualTo(new GpuReading.Failed(
                            NOON,
                            "none of the 2 GPUs here may be opened; give the sidecar access to this pod's"
                                    + " (docs/gpu.md)"));
        }

        @Test
        void opensItOnceItMay() {
            nvml.play(h100(FIRST, "  handle 4") + t4(SECOND));
            probe.read(NOON);
            nvml.play(h100(FIRST) + t4(SECOND));

            assertThat(((GpuReading.Devices) probe.read(NOON)).devices())
                    .containsExactly(readH100(0, FIRST), readT4(1, SECOND));
        }
    }
}
