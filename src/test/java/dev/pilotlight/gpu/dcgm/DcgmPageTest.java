package dev.pilotlight.gpu.dcgm;

import static dev.pilotlight.gpu.nvml.Scenes.FIRST;
import static dev.pilotlight.gpu.nvml.Scenes.NOON;
import static dev.pilotlight.gpu.nvml.Scenes.ONE_G;
import static dev.pilotlight.gpu.nvml.Scenes.SECOND;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.gpu.readings.Device;
import dev.pilotlight.gpu.readings.Gauges;
import dev.pilotlight.gpu.readings.GpuClaim;
import dev.pilotlight.gpu.readings.GpuReading;
import dev.pilotlight.gpu.readings.MemoryHealth;
import dev.pilotlight.gpu.readings.Scope;
import dev.pilotlight.gpu.readings.Throttle;
import dev.pilotlight.gpu.readings.Xids;
import dev.pilotlight.prometheus.Limits;
import dev.pilotlight.prometheus.PrometheusText;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DcgmPageTest {
    private static final String ORIGIN = "the DCGM exporter at http://10.0.0.7:9400/metrics";
    private static final PodIdentity POD = new PodIdentity("vllm-0", "models", Optional.empty());
    private static final GpuClaim UNKNOWN = new GpuClaim.Nothing();
    private static final long MIB = 1L << 20;
    private static final String OURS = "container=\"vllm\",namespace=\"models\",pod=\"vllm-0\"";
    private static final String NOBODYS = "container=\"\",namespace=\"\",pod=\"\"";

    private static GpuReading read(String page, Optional<PodIdentity> pod, GpuClaim claim) {
        PageSource pages = _ -> new PageSource.Page.Fetched(
                new PrometheusText(DcgmMetrics.WANTED, Limits.DEFAULT).read(page.getBytes(StandardCharsets.UTF_8)));
        return new DcgmProbe(URI.create("http://10.0.0.7:9400/metrics"), pages, pod, claim).read(NOON);
    }

    private static GpuReading read(String page) {
        return read(page, Optional.of(POD), UNKNOWN);
    }

    private static List<String> uuids(GpuReading reading) {
        return ((GpuReading.Devices) reading)
                .devices().stream().map(Device::uuid).toList();
    }

    private static String line(String metric, int gpu, String uuid, String more, Object value) {
        return metric + "{gpu=\"" + gpu + "\",UUID=\"" + uuid + "\",device=\"nvidia" + gpu
                + "\",modelName=\"NVIDIA L4\",Hostname=\"node-1\"," + more + "} " + value + "\n";
    }

    private static String temperatures(String first, String second) {
        return line("DCGM_FI_DEV_GPU_TEMP", 0, FIRST, first, 55) + line("DCGM_FI_DEV_GPU_TEMP", 1, SECOND, second, 52);
    }

    @Nested
    class OfAWholeGpu {
        @Test
        void readsEveryFamily() {
            String page = line("DCGM_FI_DEV_GPU_UTIL", 1, SECOND, OURS, 87)
                    + line("DCGM_FI_DEV_GPU_TEMP", 1, SECOND, OURS, 55)
                    + line("DCGM_FI_DEV_POWER_USAGE", 1, SECOND, OURS, "71.043000")
                    + line("DCGM_FI_DEV_FB_USED", 1, SECOND, OURS, 20000)
                    + line("DCGM_FI_DEV_FB_FREE", 1, SECOND, OURS, 2000)
                    + line("DCGM_FI_DEV_FB_RESERVED", 1, SECOND, OURS, 500)
                    + line("DCGM_FI_DEV_XID_ERRORS", 1, SECOND, OURS, 31)
                    + line("DCGM_FI_DEV_CLOCK_THROTTLE_REASONS", 1, SECOND, OURS, 0x41)
                    + line("DCGM_FI_DEV_ECC_DBE_VOL_TOTAL", 1, SECOND, OURS, 1)
                    + line("DCGM_FI_DEV_ECC_DBE_AGG_TOTAL", 1, SECOND, OURS, 4)
                    + line("DCGM_FI_DEV_RETIRED_SBE", 1, SECOND, OURS, 2)
                    + line("DCGM_FI_DEV_RETIRED_DBE", 1, SECOND, OURS, 1)
                    + line("DCGM_FI_DEV_UNCORRECTABLE_REMAPPED_ROWS", 1, SECOND, OURS, 3)
                    + line("DCGM_FI_DEV_ROW_REMAP_PENDING", 1, SECOND, OURS, 1)
                    + line("DCGM_FI_DEV_ROW_REMAP_FAILURE", 1, SECOND, OURS, 0);

            assertThat(read(page))
                    .isEqualTo(new GpuReading.Devices(
                            NOON,
                            GpuReading.Source.DCGM,
                            new Scope.Ours(ORIGIN + " labels them with pod models/vllm-0"),
                            ORIGIN,
                            List.of(new Device(
                                    1,
                                    SECOND,
                                    "NVIDIA L4",
                                    new Device.Whole(),
                                    new Device.Working(),
                                    new Gauges(
                                            OptionalDouble.of(0.87),
                                            OptionalLong.of(20000 * MIB),
                                            OptionalLong.of(22500 * MIB),
                                            OptionalDouble.of(55),
                                            OptionalDouble.of(71.043),
                                            Optional.of(Set.of(Throttle.HW_THERMAL))),
                                    new MemoryHealth(
                                            OptionalLong.of(1),
                                            OptionalLong.of(4),
                                            OptionalLong.of(3),
                                            OptionalLong.of(3),
                                            Optional.of(true),
                                            Optional.of(false)),
                                    new Xids.Last(OptionalInt.of(31))))));
        }

        @ParameterizedTest
        @ValueSource(strings = {"9223372036854775794", "9.223372036854775e+18", "140737488355328", "2147483632", "NaN"})
        void dropsBlanks(String blank) {
            GpuReading.Devices reading = (GpuReading.Devices) read(line("DCGM_FI_DEV_GPU_UTIL", 0, FIRST, OURS, blank)
                    + line("DCGM_FI_DEV_POWER_USAGE", 0, FIRST, OURS, blank)
                    + line("DCGM_FI_DEV_XID_ERRORS", 0, FIRST, OURS, blank));

            assertThat(reading.devices())
                    .containsExactly(new Device(
                            0,
                            FIRST,
                            "NVIDIA L4",
                            new Device.Whole(),
                            new Device.Working(),
                            Gauges.UNKNOWN,
                            MemoryHealth.UNKNOWN,
                            new Xids.Unknown("the metrics page has no DCGM_FI_DEV_XID_ERRORS for this device")));
        }

        @Test
        void takesTheEnginesActivityWhereUtilisationIsMissing() {
            GpuReading.Devices reading =
                    (GpuReading.Devices) read(line("DCGM_FI_PROF_GR_ENGINE_ACTIVE", 0, FIRST, OURS, 0.999917));

            assertThat(reading.devices().getFirst().gauges().utilizationRatio()).hasValue(0.999917);
        }
    }

    @Nested
    class OfSeveralPods {
        @Test
        void keepsOurGpuAndNoOther() {
            assertThat(uuids(read(temperatures("container=\"vllm\",namespace=\"models\",pod=\"vllm-1\"", OURS))))
                    .containsExactly(SECOND);
        }

        @ParameterizedTest
        @CsvSource({
            "pod,namespace,container",
            "exported_pod,exported_namespace,exported_container",
            "pod_name,pod_namespace,container_name"
        })
        void knowsEverySpelling(String pod, String namespace, String container) {
            String ours = "%s=\"vllm-0\",%s=\"models\",%s=\"vllm\"".formatted(pod, namespace, container);

            assertThat(uuids(read(temperatures(ours, NOBODYS)))).containsExactly(FIRST);
        }

        @Test
        void theExportedLabelGoesBeforeTheExportersOwnPod() {
            String scraped = "exported_pod=\"vllm-0\",exported_namespace=\"models\",exported_container=\"vllm\","
                    + "pod=\"dcgm-exporter-x\",namespace=\"gpu-operator\",container=\"exporter\"";

            assertThat(uuids(read(temperatures(scraped, NOBODYS)))).containsExactly(FIRST);
        }

        @Test
        void aPodOfTheSameNameElsewhereIsNotOurs() {
            assertThat(read(temperatures("namespace=\"other\",pod=\"vllm-0\"", NOBODYS)))
                    .isEqualTo(new GpuReading.Failed(
                            NOON,
                            "none of the 2 devices on the metrics page of " + ORIGIN
                                    + " is labelled with pod models/vllm-0, but with other/vllm-0; it may come with the"
                                    + " exporter's next look, else set pilotlight.gpu.uuids"));
        }

        @Test
        void aNamedContainerIsTheOneMeant() {
            PodIdentity engine = new PodIdentity("vllm-0", "models", Optional.of("vllm"));
            String helper = "container=\"embedder\",namespace=\"models\",pod=\"vllm-0\"";

            assertThat(uuids(read(temperatures(helper, OURS), Optional.of(engine), UNKNOWN)))
                    .containsExactly(SECOND);
            assertThat(uuids(read(temperatures(helper, OURS)))).containsExactly(FIRST, SECOND);
        }

        @Test
        void ofAGpuThatPodsShareOurRowCounts() {
            String page = line("DCGM_FI_DEV_FB_USED", 0, FIRST, "namespace=\"models\",pod=\"other\"", 5)
                    + line("DCGM_FI_DEV_FB_USED", 0, FIRST, OURS, 7)
                    + line("DCGM_FI_DEV_FB_USED", 0, FIRST, "namespace=\"models\",pod=\"third\"", 9);

            assertThat(((GpuReading.Devices) read(page)).devices())
                    .extracting(device -> device.gauges().memoryUsedBytes())
                    .containsExactly(OptionalLong.of(7 * MIB));
        }
    }

    @Nested
    class WithoutPodLabels {
        @Test
        void showsTheNodesGpusUnscoped() {
            assertThat(((GpuReading.Devices) read(temperatures(NOBODYS, NOBODYS))).scope())
                    .isEqualTo(new Scope.Unscoped(
                            "no device on the metrics page has a pod label (time-slicing loses them, and"
                                    + " DCGM_EXPORTER_KUBERNETES must be true); set pilotlight.gpu.uuids"));
        }

        @Test
        void doesNotGuessEvenWhereThereIsOneGpu() {
            GpuReading reading = read(line("DCGM_FI_DEV_GPU_TEMP", 0, FIRST, NOBODYS, 1), Optional.empty(), UNKNOWN);

            assertThat(((GpuReading.Devices) reading).scope())
                    .isEqualTo(new Scope.Unscoped(
                            "the metrics page is the whole node's and this pod's own name is not known; set"
                                    + " POD_NAME and POD_NAMESPACE from the downward API, or pilotlight.gpu.uuids"));
        }

        @Test
        void keepsTheConfiguredUuid() {
            assertThat(read(
                            line("DCGM_FI_DEV_GPU_TEMP", 0, FIRST, NOBODYS, 55),
                            Optional.of(POD),
                            GpuClaim.of(List.of(FIRST), Optional.empty())))
                    .isInstanceOfSatisfying(GpuReading.Devices.class, devices -> assertThat(devices.scope())
                            .isEqualTo(new Scope.Ours("pilotlight.gpu.uuids names them")));
        }

        @Test
        void saysWhichGpusAreThereWhenAConfiguredOneIsNot() {
            String elsewhere = "GPU-00000000-6505-0873-c6db-8324dbfe5ba9";

            assertThat(read(
                            temperatures(NOBODYS, NOBODYS),
                            Optional.of(POD),
                            GpuClaim.of(List.of(elsewhere), Optional.empty())))
                    .isEqualTo(new GpuReading.Failed(
                            NOON,
                            "pilotlight.gpu.uuids names " + elsewhere + ", which is not on the metrics page of "
                                    + ORIGIN + "; " + SECOND + ", " + FIRST + " are there: correct the setting"));
        }

        @Test
        void theRuntimesVariableHelpsWhereLabelsDoNot() {
            assertThat(uuids(read(
                            temperatures(NOBODYS, NOBODYS),
                            Optional.of(POD),
                            GpuClaim.of(List.of(), Optional.of(SECOND)))))
                    .containsExactly(SECOND);
        }
    }

    @Nested
    class OfMigInstances {
        private static final String SMALL = "GPU_I_PROFILE=\"1g.5gb\",GPU_I_ID=\"7\",";
        private static final String LARGE = "GPU_I_PROFILE=\"2g.10gb\",GPU_I_ID=\"5\",";

        private final String page = line("DCGM_FI_DEV_FB_USED", 0, FIRST, SMALL + NOBODYS, 98)
                + line("DCGM_FI_DEV_FB_USED", 0, FIRST, LARGE + OURS, 153)
                + line("DCGM_FI_PROF_GR_ENGINE_ACTIVE", 0, FIRST, SMALL + NOBODYS, 0.5)
                + line("DCGM_FI_PROF_GR_ENGINE_ACTIVE", 0, FIRST, LARGE + OURS, 0.25);

        @Test
        void keepsOursApartFromTheOthersOfTheSameGpu() {
            assertThat(((GpuReading.Devices) read(page)).devices())
                    .extracting(
                            Device::key, Device::kind, device -> device.gauges().utilizationRatio())
                    .containsExactly(org.assertj.core.groups.Tuple.tuple(
                            FIRST + "/5",
                            new Device.MigInstance(
                                    FIRST, OptionalInt.of(5), OptionalInt.empty(), Optional.of("2g.10gb")),
                            OptionalDouble.of(0.25)));
        }

        @Test
        void thePodsLabelHelpsWhereTheUuidIsAPartitions() {
            assertThat(((GpuReading.Devices)
                                    read(page, Optional.of(POD), GpuClaim.of(List.of(ONE_G), Optional.empty())))
                            .devices())
                    .extracting(Device::key)
                    .containsExactly(FIRST + "/5");
        }
    }

    @Nested
    class OfAnotherServer {
        @Test
        void asksWhetherItIsAnExporter() {
            assertThat(read("# TYPE up gauge\nup 1\n"))
                    .isEqualTo(new GpuReading.Failed(
                            NOON,
                            "the metrics page of " + ORIGIN
                                    + " has no DCGM_FI_DEV_GPU_TEMP or any other DCGM metric: is it a dcgm-exporter?"
                                    + " Correct pilotlight.gpu.dcgm-url"));
        }
    }
}
