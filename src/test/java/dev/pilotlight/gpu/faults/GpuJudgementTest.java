package dev.pilotlight.gpu.faults;

import static dev.pilotlight.gpu.nvml.Scenes.FIRST;
import static dev.pilotlight.gpu.nvml.Scenes.NOON;
import static dev.pilotlight.gpu.nvml.Scenes.ONE_G;
import static dev.pilotlight.gpu.nvml.Scenes.SECOND;
import static dev.pilotlight.gpu.nvml.Scenes.readA100;
import static dev.pilotlight.gpu.nvml.Scenes.readH100;
import static dev.pilotlight.gpu.nvml.Scenes.readPart;
import static dev.pilotlight.gpu.nvml.Scenes.silent;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.groups.Tuple.tuple;

import dev.pilotlight.gpu.readings.Device;
import dev.pilotlight.gpu.readings.Gauges;
import dev.pilotlight.gpu.readings.GpuReading;
import dev.pilotlight.gpu.readings.MemoryHealth;
import dev.pilotlight.gpu.readings.Scope;
import dev.pilotlight.gpu.readings.Xids;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class GpuJudgementTest {
    private static final Scope OURS = new Scope.Ours("so it is");
    private static final Device LOST = silent(0, FIRST, "", new Device.Lost("it is gone"));

    private GpuMemory memory = GpuMemory.EMPTY;
    private GpuPolicy policy = GpuPolicy.DEFAULT;

    private List<GpuFault> weigh(GpuReading reading) {
        GpuJudgement.Judged judged = GpuJudgement.advance(memory, reading, policy);
        memory = judged.memory();
        return judged.faults();
    }

    private static GpuReading nvml(Device... devices) {
        return nvml(NOON, devices);
    }

    private static GpuReading nvml(Instant at, Device... devices) {
        return new GpuReading.Devices(at, GpuReading.Source.NVML, OURS, "", List.of(devices));
    }

    private static GpuReading dcgm(Device... devices) {
        return new GpuReading.Devices(NOON, GpuReading.Source.DCGM, OURS, "", List.of(devices));
    }

    private static Device withEcc(long errors) {
        Device sound = readH100(0, FIRST);
        return new Device(
                0,
                FIRST,
                sound.name(),
                sound.kind(),
                sound.state(),
                sound.gauges(),
                new MemoryHealth(
                        OptionalLong.of(errors),
                        OptionalLong.empty(),
                        OptionalLong.empty(),
                        OptionalLong.empty(),
                        Optional.empty(),
                        Optional.empty()),
                sound.xids());
    }

    private static Device withLastXid(int xid) {
        return withLastXid(xid, new Device.Whole());
    }

    private static Device withLastXid(int xid, Device.Kind kind) {
        Device sound = readH100(0, FIRST);
        return new Device(
                0,
                FIRST,
                sound.name(),
                kind,
                sound.state(),
                sound.gauges(),
                MemoryHealth.UNKNOWN,
                new Xids.Last(xid == 0 ? OptionalInt.empty() : OptionalInt.of(xid)));
    }

    @Nested
    class OfWhatIsNotOurs {
        @Test
        void blamesNothingOnThisPod() {
            assertThat(weigh(new GpuReading.Devices(
                            NOON, GpuReading.Source.NVML, new Scope.Unscoped("whose?"), "", List.of(LOST))))
                    .isEmpty();
        }
    }

    @Nested
    class OfARowThatIsGone {
        private final Device other = readH100(1, SECOND);

        private GpuReading withoutLabels() {
            return new GpuReading.Devices(
                    NOON,
                    GpuReading.Source.DCGM,
                    new Scope.Unscoped("no device on the page has a pod label"),
                    "",
                    List.of(withLastXid(0), other));
        }

        /** Case gpu-fallen-off-row-gone: dcgm-exporter 348 and 569. */
        @Test
        void aKnownFaultStands() {
            weigh(dcgm(withLastXid(0), other));
            assertThat(weigh(dcgm(withLastXid(79), other))).hasSize(1);
            for (int reading = 0; reading < 20; reading++) {
                assertThat(weigh(dcgm(other)))
                        .anySatisfy(fault -> assertThat(fault.kind()).isEqualTo(GpuFault.Kind.FATAL_XID))
                        .anyMatch(GpuFault::fails);
            }
        }

        /** Case gpu-row-gone-without-xid. */
        @Test
        void isAFaultOfItsOwnAfterThreeReadings() {
            weigh(dcgm(withLastXid(0), other));
            assertThat(weigh(dcgm(other))).isEmpty();
            assertThat(weigh(dcgm(other))).isEmpty();
            assertThat(weigh(dcgm(other)))
                    .extracting(GpuFault::kind, GpuFault::device, GpuFault::fails)
                    .containsExactly(tuple(GpuFault.Kind.NOT_LISTED, FIRST, false));
            assertThat(weigh(dcgm(withLastXid(0), other))).isEmpty();
        }

        /** Case dcgm-labels-sometimes-missing: a page that once lacks the pods' labels changes nothing. */
        @Test
        void isNoneWhereOnlyTheLabelsAreMissingOnce() {
            weigh(dcgm(withLastXid(0), other));
            assertThat(weigh(withoutLabels())).isEmpty();
            assertThat(weigh(dcgm(withLastXid(79), other))).hasSize(1);
            assertThat(weigh(withoutLabels())).hasSize(1);
            assertThat(weigh(dcgm(withLastXid(79), other))).hasSize(1);
        }
    }

    @Nested
    class WithoutTelemetry {
        private final GpuReading failed = new GpuReading.Failed(NOON, "the driver sleeps");
        private final GpuReading absent = new GpuReading.Absent(NOON, "no driver");

        @Test
        void raisesNoFault() {
            assertThat(weigh(failed)).isEmpty();
            assertThat(weigh(absent)).isEmpty();
        }

        @Test
        void clearsNoFault() {
            List<GpuFault> standing = weigh(nvml(LOST));

            assertThat(weigh(failed)).isEqualTo(standing).hasSize(1);
            assertThat(weigh(absent)).isEqualTo(standing);
        }
    }

    @Nested
    class OfAState {
        @Test
        void standsAsLongAsTheStateDoesAndKeepsItsBeginning() {
            weigh(nvml(LOST));

            assertThat(weigh(nvml(NOON.plusSeconds(60), LOST)))
                    .extracting(GpuFault::kind, GpuFault::since)
                    .containsExactly(tuple(GpuFault.Kind.LOST, NOON));
            assertThat(weigh(nvml(readH100(0, FIRST)))).isEmpty();
        }

        @Test
        void anUnreadableGpuIsNoFault() {
            assertThat(weigh(nvml(silent(0, FIRST, "", new Device.Unreadable("no permission")))))
                    .isEmpty();
        }
    }

    @Nested
    class OfAPartition {
        @Test
        void namesThePartitionAndItsGpu() {
            Device.State lost = new Device.Lost("its GPU is gone");
            Device part = readPart(ONE_G, "1g.5gb", 7, 1, 5, 0);
            GpuReading reading = nvml(
                    new Device(0, ONE_G, "", part.kind(), lost, Gauges.UNKNOWN, MemoryHealth.UNKNOWN, part.xids()));

            assertThat(weigh(reading))
                    .extracting(GpuFault::reason)
                    .containsExactly(
                            "MIG device 1g.5gb (" + ONE_G + "), GPU instance 7, of GPU 0 (" + FIRST
                                    + ") is lost: its GPU is gone; cordon the node, move the pod, then reset or replace the GPU");
        }
    }

    @Nested
    class OfMemoryErrors {
        @Test
        void takesTheFirstCountForOld() {
            assertThat(weigh(nvml(withEcc(7)))).isEmpty();
        }

        @Test
        void reportsGrowthWithItsSize() {
            weigh(nvml(withEcc(7)));

            assertThat(weigh(nvml(withEcc(9))))
                    .containsExactly(new GpuFault(
                            GpuFault.Kind.UNCORRECTABLE_ECC,
                            FIRST,
                            OptionalInt.empty(),
                            OnFault.REPORT,
                            NOON,
                            "GPU 0 (" + FIRST
                                    + ") had 2 uncorrectable memory errors since the engine started; reset the"
                                    + " GPU at the next chance, replace it if they go on"));
        }

        @Test
        void countsFromZeroAgainAfterTheDriverWasLoadedAgain() {
            weigh(nvml(withEcc(7)));

            assertThat(weigh(nvml(withEcc(0)))).isEmpty();
            assertThat(weigh(nvml(withEcc(1)))).hasSize(1);
        }

        @Test
        void blamesAPartitionOnlyForItsOwn() {
            Device parentBefore = readA100();
            weigh(nvml(parentBefore, readPart(ONE_G, "1g.5gb", 7, 1, 5, 0)));
            Device parentAfter = new Device(
                    0,
                    FIRST,
                    parentBefore.name(),
                    parentBefore.kind(),
                    parentBefore.state(),
                    parentBefore.gauges(),
                    new MemoryHealth(
                            OptionalLong.of(50),
                            OptionalLong.of(50),
                            OptionalLong.empty(),
                            OptionalLong.empty(),
                            Optional.empty(),
                            Optional.empty()),
                    parentBefore.xids());

            assertThat(weigh(nvml(parentAfter, readPart(ONE_G, "1g.5gb", 7, 1, 5, 0))))
                    .isEmpty();
            assertThat(weigh(nvml(parentAfter, readPart(ONE_G, "1g.5gb", 7, 1, 5, 1))))
                    .extracting(GpuFault::device)
                    .containsExactly(ONE_G);
        }
    }

    @Nested
    class OfCountedXids {
        @Test
        void blamesEachFatalOneSinceTheProbeStarted() {
            assertThat(weigh(nvml(readH100(0, FIRST, Map.of(79, 1L, 94, 2L, 45, 900L, 13, 1L)))))
                    .extracting(GpuFault::xid)
                    .containsExactly(OptionalInt.of(79), OptionalInt.of(94));
        }

        @Test
        void forgivesWhatARestartedEngineHasBehindItAndBlamesTheNextOne() {
            weigh(nvml(readH100(0, FIRST, Map.of(94, 1L))));
            memory = memory.forgiven();

            assertThat(weigh(nvml(readH100(0, FIRST, Map.of(94, 1L))))).isEmpty();
            assertThat(weigh(nvml(readH100(0, FIRST, Map.of(94, 2L))))).hasSize(1);
        }

        @Test
        void keepsTheFaultWhileXidsAreUnknown() {
            weigh(nvml(readH100(0, FIRST, Map.of(79, 1L))));

            assertThat(weigh(nvml(LOST)))
                    .extracting(GpuFault::kind)
                    .containsExactly(GpuFault.Kind.LOST, GpuFault.Kind.FATAL_XID);
        }
    }

    @Nested
    class OfTheLastXid {
        @Test
        void takesTheFirstForOldAndReactsToAChange() {
            assertThat(weigh(dcgm(withLastXid(79)))).isEmpty();
            assertThat(weigh(dcgm(withLastXid(79)))).isEmpty();
            assertThat(weigh(dcgm(withLastXid(95))))
                    .extracting(GpuFault::kind, GpuFault::xid)
                    .containsExactly(tuple(GpuFault.Kind.FATAL_XID, OptionalInt.of(95)));
        }

        /** An exporter that was restarted shows none for a while, and then the one that is old. */
        @Test
        void isNoNewsWhereItComesBackAfterNone() {
            weigh(dcgm(withLastXid(79)));
            assertThat(weigh(dcgm(withLastXid(0)))).isEmpty();
            assertThat(weigh(dcgm(withLastXid(79)))).isEmpty();
            assertThat(weigh(dcgm(withLastXid(74)))).extracting(GpuFault::xid).containsExactly(OptionalInt.of(74));
        }

        @Test
        void keepsTheFaultWhenAHarmlessOneFollows() {
            weigh(dcgm(withLastXid(0)));
            weigh(dcgm(withLastXid(79)));

            assertThat(weigh(dcgm(withLastXid(31)))).extracting(GpuFault::xid).containsExactly(OptionalInt.of(79));
        }

        @Test
        void doesNotTakeARestartedExporterForANewError() {
            weigh(dcgm(withLastXid(79)));

            assertThat(weigh(dcgm(withLastXid(0)))).isEmpty();
        }

        @Test
        void blamesAPartitionOnlyForWhatHitsTheWholeGpu() {
            Device.Kind part =
                    new Device.MigInstance(FIRST, OptionalInt.of(7), OptionalInt.empty(), Optional.of("1g.5gb"));
            weigh(dcgm(withLastXid(0, part)));

            assertThat(weigh(dcgm(withLastXid(94, part)))).isEmpty();
            assertThat(weigh(dcgm(withLastXid(79, part))))
                    .extracting(GpuFault::device, GpuFault::xid)
                    .containsExactly(tuple(FIRST + "/7", OptionalInt.of(79)));
        }
    }

    @Nested
    class WithAPolicy {
        @Test
        void eachKindDoesItsOwnByDefault() {
            assertThat(GpuFault.Kind.values())
                    .extracting(kind -> kind + " " + GpuPolicy.DEFAULT.on(kind))
                    .containsExactly(
                            "LOST FAIL",
                            "RESET_REQUIRED FAIL",
                            "NOT_LISTED REPORT",
                            "FATAL_XID FAIL",
                            "UNCORRECTABLE_ECC REPORT",
                            "ROW_REMAP_FAILED REPORT");
        }

        @Test
        void theSettingGoesBeforeEveryDefault() {
            policy = new GpuPolicy(Set.of(79), Optional.of(OnFault.REPORT));

            assertThat(weigh(nvml(LOST))).extracting(GpuFault::fails).containsExactly(false);
        }

        @Test
        void onlyListedXidsAreFatal() {
            policy = new GpuPolicy(Set.of(31), Optional.empty());

            assertThat(weigh(nvml(readH100(0, FIRST, Map.of(79, 1L, 31, 1L)))))
                    .extracting(GpuFault::xid)
                    .containsExactly(OptionalInt.of(31));
        }
    }

    @Nested
    class OverManyReadings {
        @Test
        void neverFailsAPodForTelemetryThatIsMissingOrNotItsOwn() {
            long seed = System.nanoTime();
            Random random = new Random(seed);
            Map<Integer, Long> xids = new TreeMap<>();
            boolean faulty = false;
            for (int i = 0; i < 2_000; i++) {
                GpuReading reading =
                        switch (random.nextInt(5)) {
                            case 0 -> new GpuReading.Failed(NOON, "late");
                            case 1 -> new GpuReading.Absent(NOON, "gone");
                            case 2 ->
                                new GpuReading.Devices(
                                        NOON,
                                        GpuReading.Source.NVML,
                                        new Scope.Unscoped("whose?"),
                                        "",
                                        List.of(silent(0, SECOND, "", new Device.Lost("another's"))));
                            default -> {
                                if (random.nextInt(200) == 0) {
                                    xids.merge(79, 1L, Long::sum);
                                    faulty = true;
                                }
                                xids.merge(45, 1L, Long::sum);
                                yield nvml(readH100(0, FIRST, xids));
                            }
                        };
                if (!weigh(reading).isEmpty()) {
                    assertThat(faulty).as("seed %d, reading %d", seed, i).isTrue();
                }
            }
        }
    }
}
