package dev.pilotlight.gpu.nvml;

import static dev.pilotlight.gpu.nvml.Scenes.FIRST;
import static dev.pilotlight.gpu.nvml.Scenes.NOON;
import static dev.pilotlight.gpu.nvml.Scenes.ONE_G;
import static dev.pilotlight.gpu.nvml.Scenes.ONLY_ONE;
import static dev.pilotlight.gpu.nvml.Scenes.SECOND;
import static dev.pilotlight.gpu.nvml.Scenes.faults;
import static dev.pilotlight.gpu.nvml.Scenes.h100;
import static dev.pilotlight.gpu.nvml.Scenes.ours;
import static dev.pilotlight.gpu.nvml.Scenes.partitionedA100;
import static dev.pilotlight.gpu.nvml.Scenes.readH100;
import static dev.pilotlight.gpu.nvml.Scenes.silent;
import static dev.pilotlight.gpu.nvml.Scenes.t4;
import static dev.pilotlight.gpu.nvml.Scenes.untilXids;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pilotlight.gpu.faults.GpuFault;
import dev.pilotlight.gpu.faults.OnFault;
import dev.pilotlight.gpu.readings.Device;
import dev.pilotlight.gpu.readings.GpuClaim;
import dev.pilotlight.gpu.readings.GpuReading;
import dev.pilotlight.gpu.readings.Xids;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** What the probe reads, and what verdict that gives, when a GPU of the fake library goes bad. */
class NvmlFaultTest {
    private static final GpuClaim UNKNOWN = new GpuClaim.Nothing();

    private FakeNvml nvml;
    private NvmlProbe probe;

