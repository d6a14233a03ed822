package dev.pilotlight.gpu;

import static dev.pilotlight.gpu.Scenes.FIRST;
import static dev.pilotlight.gpu.Scenes.NOON;
import static dev.pilotlight.gpu.Scenes.ONE_G;
import static dev.pilotlight.gpu.Scenes.POLICY;
import static dev.pilotlight.gpu.Scenes.SECOND;
import static dev.pilotlight.gpu.Scenes.TWO_G;
import static dev.pilotlight.gpu.Scenes.h100;
import static dev.pilotlight.gpu.Scenes.partitionedA100;
import static dev.pilotlight.gpu.Scenes.readA100;
import static dev.pilotlight.gpu.Scenes.readH100;
import static dev.pilotlight.gpu.Scenes.readPart;
import static dev.pilotlight.gpu.Scenes.readT4;
import static dev.pilotlight.gpu.Scenes.silent;
import static dev.pilotlight.gpu.Scenes.t4;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** The probe against the fake library, loaded by the real dlopen: each scene gives this reading and this verdict. */
class NvmlProbeTest {
    private static final GpuClaim UNKNOWN = new GpuClaim.Nothing();
    private static final Scope ONLY_ONE = new Scope.Ours("it is the only one visible");
    private static final String ORIGIN = "NVML of driver 570.86.15";

    private FakeNvml nvml;
    private NvmlProbe probe;

