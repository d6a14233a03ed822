package dev.pilotlight.gpu.nvml;

import static dev.pilotlight.gpu.nvml.Scenes.FIRST;
import static dev.pilotlight.gpu.nvml.Scenes.NOON;
import static dev.pilotlight.gpu.nvml.Scenes.h100;
import static dev.pilotlight.gpu.nvml.Scenes.partitionedA100;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pilotlight.gpu.readings.GpuClaim;
import dev.pilotlight.gpu.readings.GpuReading;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Reading gives back what it took; {@code NvmlLeak} of the benches watches resident memory over 100,000 reads. */
class NvmlLeakTest {
    private static final int READS = 2_000;

    private FakeNvml nvml;

    @BeforeEach
    void build() {
        Optional<FakeNvml> built = FakeNvml.current("leaks");
        assumeTrue(built.isPresent(), "gcc is not here: the fake NVML library cannot be built");
        nvml = built.get();
    }

    @Test
    void keepsOneSessionAndOneEventSetHoweverManyReads() {
        nvml.play(partitionedA100());
        try (NvmlProbe probe = nvml.probe(new GpuClaim.Nothing())) {
            for (int i = 0; i < READS; i++) {
                probe.read(NOON);
            }
            assertThat(nvml.open()).isEqualTo(2);
        }
        assertThat(nvml.open()).isZero();
    }

    @Test
    void givesBackEverySessionThatTheDriverRefuses() {
        nvml.play("init 999");
        try (NvmlProbe probe = nvml.probe(new GpuClaim.Nothing())) {
            for (int i = 0; i < READS; i++) {
                assertThat(probe.read(NOON)).isInstanceOf(GpuReading.Failed.class);
            }
        }
        assertThat(nvml.open()).isZero();
    }

    @Test
    void leavesNoThreadBehindWhenItStartsOver() {
        for (int i = 0; i < 5; i++) {
            try (NvmlProbe probe = nvml.play(h100(FIRST)).probe(new GpuClaim.Nothing())) {
                probe.read(NOON);
            }
        }
        assertThat(Thread.getAllStackTraces().keySet())
                .extracting(Thread::getName)
                .doesNotContain("nvml-xid");
    }
}
