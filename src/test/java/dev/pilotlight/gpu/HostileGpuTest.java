package dev.pilotlight.gpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pilotlight.gpu.dcgm.DcgmMetrics;
import dev.pilotlight.gpu.dcgm.DcgmPage;
import dev.pilotlight.gpu.faults.GpuJudgement;
import dev.pilotlight.gpu.faults.GpuMemory;
import dev.pilotlight.gpu.faults.GpuPolicy;
import dev.pilotlight.gpu.nvml.FakeNvml;
import dev.pilotlight.gpu.nvml.NvmlProbe;
import dev.pilotlight.gpu.nvml.Scenes;
import dev.pilotlight.gpu.readings.Device;
import dev.pilotlight.gpu.readings.Gauges;
import dev.pilotlight.gpu.readings.GpuClaim;
import dev.pilotlight.gpu.readings.GpuReading;
import dev.pilotlight.hostile.Mutations;
import dev.pilotlight.prometheus.Limits;
import dev.pilotlight.prometheus.PageReading;
import dev.pilotlight.prometheus.PrometheusText;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Drivers and exporters that say what cannot be. */
class HostileGpuTest {
    private static final List<String> NUMBERS = List.of(
            "-1",
            "-2",
            "-9223372036854775808",
            "0",
            "101",
            "4294967295",
            "2147483648",
            "9223372036854775807",
            "1000000000000000000");

    private static String exporter() {
        return IntStream.range(0, 2)
                .mapToObj(gpu -> DcgmMetrics.NAMES.stream()
                        .map(name ->
                                "%s{gpu=\"%d\",UUID=\"GPU-%d\",device=\"nvidia%d\",modelName=\"H100\",Hostname=\"n\"} 50"
                                        .formatted(name, gpu, gpu, gpu))
                        .collect(Collectors.joining("\n", "", "\n")))
                .collect(Collectors.joining());
    }

    static void isPossible(GpuReading reading, String input) {
        if (reading instanceof GpuReading.Devices seen) {
            assertThat(seen.devices()).as(input).hasSizeLessThanOrEqualTo(512);
            for (Device device : seen.devices()) {
                Gauges gauges = device.gauges();
                assertThat(gauges.utilizationRatio().orElse(0)).as(input).isBetween(0.0, 1.01);
                assertThat(gauges.memoryUsedRatio().orElse(0)).as(input).isBetween(0.0, 1.0);
                assertThat(gauges.temperatureCelsius().orElse(0)).as(input).isBetween(-100.0, 300.0);
                assertThat(gauges.powerWatts().orElse(0)).as(input).isBetween(0.0, 1e5);
                assertThat(device.memory().eccUncorrected().orElse(0)).as(input).isBetween(0L, 1_000_000_000_000_000L);
            }
        }
    }

    @Test
    void exportersPagesAreReadAsFarAsTheyCanBe() {
        Random chance = new Random(10);
        PrometheusText text = new PrometheusText(DcgmMetrics.WANTED, Limits.DEFAULT);
        GpuMemory memory = GpuMemory.EMPTY;
        Instant now = Scenes.NOON;
        for (int i = 0; i < 3000; i++) {
            String page = Mutations.page(exporter(), chance);
            now = now.plusSeconds(1);
            if (text.read(Mutations.bytes(page, chance)) instanceof PageReading.Read read) {
                GpuReading reading = DcgmPage.read(
                        read.page(), Optional.empty(), GpuClaim.of(List.of(), Optional.empty()), "here", now);
                isPossible(reading, page);
                memory =
                        GpuJudgement.advance(memory, reading, GpuPolicy.DEFAULT).memory();
            }
        }
    }

    @Test
    void aPageOfMoreDevicesThanANodeHasIsRefused() {
        String page = IntStream.range(0, 2000)
                .mapToObj(i -> "DCGM_FI_DEV_GPU_TEMP{gpu=\"" + i + "\",UUID=\"GPU-" + i + "\"} 40\n")
                .collect(Collectors.joining());
        PageReading reading =
                new PrometheusText(DcgmMetrics.WANTED, Limits.DEFAULT).read(page.getBytes(StandardCharsets.UTF_8));
        assertThat(DcgmPage.read(
                                ((PageReading.Read) reading).page(),
                                Optional.empty(),
                                GpuClaim.of(List.of(), Optional.empty()),
                                "here",
                                Scenes.NOON)
                        .why())
                .contains("more than 512 devices");
    }

    @Test
    void aNameWithoutAnEndIsReadAsFarAsThereIsRoom() {
        Optional<FakeNvml> library = FakeNvml.current("endless-names");
        assumeTrue(library.isPresent(), "no gcc");
        library.get().play("garbled 65\n" + Scenes.h100(Scenes.FIRST));
        try (NvmlProbe probe = library.get().probe(GpuClaim.of(List.of(), Optional.empty()))) {
            assertThat(((GpuReading.Devices) probe.read(Scenes.NOON)).devices())
                    .singleElement()
                    .satisfies(device -> assertThat(device.name()).matches("A{95,}"))
                    .satisfies(device ->
                            assertThat(device.gauges().utilizationRatio()).hasValue(0.97));
        }
    }

    @Test
    void driversNumbersAreReadAsFarAsTheyCanBe() {
        Optional<FakeNvml> library = FakeNvml.current("hostile");
        assumeTrue(library.isPresent(), "no gcc");
        Random chance = new Random(11);
        List<String> good = Scenes.h100(Scenes.FIRST).lines().toList();
        try (NvmlProbe probe = library.get().probe(GpuClaim.of(List.of(), Optional.empty()))) {
            for (int i = 0; i < 1000; i++) {
                String scene = good.stream()
                        .map(line -> line.matches("  [a-z_]+ -?[0-9]+") && chance.nextInt(3) == 0
                                ? line.replaceAll("-?[0-9]+$", NUMBERS.get(chance.nextInt(NUMBERS.size())))
                                : line)
                        .collect(Collectors.joining("\n", "", "\n"));
                scene = switch (chance.nextInt(20)) {
                    case 0 -> "garbled " + (1 + chance.nextInt(255)) + "\n" + scene;
                    case 1 -> "count " + NUMBERS.get(chance.nextInt(NUMBERS.size())) + "\n" + scene;
                    case 2 -> "init " + chance.nextInt(1100) + "\n" + scene;
                    case 3 -> scene + "  handle " + chance.nextInt(1100) + "\n";
                    case 4 -> scene + "  all " + chance.nextInt(1100) + "\n";
                    default -> scene;
                };
                library.get().play(scene);
                isPossible(probe.read(Scenes.NOON.plus(Duration.ofSeconds(i))), "seed 11, number " + i + "\n" + scene);
            }
        }
    }
}
