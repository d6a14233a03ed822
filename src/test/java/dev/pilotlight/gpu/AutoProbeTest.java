package dev.pilotlight.gpu;

import static dev.pilotlight.gpu.nvml.Scenes.FIRST;
import static dev.pilotlight.gpu.nvml.Scenes.NOON;
import static dev.pilotlight.gpu.nvml.Scenes.readH100;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.gpu.dcgm.PageSource;
import dev.pilotlight.gpu.readings.GpuProbe;
import dev.pilotlight.gpu.readings.GpuReading;
import dev.pilotlight.gpu.readings.GuardedProbe;
import dev.pilotlight.gpu.readings.Scope;
import dev.pilotlight.gpu.readings.Xid;
import java.net.URI;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class AutoProbeTest {
    private static final GpuReading.Devices NVML_OURS = devices(GpuReading.Source.NVML, new Scope.Ours("so it is"));
    private static final GpuReading.Devices DCGM_OURS = devices(GpuReading.Source.DCGM, new Scope.Ours("so it is"));
    private static final GpuReading.Devices UNSCOPED =
            devices(GpuReading.Source.NVML, new Scope.Unscoped("whose are they?"));
    private static final GpuReading NOT_LOADED = new GpuReading.Failed(NOON, "the driver is not loaded");
    private static final GpuReading NO_LIBRARY = new GpuReading.Absent(NOON, "no library");
    private static final GpuReading REFUSED = new GpuReading.Failed(NOON, "connection refused");

    /** A source that says one thing after another, and the last for ever. */
    private static final class Said implements GpuProbe {
        final Deque<GpuReading> readings;
        int asked;
        int closed;

        Said(GpuReading... readings) {
            this.readings = new ArrayDeque<>(List.of(readings));
        }

        @Override
        public GpuReading read(Instant now) {
            asked++;
            return readings.size() > 1 ? readings.pop() : readings.element();
        }

        @Override
        public void close() {
            closed++;
        }
    }

    private static GpuReading.Devices devices(GpuReading.Source source, Scope scope) {
        return new GpuReading.Devices(NOON, source, scope, source.name(), List.of(readH100(0, FIRST)));
    }

    private static GpuReading with(GpuReading.Devices devices, String why) {
        return new GpuReading.Devices(devices.at(), devices.source(), devices.scope(), why, devices.devices());
    }

    private static AutoProbe auto(GpuProbe nvml, GpuProbe dcgm) {
        return new AutoProbe(GpuSettings.Source.AUTO, nvml, Optional.of(dcgm));
    }

    @Nested
    class WhenNvmlShowsOurGpus {
        @Test
        void takesItForGoodWithoutAskingTheExporter() {
            Said dcgm = new Said(DCGM_OURS);
            AutoProbe probe = auto(new Said(NVML_OURS, UNSCOPED, NOT_LOADED), dcgm);

            assertThat(probe.read(NOON)).isEqualTo(with(NVML_OURS, "NVML shows this pod's GPUs (so it is)"));
            assertThat(probe.read(NOON.plusSeconds(60)))
                    .isEqualTo(with(UNSCOPED, "NVML shows this pod's GPUs (so it is)"));
            assertThat(probe.read(NOON.plusSeconds(120))).isEqualTo(NOT_LOADED);
            assertThat(dcgm.asked).isZero();
        }
    }

    @Nested
    class WhenOnlyTheExporterShowsOurGpus {
        @Test
        void takesItForGoodAndLetsTheDriverGo() {
            Said nvml = new Said(UNSCOPED);
            AutoProbe probe = auto(nvml, new Said(DCGM_OURS));

            GpuReading expected = with(DCGM_OURS, "NVML: whose are they?; DCGM shows this pod's GPUs (so it is)");
            assertThat(probe.read(NOON)).isEqualTo(expected);
            assertThat(probe.read(NOON.plusSeconds(60))).isEqualTo(expected);
            assertThat(nvml.asked).isEqualTo(1);
            assertThat(nvml.closed).isEqualTo(1);
        }
    }

    @Nested
    class WhenNothingShowsOurGpus {
        @Test
        void showsTheUnscopedOnesAndAsksAgainNowAndThen() {
            Said dcgm = new Said(REFUSED, DCGM_OURS);
            AutoProbe probe = auto(new Said(UNSCOPED), dcgm);

            assertThat(probe.read(NOON)).isEqualTo(with(UNSCOPED, "NVML: whose are they?; connection refused"));
            probe.read(NOON.plusSeconds(1));
            assertThat(dcgm.asked).isEqualTo(1);
            assertThat(probe.read(NOON.plus(AutoProbe.ASK_AGAIN_AFTER)))
                    .isEqualTo(with(DCGM_OURS, "NVML: whose are they?; DCGM shows this pod's GPUs (so it is)"));
        }

        @Test
        void failsWhileEitherMayMend() {
            AutoProbe probe = auto(new Said(NO_LIBRARY), new Said(REFUSED, REFUSED, DCGM_OURS));

            assertThat(probe.read(NOON)).isEqualTo(new GpuReading.Failed(NOON, "no library; connection refused"));
            Instant again = NOON.plus(AutoProbe.ASK_AGAIN_AFTER);
            assertThat(probe.read(again)).isEqualTo(new GpuReading.Failed(again, "no library; connection refused"));
            assertThat(probe.read(again.plus(AutoProbe.ASK_AGAIN_AFTER)))
                    .isEqualTo(with(DCGM_OURS, "no library; DCGM shows this pod's GPUs (so it is)"));
        }

        @Test
        void waitsForADriverThatIsLoadedLater() {
            AutoProbe probe = new AutoProbe(GpuSettings.Source.AUTO, new Said(NOT_LOADED, NVML_OURS), Optional.empty());

            assertThat(probe.read(NOON))
                    .isEqualTo(new GpuReading.Failed(
                            NOON,
                            "the driver is not loaded; DCGM is not asked: neither pilotlight.gpu.dcgm-url nor HOST_IP is"
                                    + " set"));
            assertThat(probe.read(NOON.plus(AutoProbe.ASK_AGAIN_AFTER)))
                    .isEqualTo(with(NVML_OURS, "NVML shows this pod's GPUs (so it is)"));
        }

        @Test
        void isAbsentForGoodWhereNeitherCanMend() {
            Said nvml = new Said(NO_LIBRARY);
            AutoProbe probe = new AutoProbe(GpuSettings.Source.AUTO, nvml, Optional.empty());
            String why = "no library; DCGM is not asked: neither pilotlight.gpu.dcgm-url nor HOST_IP is set";

            assertThat(probe.read(NOON)).isEqualTo(new GpuReading.Absent(NOON, why));
            Instant later = NOON.plusSeconds(3600);
            assertThat(probe.read(later)).isEqualTo(new GpuReading.Absent(later, why));
            assertThat(nvml.asked).isEqualTo(1);
        }
    }

    @Nested
    class WhenTheSettingNamesTheSource {
        @Test
        void nvmlIsReadWhateverItSays() {
            Said dcgm = new Said(DCGM_OURS);
            AutoProbe probe = new AutoProbe(GpuSettings.Source.NVML, new Said(UNSCOPED), Optional.of(dcgm));

            assertThat(probe.read(NOON)).isEqualTo(UNSCOPED);
            assertThat(probe.read(NOON.plusSeconds(60))).isEqualTo(UNSCOPED);
            assertThat(dcgm.asked).isZero();
        }

        @Test
        void theExporterIsReadAndTheDriverLeftAlone() {
            Said nvml = new Said(NVML_OURS);
            AutoProbe probe = new AutoProbe(GpuSettings.Source.DCGM, nvml, Optional.of(new Said(REFUSED, DCGM_OURS)));

            assertThat(probe.read(NOON)).isEqualTo(REFUSED);
            assertThat(probe.read(NOON.plusSeconds(1))).isEqualTo(DCGM_OURS);
            assertThat(nvml.asked).isZero();
        }

        @Test
        void noneIsAbsent() {
            Said nvml = new Said(NVML_OURS);
            AutoProbe probe = new AutoProbe(GpuSettings.Source.NONE, nvml, Optional.of(new Said(DCGM_OURS)));

            assertThat(probe.read(NOON)).isEqualTo(new GpuReading.Absent(NOON, "pilotlight.gpu.source is none"));
            assertThat(nvml.asked).isZero();
        }
    }

    @Nested
    class WhenNvmlIsLeftOut {
        private static final String WHY = "NVML is left out";

        private static GuardedProbe leftOut(Said nvml) {
            return new GuardedProbe(nvml, () -> Optional.of(WHY));
        }

        @Test
        void theExporterIsReadInItsPlace() {
            Said nvml = new Said(NVML_OURS);
            AutoProbe probe = auto(leftOut(nvml), new Said(DCGM_OURS));

            assertThat(probe.read(NOON)).isEqualTo(with(DCGM_OURS, WHY + "; DCGM shows this pod's GPUs (so it is)"));
            assertThat(nvml.asked).isZero();
        }

        @Test
        void theExporterIsAskedAgainUntilItAnswers() {
            Said nvml = new Said(NVML_OURS);
            AutoProbe probe = auto(leftOut(nvml), new Said(REFUSED, DCGM_OURS));

            assertThat(probe.read(NOON)).isEqualTo(new GpuReading.Failed(NOON, WHY + "; connection refused"));
            assertThat(probe.read(NOON.plus(AutoProbe.ASK_AGAIN_AFTER)))
                    .isEqualTo(with(DCGM_OURS, WHY + "; DCGM shows this pod's GPUs (so it is)"));
            assertThat(nvml.asked).isZero();
        }

        @Test
        void nothingIsReadWhereTheSettingNamesNvmlAlone() {
            Said nvml = new Said(NVML_OURS);
            AutoProbe probe = new AutoProbe(GpuSettings.Source.NVML, leftOut(nvml), Optional.of(new Said(DCGM_OURS)));

            assertThat(probe.read(NOON)).isEqualTo(new GpuReading.Absent(NOON, WHY));
            assertThat(probe.read(NOON.plusSeconds(60))).isEqualTo(new GpuReading.Absent(NOON.plusSeconds(60), WHY));
            assertThat(nvml.asked).isZero();
        }

        @Test
        void itIsAskedWhetherOnce() {
            int[] asked = {0};
            GuardedProbe probe = new GuardedProbe(new Said(NVML_OURS), () -> {
                asked[0]++;
                return Optional.empty();
            });

            assertThat(probe.read(NOON)).isEqualTo(NVML_OURS);
            assertThat(probe.read(NOON)).isEqualTo(NVML_OURS);
            assertThat(asked[0]).isEqualTo(1);
        }
    }

    @Nested
    class MadeFromSettings {
        @Test
        void anUnreachableExporterIsOneLineWithTheMend() {
            Function<String, GpuSettings> dcgm = url -> new GpuSettings(
                    GpuSettings.Source.DCGM,
                    Optional.of(URI.create(url)),
                    List.of(),
                    Xid.FATAL_BY_DEFAULT,
                    Optional.empty(),
                    Optional.empty());

            try (AutoProbe probe = AutoProbe.of(
                    dcgm.apply("http://10.0.0.7:9400/metrics"),
                    Optional.empty(),
                    Optional.empty(),
                    _ -> new PageSource.Page.Failed("connection refused"),
                    Optional::empty)) {
                assertThat(probe.read(NOON))
                        .isEqualTo(new GpuReading.Failed(
                                NOON,
                                "the DCGM exporter at http://10.0.0.7:9400/metrics cannot be read: connection refused;"
                                        + " correct pilotlight.gpu.dcgm-url, let the pod reach the node's port, or set"
                                        + " pilotlight.gpu.source to nvml or none"));
            }
        }
    }
}
