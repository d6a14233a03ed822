package dev.pilotlight.gpu.nvml;

import static dev.pilotlight.gpu.nvml.Scenes.FIRST;
import static dev.pilotlight.gpu.nvml.Scenes.NOON;
import static dev.pilotlight.gpu.nvml.Scenes.ONE_G;
import static dev.pilotlight.gpu.nvml.Scenes.ONLY_ONE;
import static dev.pilotlight.gpu.nvml.Scenes.ORIGIN;
import static dev.pilotlight.gpu.nvml.Scenes.SECOND;
import static dev.pilotlight.gpu.nvml.Scenes.TWO_G;
import static dev.pilotlight.gpu.nvml.Scenes.faults;
import static dev.pilotlight.gpu.nvml.Scenes.h100;
import static dev.pilotlight.gpu.nvml.Scenes.ours;
import static dev.pilotlight.gpu.nvml.Scenes.partitionedA100;
import static dev.pilotlight.gpu.nvml.Scenes.readA100;
import static dev.pilotlight.gpu.nvml.Scenes.readH100;
import static dev.pilotlight.gpu.nvml.Scenes.readPart;
import static dev.pilotlight.gpu.nvml.Scenes.readT4;
import static dev.pilotlight.gpu.nvml.Scenes.t4;
import static dev.pilotlight.gpu.nvml.Scenes.untilXids;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pilotlight.gpu.faults.GpuFault;
import dev.pilotlight.gpu.readings.Device;
import dev.pilotlight.gpu.readings.GpuClaim;
import dev.pilotlight.gpu.readings.GpuReading;
import dev.pilotlight.gpu.readings.Scope;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** What the probe reads off a sound driver: the fake library, loaded by the real dlopen. */
class NvmlProbeTest {
    private static final GpuClaim UNKNOWN = new GpuClaim.Nothing();

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
    class Always {
        @Test
        void carriesTheInstantThatItWasGiven() {
            nvml.play(h100(FIRST));
            Instant later = NOON.plusSeconds(7);

            assertThat(probe.read(later).at()).isEqualTo(later);
        }
    }
}
