package dev.pilotlight.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Pages of real servers say what a person reads off them. */
class CapturesTest {
    /** The project's own: each folder with its expected.csv, written down from the load that was made. */
    @Nested
    class Recorded {
        private static final Path DIRECTORY = Path.of("src/test/resources/captures");

        @TestFactory
        Stream<DynamicTest> sayWhatIsKnownToBeTrue() {
            return folders().stream().flatMap(folder -> expected(folder).entrySet().stream()
                    .map(page -> DynamicTest.dynamicTest(folder.getFileName() + "/" + page.getKey(), () -> assertThat(
                                    quantities(Reader.snapshot(folder.resolve(page.getKey()))))
                            .containsAllEntriesOf(page.getValue()))));
        }

        @TestFactory
        Stream<DynamicTest> canAllBeRead() {
            return folders().stream()
                    .flatMap(folder -> files(folder, ".prom").stream())
                    .map(page -> DynamicTest.dynamicTest(
                            page.getParent().getFileName() + "/" + page.getFileName(),
                            () -> assertThat(Reader.read(page)).isInstanceOf(VllmPage.Found.class)));
        }

        @Test
        void areThere() {
            assertThat(folders()).isNotEmpty().allSatisfy(folder -> assertThat(expected(folder))
                    .isNotEmpty());
        }