    @BeforeEach
    void build() {
        Optional<FakeNvml> built = FakeNvml.current("faults");
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
    class WhenAGpuFails {
        @Test
        void isLostUnderTheNameThatItHad() {
            nvml.play(h100(FIRST));
            GpuReading before = probe.read(NOON);
            nvml.play(h100(FIRST, "  all 15"));

            GpuReading reading = probe.read(NOON);

            assertThat(reading)
                    .isEqualTo(ours(silent(
                            0, FIRST, "NVIDIA H100 80GB HBM3", new Device.Lost("its calls answered 15 (GPU lost)"))));
            assertThat(faults(before, reading))
                    .containsExactly(new GpuFault(
                            GpuFault.Kind.LOST,
                            FIRST,
                            OptionalInt.empty(),
                            OnFault.FAIL,
                            NOON,
                            "GPU 0 (" + FIRST + ") is lost: its calls answered 15 (GPU lost); cordon the node, move the"
                                    + " pod, then reset or replace the GPU"));
        }

        @Test
        void isLostWhenTheDriverListsItNoMore() {
            nvml.play(h100(FIRST) + t4(SECOND));
            probe = nvml.probe(GpuClaim.of(List.of(FIRST, SECOND), Optional.empty()));
            probe.read(NOON);
            nvml.play(h100(FIRST));

            assertThat(((GpuReading.Devices) probe.read(NOON)).devices())
                    .containsExactly(
                            readH100(0, FIRST),
                            silent(1, SECOND, "Tesla T4", new Device.Lost("NVML no longer lists it")));
        }

        @Test
        void isLostFromTheStartWithoutAUuid() {
            nvml.play(h100(FIRST, "  handle 15"));

            GpuReading reading = probe.read(NOON);

            assertThat(reading)
                    .isEqualTo(ours(silent(
                            0, "", "", new Device.Lost("nvmlDeviceGetHandleByIndex_v2 answered 15 (GPU lost)"))));
            assertThat(faults(reading)).extracting(GpuFault::device).containsExactly("#0");
        }

        @Test
        void keepsItsNameWhenTheSessionIsOpenedAgain() {
            nvml.play(h100(FIRST) + t4(SECOND));
            probe = nvml.probe(GpuClaim.of(List.of("visible"), Optional.empty()));
            probe.read(NOON);
            // One GPU more makes the probe start over, and now the first is refused.
            nvml.play(h100(FIRST, "  handle 15") + t4(SECOND) + t4("GPU-00000000-6505-0873-c6db-8324dbfe5ba9"));

            assertThat(((GpuReading.Devices) probe.read(NOON)).devices().getFirst())
                    .isEqualTo(silent(
                            0,
                            FIRST,
                            "NVIDIA H100 80GB HBM3",
                            new Device.Lost("nvmlDeviceGetHandleByIndex_v2 answered 15 (GPU lost)")));
        }

        @Test
        void takesItsPartitionsAlong() {
            nvml.play(partitionedA100());
            probe = nvml.probe(GpuClaim.of(List.of(ONE_G), Optional.empty()));
            GpuReading before = probe.read(NOON);
            nvml.play(partitionedA100("  all 15"));

            assertThat(faults(before, probe.read(NOON)))
                    .extracting(GpuFault::kind, GpuFault::device)
                    .containsExactly(tuple(GpuFault.Kind.LOST, FIRST), tuple(GpuFault.Kind.LOST, ONE_G));
        }

        @Test
        void leavesTheOnlyVisiblePartitionOurs() {
            String onePart = partitionedA100().substring(0, partitionedA100().lastIndexOf("  mig"));
            nvml.play(onePart);
            GpuReading.Devices before = (GpuReading.Devices) probe.read(NOON);
            nvml.play(onePart.replace("gpu\n", "gpu\n  all 15\n"));

            GpuReading.Devices reading = (GpuReading.Devices) probe.read(NOON);

            assertThat(reading.scope()).isEqualTo(before.scope()).isEqualTo(ONLY_ONE);
            assertThat(reading.devices())
                    .extracting(Device::key, Device::kind, device -> device.state()
                            .getClass()
                            .getSimpleName())
                    .containsExactly(
                            tuple(FIRST, new Device.MigParent(), "Lost"),
                            tuple(ONE_G, before.devices().get(1).kind(), "Lost"));
        }

        @Test
        void wantsAReset() {
            nvml.play(h100(FIRST, "  all 16"));

            GpuReading reading = probe.read(NOON);

            assertThat(faults(reading))
                    .containsExactly(new GpuFault(
                            GpuFault.Kind.RESET_REQUIRED,
                            "#0",
                            OptionalInt.empty(),
                            OnFault.FAIL,
                            NOON,
                            "GPU 0 must be reset: its calls answered 16 (GPU reset required); move the pod off the node"
                                    + " and run nvidia-smi --gpu-reset"));
        }

        @Test
        void isReachedByNewHandlesOnceItWasReset() {
            nvml.play(h100(FIRST));
            probe.read(NOON);
            nvml.play(h100(FIRST, "  all 15"));
            probe.read(NOON.plusSeconds(1));
            nvml.play(h100(FIRST));
            int before = nvml.sessions();

            probe.read(NOON.plusSeconds(1).plus(NvmlProbe.AGAIN_AFTER));
            probe.read(NOON.plusSeconds(2).plus(NvmlProbe.AGAIN_AFTER));

            assertThat(nvml.sessions() - before).isEqualTo(1);
        }

        @Test
        void goesOnBeingReadWhenOneCallGoesWrong() {
            nvml.play(h100(FIRST, "  power 2"));

            assertThat(((GpuReading.Devices) probe.read(NOON)).devices())
                    .extracting(Device::state, device -> device.gauges().powerWatts(), device -> device.gauges()
                            .temperatureCelsius())
                    .containsExactly(tuple(new Device.Working(), OptionalDouble.empty(), OptionalDouble.of(61)));
        }

        @Test
        void isNotCalledLostForAnErrorThatSaysNothing() {
            nvml.play(h100(FIRST));
            probe.read(NOON);
            nvml.play(h100(FIRST, "  all 999"));

            GpuReading reading = probe.read(NOON);

            assertThat(reading)
                    .isEqualTo(ours(silent(
                            0,
                            FIRST,
                            "NVIDIA H100 80GB HBM3",
                            new Device.Unreadable("its calls answered 999 (unknown error)"))));
            assertThat(faults(reading)).isEmpty();
        }

        @Test
        void tellsOfErrorsThatComeWhileWeLook() {
            nvml.play(h100(FIRST));
            GpuReading before = probe.read(NOON);
            nvml.play(h100(FIRST, "  ecc_volatile 3", "  remap_failed 1"));

            assertThat(faults(before, probe.read(NOON)))
                    .extracting(GpuFault::kind, GpuFault::action)
                    .containsExactlyInAnyOrder(
                            tuple(GpuFault.Kind.ROW_REMAP_FAILED, OnFault.REPORT),
                            tuple(GpuFault.Kind.UNCORRECTABLE_ECC, OnFault.REPORT));
        }
    }

    @Nested
    class OnAnXidBurst {
        @Test
        void countsEveryEventAndBlamesOnlyTheFatal() {
            nvml.play(h100(FIRST, "  repeat 1000 45", "  xid 31", "  xid 79"));

            GpuReading.Devices reading = untilXids(probe, 1002);

            assertThat(reading).isEqualTo(ours(readH100(0, FIRST, Map.of(45, 1000L, 31, 1L, 79, 1L))));
            assertThat(faults(reading))
                    .containsExactly(new GpuFault(
                            GpuFault.Kind.FATAL_XID,
                            FIRST,
                            OptionalInt.of(79),
                            OnFault.FAIL,
                            NOON,
                            "XID 79 (GPU has fallen off the bus) on GPU 0 (" + FIRST
                                    + "); a restarted engine may cure it, if it comes back drain the node and reset the"
                                    + " GPU"));
        }

        @Test
        void goesOnCountingInANewSession() {
            nvml.play(h100(FIRST, "  xid 31"));
            untilXids(probe, 1);
            probe.close();
            nvml.play(h100(FIRST, "  xid 31"));

            assertThat(untilXids(probe, 2)).isEqualTo(ours(readH100(0, FIRST, Map.of(31, 2L))));
        }

        @Test
        void countsNumbersBeyondAnyTableAsUnknown() {
            nvml.play(h100(FIRST, "  xid 123456789", "  xid -1"));

            assertThat(untilXids(probe, 2)).isEqualTo(ours(readH100(0, FIRST, Map.of(999, 2L))));
        }

        @Test
        void saysSoWhereTheDriverTellsNone() {
            nvml.play(h100(FIRST, "  no_xids"));

            assertThat(((GpuReading.Devices) probe.read(NOON)).devices())
                    .extracting(Device::xids)
                    .containsExactly(new Xids.Unknown("the driver reports no XID events for this GPU"));
        }
    }
}