    @BeforeEach
    void build() {
        Optional<FakeNvml> built = FakeNvml.current("scenes");
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

    private GpuReading.Devices ours(Device... devices) {
        return new GpuReading.Devices(NOON, GpuReading.Source.NVML, ONLY_ONE, ORIGIN, List.of(devices));
    }

    private static List<GpuFault> faults(GpuReading... readings) {
        GpuMemory memory = GpuMemory.EMPTY;
        List<GpuFault> faults = List.of();
        for (GpuReading reading : readings) {
            GpuJudgement.Judged judged = GpuJudgement.advance(memory, reading, POLICY);
            memory = judged.memory();
            faults = judged.faults();
        }
        return faults;
    }

    /** Reads until the XIDs that the watch's own thread counts are there. */
    private static GpuReading.Devices untilXids(NvmlProbe probe, long wanted) {
        for (int i = 0; i < 500; i++) {
            GpuReading.Devices reading = (GpuReading.Devices) probe.read(NOON);
            if (xids(reading) >= wanted) {
                return reading;
            }
            LockSupport.parkNanos(10_000_000);
        }
        throw new AssertionError("the XIDs did not come within 5 s");
    }

    private static long xids(GpuReading.Devices reading) {
        return reading.devices().stream()
                .map(Device::xids)
                .mapToLong(xids -> xids instanceof Xids.Counted(Map<Integer, Long> byXid)
                        ? byXid.values().stream().mapToLong(Long::longValue).sum()
                        : 0)
                .sum();
    }

    @Nested
    class OnASoundNode {
        @Test
        void readsEveryValueOfTheOneGpu() {
            nvml.play(h100(FIRST));

            GpuReading reading = probe.read(NOON);

            assertThat(reading).isEqualTo(ours(readH100(0, FIRST)));
            assertThat(faults(reading)).isEmpty();
        }

        @Test
        void showsSeveralGpusUnscoped() {
            nvml.play(h100(FIRST) + t4(SECOND));

            assertThat(probe.read(NOON))
                    .isEqualTo(new GpuReading.Devices(
                            NOON,
                            GpuReading.Source.NVML,
                            new Scope.Unscoped("2 GPUs or MIG devices are visible and nothing says which are this"
                                    + " pod's; set pilotlight.gpu.uuids to their UUIDs, or to \"visible\" if all are"),
                            ORIGIN,
                            List.of(readH100(0, FIRST), readT4(1, SECOND))));
        }

        @Test
        void keepsTheNamedGpuOfSeveral() {
            nvml.play(h100(FIRST) + t4(SECOND));
            probe = nvml.probe(GpuClaim.of(List.of(SECOND), Optional.empty()));

            assertThat(probe.read(NOON))
                    .isEqualTo(new GpuReading.Devices(
                            NOON,
                            GpuReading.Source.NVML,
                            new Scope.Ours("pilotlight.gpu.uuids names them"),
                            ORIGIN,
                            List.of(readT4(1, SECOND))));
        }

        @Test
        void saysWhichGpusAreThereWhenANamedOneIsNot() {
            nvml.play(h100(FIRST));
            probe = nvml.probe(GpuClaim.of(List.of(SECOND), Optional.empty()));

            assertThat(probe.read(NOON))
                    .isEqualTo(new GpuReading.Failed(
                            NOON,
                            "pilotlight.gpu.uuids names " + SECOND + ", which is not here; " + FIRST
                                    + " is: correct the setting"));
        }

        @Test
        void initialisesOnceForManyReads() {
            nvml.play(h100(FIRST));
            int before = nvml.sessions();

            for (int i = 0; i < 10; i++) {
                probe.read(NOON);
            }

            assertThat(nvml.sessions() - before).isEqualTo(1);
        }

        @Test
        void findsAGpuThatComesLater() {
            nvml.play(h100(FIRST));
            probe.read(NOON);
            nvml.play(h100(FIRST) + t4(SECOND));

            assertThat(((GpuReading.Devices) probe.read(NOON)).devices())
                    .containsExactly(readH100(0, FIRST), readT4(1, SECOND));
        }
    }

    @Nested
    class OnAPartitionedGpu {
        private final Device parent = readA100();
        private final Device oneG = readPart(ONE_G, "1g.5gb", 7, 1, 5, 0);
        private final Device twoG = readPart(TWO_G, "2g.10gb", 5, 2, 10, 5);

        @Test
        void readsEachPartitionByItself() {
            nvml.play(partitionedA100());
            probe = nvml.probe(GpuClaim.of(List.of("visible"), Optional.empty()));

            assertThat(((GpuReading.Devices) probe.read(NOON)).devices()).containsExactly(parent, oneG, twoG);
        }

        @Test
        void keepsOurPartitionAndItsGpu() {
            nvml.play(partitionedA100());
            probe = nvml.probe(GpuClaim.of(List.of(ONE_G), Optional.empty()));

            GpuReading reading = probe.read(NOON);

            assertThat(reading)
                    .isEqualTo(new GpuReading.Devices(
                            NOON,
                            GpuReading.Source.NVML,
                            new Scope.Ours("pilotlight.gpu.uuids names them"),
                            ORIGIN,
                            List.of(parent, oneG)));
            assertThat(faults(reading)).isEmpty();
        }

        @Test
        void doesNotBlameUsForTheXidOfAnotherPartition() {
            nvml.play(partitionedA100("  xid 94 5"));
            probe = nvml.probe(GpuClaim.of(List.of("visible"), Optional.empty()));

            GpuReading.Devices all = untilXids(probe, 1);

            assertThat(all.devices())
                    .containsExactly(parent, oneG, readPart(TWO_G, "2g.10gb", 5, 2, 10, 5, Map.of(94, 1L)));
            GpuReading mine = new GpuReading.Devices(
                    NOON,
                    GpuReading.Source.NVML,
                    ONLY_ONE,
                    ORIGIN,
                    List.of(all.devices().get(0), all.devices().get(1)));
            assertThat(faults(mine)).isEmpty();
            assertThat(faults(all)).extracting(GpuFault::device).containsExactly(TWO_G);
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
        void keepsItsNameWhenTheSessionIsOpenedAnew() {
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

            probe.read(NOON.plusSeconds(1).plus(NvmlProbe.ANEW_AFTER));
            probe.read(NOON.plusSeconds(2).plus(NvmlProbe.ANEW_AFTER));

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
                                        + " sidecar sight of the GPU (docs/gpu.md) or set pilotlight.gpu.source to dcgm"
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
                            NOON, ORIGIN + " shows no GPU here; give the sidecar sight of the GPU (docs/gpu.md)"));
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
                            "none of the 2 GPUs here may be opened; give the sidecar sight of this pod's"
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

    @Nested
    class Always {
        @Test
        void carriesTheInstantThatItWasGiven() {
            nvml.play(h100(FIRST));
            Instant later = NOON.plusSeconds(7);

            assertThat(probe.read(later).at()).isEqualTo(later);
        }
    }
}
