package dev.pilotlight.gpu;

import static dev.pilotlight.gpu.nvml.Scenes.FIRST;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.gpu.readings.Xid;
import java.net.URI;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class GpuSettingsCheckTest {
    private static GpuSettingsCheck.Checked check(
            GpuSettings.Source source, String url, List<String> uuids, List<String> xids) {
        return GpuSettingsCheck.check(new GpuSettingsCheck.Written(
                source,
                Optional.ofNullable(url),
                uuids,
                Optional.ofNullable(xids),
                Optional.empty(),
                Optional.empty()));
    }

    private static List<String> lines(GpuSettingsCheck.Checked checked) {
        return checked.problems().stream().map(GpuSettingsCheck.Problem::line).toList();
    }

    @Nested
    class OfGoodSettings {
        @Test
        void takesNothingForTheDefaults() {
            assertThat(check(GpuSettings.Source.AUTO, null, List.of(), null))
                    .isEqualTo(new GpuSettingsCheck.Checked(
                            new GpuSettings(
                                    GpuSettings.Source.AUTO,
                                    Optional.empty(),
                                    List.of(),
                                    Set.of(48, 64, 74, 79, 94, 95, 119, 120),
                                    Optional.empty(),
                                    Optional.empty()),
                            List.of()));
        }

        @Test
        void takesXidsByNumberAndByName() {
            assertThat(check(
                            GpuSettings.Source.DCGM,
                            "https://dcgm.example:9400/metrics",
                            List.of(FIRST, " "),
                            List.of("79", " Contained-ECC ", "")))
                    .isEqualTo(new GpuSettingsCheck.Checked(
                            new GpuSettings(
                                    GpuSettings.Source.DCGM,
                                    Optional.of(URI.create("https://dcgm.example:9400/metrics")),
                                    List.of(FIRST),
                                    Set.of(79, 94),
                                    Optional.empty(),
                                    Optional.empty()),
                            List.of()));
        }

        @Test
        void anEmptyListOfXidsMeansNone() {
            assertThat(check(GpuSettings.Source.NVML, null, List.of("visible"), List.of())
                            .settings()
                            .fatalXids())
                    .isEmpty();
        }

        @Test
        void theNodesExporterIsAtItsOwnAddress() {
            assertThat(GpuSettings.nodeExporter(Optional.of("10.0.0.7"))).contains("http://10.0.0.7:9400/metrics");
            assertThat(GpuSettings.nodeExporter(Optional.of("fd00::7"))).contains("http://[fd00::7]:9400/metrics");
            assertThat(GpuSettings.nodeExporter(Optional.of(""))).isEmpty();
        }
    }

    @Nested
    class OfBadSettings {
        @Test
        void tellsEachMistakeOnALineOfItsOwnWithTheMend() {
            assertThat(lines(check(
                            GpuSettings.Source.AUTO,
                            "dcgm:9400/metrics",
                            List.of("GPU-12", FIRST),
                            List.of("79", "fell-off", "1000", "0"))))
                    .containsExactly(
                            "pilotlight.gpu.dcgm-url=dcgm:9400/metrics: is not the http or https URL of a page,"
                                    + " such as http://10.0.0.7:9400/metrics",
                            "pilotlight.gpu.uuids=GPU-12: is not a UUID as nvidia-smi -L prints it, such as"
                                    + " GPU-7a2e92f2-be71-d37e-a744-541600ffc722 or MIG-…; or write \"visible\" alone",
                            "pilotlight.gpu.fatal-xids=fell-off: is neither a number from 1 to 999 nor one of "
                                    + Xid.settingNames(),
                            "pilotlight.gpu.fatal-xids=1000: is neither a number from 1 to 999 nor one of "
                                    + Xid.settingNames(),
                            "pilotlight.gpu.fatal-xids=0: is neither a number from 1 to 999 nor one of "
                                    + Xid.settingNames());
        }

        @Test
        void saysWhatTheExporterNeeds() {
            assertThat(lines(check(GpuSettings.Source.DCGM, null, List.of(), null)))
                    .containsExactly("pilotlight.gpu.source=dcgm: needs pilotlight.gpu.dcgm-url, or HOST_IP from the"
                            + " downward API (status.hostIP)");
        }

        @Test
        void theUrlOfAFileOrOfNoHostIsNone() {
            assertThat(lines(check(GpuSettings.Source.AUTO, "file:///etc/passwd", List.of(), null)))
                    .hasSize(1);
            assertThat(lines(check(GpuSettings.Source.AUTO, "http://:9400/metrics", List.of(), null)))
                    .hasSize(1);
        }
    }
}
