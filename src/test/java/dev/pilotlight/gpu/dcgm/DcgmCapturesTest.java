package dev.pilotlight.gpu.dcgm;

import static dev.pilotlight.gpu.nvml.Scenes.FIRST;
import static dev.pilotlight.gpu.nvml.Scenes.NOON;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pilotlight.gpu.readings.Device;
import dev.pilotlight.gpu.readings.Gauges;
import dev.pilotlight.gpu.readings.GpuClaim;
import dev.pilotlight.gpu.readings.GpuReading;
import dev.pilotlight.gpu.readings.MemoryHealth;
import dev.pilotlight.gpu.readings.Scope;
import dev.pilotlight.gpu.readings.Xids;
import dev.pilotlight.prometheus.Limits;
import dev.pilotlight.prometheus.PrometheusText;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.assertj.core.groups.Tuple;
import org.junit.jupiter.api.Test;

/** Pages of real exporters, where they are at hand ({@code -Dcaptures.dir}, else {@code ../shared/captures}). */
class DcgmCapturesTest {
    private static final Path CAPTURES = Path.of(System.getProperty("captures.dir", "../shared/captures"), "dcgm");
    private static final String A100 = "GPU-7099682b-a20d-2bcc-74ab-b9060454d81e";
    private static final long MIB = 1L << 20;

    private static GpuReading read(String file, Optional<PodIdentity> pod, GpuClaim claim) throws IOException {
        Path page = CAPTURES.resolve(file);
        assumeTrue(Files.exists(page), () -> page + " is not here: the page of a real exporter cannot be read");
        byte[] bytes = Files.readAllBytes(page);
        PageSource pages =
                _ -> new PageSource.Page.Fetched(new PrometheusText(DcgmMetrics.WANTED, Limits.DEFAULT).read(bytes));
        return new DcgmProbe(URI.create("http://10.0.0.7:9400/metrics"), pages, pod, claim).read(NOON);
    }

    private static GpuClaim uuid(String uuid) {
        return GpuClaim.of(List.of(uuid), Optional.empty());
    }

    @Test
    void ofTwoT4OnlyTheOneOfThePodIsKept() throws IOException {
        PodIdentity pod = new PodIdentity(
                "runai-reservation-gpu-qa-mig-worker-gpu-1-kvltw", "runai-reservation", Optional.empty());

        GpuReading reading = read("runai-2xT4-fraction-1workload.txt", Optional.of(pod), new GpuClaim.Nothing());

        assertThat(((GpuReading.Devices) reading).devices())
                .containsExactly(new Device(
                        0,
                        FIRST,
                        "Tesla T4",
                        new Device.Whole(),
                        new Device.Working(),
                        new Gauges(
                                OptionalDouble.of(0),
                                OptionalLong.of(128 * MIB),
                                OptionalLong.of((128 + 14831) * MIB),
                                OptionalDouble.of(55),
                                OptionalDouble.of(28.722),
                                Optional.empty()),
                        MemoryHealth.UNKNOWN,
                        new Xids.Last(OptionalInt.empty())));
    }

    @Test
    void aPodThatIsNotOnThePageHasNoGpuThere() throws IOException {
        PodIdentity pod = new PodIdentity("vllm-0", "models", Optional.empty());

        assertThat(read("runai-2xT4-fraction-1workload.txt", Optional.of(pod), new GpuClaim.Nothing()))
                .isInstanceOf(GpuReading.Failed.class);
    }

    @Test
    void thePartitionsOfAnA100AreReadApart() throws IOException {
        GpuReading reading = read("runai-A100-mig-2x1g+1x2g-active.txt", Optional.empty(), uuid(A100));

        assertThat(((GpuReading.Devices) reading).devices())
                .extracting(Device::key, device -> device.gauges().utilizationRatio(), device -> device.gauges()
                        .memoryUsedBytes())
                .containsExactly(
                        Tuple.tuple(A100 + "/7", OptionalDouble.of(0.000062), OptionalLong.of(98 * MIB)),
                        Tuple.tuple(A100 + "/9", OptionalDouble.of(0.999917), OptionalLong.of(4384 * MIB)),
                        Tuple.tuple(A100 + "/5", OptionalDouble.of(0.000036), OptionalLong.of(153 * MIB)));
    }

    @Test
    void aWholeA100TellsOfItsRows() throws IOException {
        GpuReading reading = read("runai-A100-mig-disabled-page1.txt", Optional.empty(), uuid(A100));

        assertThat(((GpuReading.Devices) reading).devices())
                .extracting(Device::kind, Device::memory)
                .containsExactly(Tuple.tuple(
                        new Device.Whole(),
                        new MemoryHealth(
                                OptionalLong.empty(),
                                OptionalLong.empty(),
                                OptionalLong.empty(),
                                OptionalLong.of(0),
                                Optional.empty(),
                                Optional.of(false))));
    }

    @Test
    void aPageWithoutPodNamesIsUnscoped() throws IOException {
        PodIdentity pod = new PodIdentity("vllm-0", "models", Optional.empty());

        GpuReading reading = read("runai-A100-mig-disabled-page2.txt", Optional.of(pod), new GpuClaim.Nothing());

        assertThat(((GpuReading.Devices) reading).scope()).isInstanceOf(Scope.Unscoped.class);
    }
}