        private static List<Path> folders() {
            try (Stream<Path> children = Files.list(DIRECTORY)) {
                return children.filter(Files::isDirectory).sorted().toList();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private static List<Path> files(Path folder, String ending) {
            try (Stream<Path> children = Files.list(folder)) {
                return children.filter(file -> file.toString().endsWith(ending))
                        .sorted()
                        .toList();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        /** By file: quantity and value. */
        private static Map<String, Map<String, Double>> expected(Path folder) {
            Map<String, Map<String, Double>> byFile = new TreeMap<>();
            try (Stream<String> lines = Files.lines(folder.resolve("expected.csv"))) {
                lines.skip(1).map(line -> line.split(",")).forEach(cells -> byFile.computeIfAbsent(
                                cells[0], _ -> new TreeMap<>())
                        .put(cells[1], Double.valueOf(cells[2])));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            return byFile;
        }

        /** What the snapshot says, under the names that expected.csv uses. */
        private static Map<String, Double> quantities(EngineSnapshot snapshot) {
            Map<String, Double> seen = new TreeMap<>();
            seen.put("running", snapshot.running());
            seen.put("waiting", snapshot.waiting());
            put(seen, "kv_use", snapshot.kvCacheUse());
            put(seen, "prompt_tokens", snapshot.promptTokens());
            put(seen, "generation_tokens", snapshot.generationTokens());
            put(seen, "finished", snapshot.successes());
            put(seen, "first_tokens", snapshot.latencies().firstToken());
            put(seen, "inter_tokens", snapshot.latencies().interToken());
            return seen;
        }

        private static void put(Map<String, Double> seen, String quantity, OptionalDouble value) {
            value.ifPresent(known -> seen.put(quantity, known));
        }

        private static void put(Map<String, Double> seen, String quantity, Optional<Histogram> histogram) {
            histogram.ifPresent(known -> seen.put(quantity, known.count()));
        }
    }

    /** Pages of others, which stay out of the repository: beside the checkout, or where {@code -Dcaptures.dir} says. */
    @Nested
    class OfOthers {
        private static final Path DIRECTORY = Path.of(System.getProperty("captures.dir", "../shared/captures"));

        private static final String QWEN_CODER = "Qwen/Qwen2.5-Coder-1.5B-Instruct";
        private static final String LLAMA = "neuralmagic/Meta-Llama-3.1-8B-Instruct-FP8";
        private static final double FRESH = 1.79547731409e9;

        /** Read off each page with eye and grep. The cache: kv_cache_size_tokens where it stands there, else blocks times block size. */
        private static final List<Row> ROWS = List.of(
                // vLLM 0.4 to 0.7: no engine label, gpu_cache_usage_perc, no sleep state
                row("vllm/datadog-vllm_metrics-v0.4-part.txt", 0, 0, 0, 5, 7, 1)
                        .ofModel("facebook/opt-125m")
                        .cache(7281 * 16)
                        .began(1.7181405583e9)
                        .sleep(Sleep.UNKNOWN),
                // 2 wait for one model, 3 for the other, which was added by hand
                row("vllm/kubeai-v0.5.4-llama3.1-8b.txt", 3, 5, 0.0026235242675994863, 90, 2546, 6)
                        .ofModel(LLAMA)
                        .cache(4574 * 16)
                        .began(1.72365683894e9)
                        .sleep(Sleep.UNKNOWN),
                row("vllm/aibrix-runtime-doc-v0.7.txt", 0, 0, 0, 148, 955, 4)
                        .ofModel(QWEN_CODER)
                        .cache(81767 * 16)
                        .beganUnknown()
                        .sleep(Sleep.UNKNOWN),
                // vLLM 0.32
                row("vllm-0.32-cpu/A01-idle-fresh.prom", 0, 0, 0, 0, 0, 0),
                row("vllm-0.32-cpu/A04-load-40-queue.prom", 4, 36, 0.0019536019536019467, 268, 7053, 19),
                row("vllm-0.32-cpu/A06-idle-used.prom", 0, 0, 0, 1148, 33614, 87),
                row("vllm-0.32-cpu/A11-paused-keep-new-requests.prom", 4, 6, 0.0019536019536019467, 1512, 37172, 113),
                row("vllm-0.32-cpu/A20-sleep-1.prom", 0, 0, 0, 1772, 39589, 141).sleep(Sleep.ASLEEP),
                row("vllm-0.32-cpu/B10-hung-EngineCore.prom", 4, 4, 0.003907203907203893, 52, 1741, 0)
                        .began(1.7954776234e9),
                row("vllm-0.32-cpu/E10-kv-full-6.prom", 11, 19, 1, 447, 10001, 20)
                        .cache(2176)
                        .began(1.79547796663e9),
                row("vllm-0.32-cpu/G02-lora-load.prom", 4, 8, 0.0019536019536019467, 106, 2173, 5)
                        .began(1.7954783514e9),
                // two ranks: the fuller one's share; tokens and requests of both
                row("vllm-0.32-cpu/F02-dp2-load.prom", 8, 12, 0.0019536019536019467, 104, 852, 0)
                        .ranks("0", "1")
                        .cache(2 * 524288)
                        .beganUnknown(),
                // several processes: gauges declared without a sample until the first request
                new Row(
                        "vllm-0.32-cpu/H01-api2-fresh.prom",
                        0,
                        0,
                        OptionalDouble.empty(),
                        0,
                        0,
                        0,
                        List.of("0"),
                        List.of(),
                        524288,
                        Sleep.AWAKE,
                        OptionalDouble.empty()),
                row("vllm-0.32-cpu/H02-api2-load.prom", 4, 6, 0.0019536019536019467, 156, 2901, 8)
                        .beganUnknown());

        @TestFactory
        Stream<DynamicTest> sayWhatAPersonReadsOffThem() {
            return ROWS.stream()
                    .map(row -> DynamicTest.dynamicTest(row.file, () -> {
                        Path page = present(row.file);
                        assertThat(seen(row.file, Reader.snapshot(page))).isEqualTo(row);
                    }));
        }

        @TestFactory
        Stream<DynamicTest> areCalledUnreadableWhereTheyLackWhatEveryPageHas() {
            return Map.of(
                            "vllm-0.32-cpu/O01-disable-log-stats.prom", VllmMetrics.RUNNING.spellings(),
                            // excerpts of a page, without the number of running requests
                            "vllm/llmd-router-vllm-flag.prom", VllmMetrics.RUNNING.spellings(),
                            "vllm/llmd-router-vllm-none.prom", VllmMetrics.RUNNING.spellings())
                    .entrySet()
                    .stream()
                    .map(page ->
                            DynamicTest.dynamicTest(page.getKey(), () -> assertThat(Reader.read(present(page.getKey())))
                                    .isEqualTo(new VllmPage.Missing(page.getValue()))));
        }

        private static Path present(String file) {
            Path page = DIRECTORY.resolve(file);
            assumeTrue(Files.exists(page), () -> "no capture at " + page.toAbsolutePath());
            return page;
        }

        private static Row seen(String file, EngineSnapshot snapshot) {
            return new Row(
                    file,
                    snapshot.running(),
                    snapshot.waiting(),
                    snapshot.kvCacheUse(),
                    snapshot.promptTokens().orElse(Double.NaN),
                    snapshot.generationTokens().orElse(Double.NaN),
                    snapshot.successes().orElse(Double.NaN),
                    snapshot.ranks().stream().map(Rank::engine).toList(),
                    snapshot.models(),
                    snapshot.cache().tokens().orElse(Double.NaN),
                    snapshot.sleep(),
                    snapshot.processStart());
        }

        private static Row row(
                String file,
                double running,
                double waiting,
                double use,
                double prompt,
                double generation,
                double done) {
            return new Row(
                    file,
                    running,
                    waiting,
                    OptionalDouble.of(use),
                    prompt,
                    generation,
                    done,
                    List.of("0"),
                    List.of("tiny"),
                    524288,
                    Sleep.AWAKE,
                    OptionalDouble.of(FRESH));
        }

        private record Row(
                String file,
                double running,
                double waiting,
                OptionalDouble kvUse,
                double promptTokens,
                double generationTokens,
                double successes,
                List<String> ranks,
                List<String> models,
                double cacheTokens,
                Sleep sleep,
                OptionalDouble processStart) {

            Row ofModel(String model) {
                return with(ranks, List.of(model), cacheTokens, sleep, processStart);
            }

            Row cache(double tokens) {
                return with(ranks, models, tokens, sleep, processStart);
            }

            Row sleep(Sleep state) {
                return with(ranks, models, cacheTokens, state, processStart);
            }

            Row began(double unixSeconds) {
                return with(ranks, models, cacheTokens, sleep, OptionalDouble.of(unixSeconds));
            }

            Row beganUnknown() {
                return with(ranks, models, cacheTokens, sleep, OptionalDouble.empty());
            }

            Row ranks(String... engines) {
                return with(List.of(engines), models, cacheTokens, sleep, processStart);
            }

            private Row with(
                    List<String> engines, List<String> served, double tokens, Sleep state, OptionalDouble start) {
                return new Row(
                        file,
                        running,
                        waiting,
                        kvUse,
                        promptTokens,
                        generationTokens,
                        successes,
                        engines,
                        served,
                        tokens,
                        state,
                        start);
            }
        }
    }
}
