package dev.pilotlight.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The metrics page: what it says of the model, and its shape against pages of a real vLLM 0.32. */
class PageTest {
    private static final Profile PROFILE = Profile.TINY.withLimits(4, 8_192);

    private final HttpTally http = new HttpTally();
    private PageOptions options = PageOptions.DEFAULT;

    private String page(List<Batch> engines, String... names) {
        ProcessFamilies process = new ProcessFamilies(1_795_477_314.094, 1_795_477_363.2234, 60, 8, 0);
        return new VllmPage(options, "tiny", engines, Sleep.AWAKE, http, process).render(Set.of(names));
    }

    /** Four requests run, some 36 wait and 20 have been answered: as in the recorded page. */
    private static Batch loaded() {
        Batch batch = new Batch(PROFILE);
        for (int i = 0; i < 60; i++) {
            batch.submit(Request.of(12, 1 + i % 40), 0);
        }
        while (batch.running() + batch.waiting() > 40 || batch.gauges().running() < 4) {
            batch.advanceTo(batch.nextEventNanos());
        }
        return batch;
    }

    private void someCalls() {
        http.count("/v1/models", "GET", 200, 0, 452, 0.001);
        http.count("/v1/completions", "POST", 200, 120, 881, 1.5);
        http.count("/v1/completions", "POST", 404, 120, 100, 0.001);
    }

    private static double value(String page, String series) {
        return page.lines()
                .filter(line -> line.startsWith(series + " "))
                .mapToDouble(line -> Double.parseDouble(line.substring(series.length() + 1)))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no " + series));
    }

    @Nested
    class Floats {
        @ParameterizedTest
        @CsvSource({
            "0, 0.0",
            "4, 4.0",
            "0.0019536019536019467, 0.0019536019536019467",
            "0.00047008999922582007, 0.00047008999922582007",
            "0.00001, 1e-05",
            "0.0000047, 4.7e-06",
            "123456.5, 123456.5",
            "1000000, 1e+06",
            "1048576, 1.048576e+06",
            "5035233280, 5.03523328e+09",
            "1795477363.223457, 1.795477363223457e+09",
            "39024848896, 3.9024848896e+010",
            "-12345678, -12345678.0",
            "1e16, 1e+16",
            "2.5e300, 2.5e+300",
            "Infinity, +Inf",
            "NaN, NaN"
        })
        void areSpeltAsPythonDoes(double value, String spelling) {
            assertThat(PythonFloat.of(value)).isEqualTo(spelling);
        }
    }

    @Nested
    class Values {
        @Test
        void areThoseOfTheModel() {
            Batch batch = loaded();
            someCalls();
            String page = page(List.of(batch));
            String labels = "{engine=\"0\",model_name=\"tiny\"}";
            Tallies tallies = batch.tallies();
            assertThat(value(page, "vllm:num_requests_running" + labels)).isEqualTo(4);
            assertThat(value(page, "vllm:num_requests_waiting" + labels))
                    .isEqualTo(batch.gauges().waiting());
            assertThat(
                            value(
                                    page,
                                    "vllm:num_requests_waiting_by_reason{engine=\"0\",model_name=\"tiny\",reason=\"capacity\"}"))
                    .isEqualTo(batch.gauges().waiting());
            assertThat(value(page, "vllm:kv_cache_usage_perc" + labels))
                    .isEqualTo(batch.gauges().kvCacheUsage());
            assertThat(value(page, "vllm:prompt_tokens_total" + labels)).isEqualTo(tallies.promptTokens());
            assertThat(value(page, "vllm:generation_tokens_total" + labels)).isEqualTo(tallies.generationTokens());
            assertThat(value(
                            page,
                            "vllm:request_success_total{engine=\"0\",finished_reason=\"length\",model_name=\"tiny\"}"))
                    .isEqualTo(tallies.ended(Finish.LENGTH));
            assertThat(value(page, "vllm:time_to_first_token_seconds_sum" + labels))
                    .isEqualTo(tallies.timeToFirstToken().sum());
            assertThat(value(
                            page,
                            "vllm:time_to_first_token_seconds_bucket{engine=\"0\",le=\"+Inf\",model_name=\"tiny\"}"))
                    .isEqualTo(tallies.timeToFirstToken().count());
            assertThat(value(page, "http_requests_total{handler=\"/v1/completions\",method=\"POST\",status=\"4xx\"}"))
                    .isEqualTo(1);
            assertThat(value(page, "process_start_time_seconds")).isEqualTo(1_795_477_314.09);
        }

        @Test
        void ofWantedSamplesOnly() {
            assertThat(page(
                            List.of(loaded()),
                            "vllm:num_requests_running",
                            "vllm:e2e_request_latency_seconds_count",
                            "nothing"))
                    .isEqualTo("""
                            # HELP vllm:num_requests_running Number of requests in model execution batches.
                            # TYPE vllm:num_requests_running gauge
                            vllm:num_requests_running{engine="0",model_name="tiny"} 4.0
                            # HELP vllm:e2e_request_latency_seconds Histogram of e2e request latency in seconds.
                            # TYPE vllm:e2e_request_latency_seconds histogram
                            vllm:e2e_request_latency_seconds_count{engine="0",model_name="tiny"} 20.0
                            """);
        }
    }

    @Nested
    class Variants {
        @Test
        void ofVersion010HasTheOldNames() {
            options = options.withVersion(PageOptions.Version.of("0.10"));
            assertThat(page(List.of(loaded())))
                    .contains("vllm:gpu_cache_usage_perc{", "vllm:time_per_output_token_seconds_bucket{")
                    .doesNotContain(
                            "vllm:kv_cache_usage_perc",
                            "vllm:inter_token_latency",
                            "waiting_by_reason",
                            "kv_cache_size_tokens");
        }

        @Test
        void withoutStatisticsHasNoSeriesOfVllm() {
            options = options.withLogStats(false);
            assertThat(page(List.of(loaded()))).doesNotContain("vllm:").contains("process_start_time_seconds ");
        }

        @Test
        void ofRayHasItsPrefix() {
            options = options.withPrefix("ray_vllm:");
            assertThat(page(List.of(loaded())).lines().filter(line -> !line.startsWith("#")))
                    .noneMatch(line -> line.startsWith("vllm:"))
                    .anyMatch(line -> line.startsWith("ray_vllm:num_requests_running{"));
        }

        @Test
        void ofTwoRanksTellsThemApart() {
            options = options.withMultiProcess(true);
            assertThat(page(List.of(loaded(), new Batch(PROFILE))))
                    .contains("vllm:num_requests_running{engine=\"0\"", "vllm:cache_config_info{", ",engine=\"1\",")
                    .as("a rank that has not spoken has no gauge")
                    .doesNotContain("vllm:num_requests_running{engine=\"1\"")
                    .contains("vllm:generation_tokens_total{engine=\"1\",model_name=\"tiny\"} 0.0");
        }

        @Test
        void thatDoNotExistAreRefused() {
            assertThatThrownBy(() -> PageOptions.Version.of("0.1")).hasMessageContaining("0.10 and 0.32");
        }
    }

    /** Family by family against recorded pages, which are not part of the project. */
    @Nested
    class AgainstARealServer {
        private static final List<String> PLACES = List.of(
                System.getProperty("captures.dir", "../shared/captures"),
                "../shared/captures",
                "../../shared/captures");

        private static List<String> capture(String name) throws IOException {
            for (String place : PLACES) {
                Path file = Path.of(place, "vllm-0.32-cpu", name);
                if (Files.isReadable(file)) {
                    return Files.readAllLines(file);
                }
            }
            Assumptions.abort(
                    "no recorded page " + name + " in any of " + PLACES + "; set -Dcaptures.dir to compare with one");
            return List.of();
        }

        /** HELP, TYPE, and the names and label names of the samples in order, each once: how many there are is a matter of use. */
        private static String shape(Stream<String> lines) {
            return lines.map(PageTest::shapeOf).distinct().collect(Collectors.joining("\n"));
        }

        @Test
        void aFreshPageHasTheSameShape() throws IOException {
            List<String> real = capture("A01-idle-fresh.prom");
            assertThat(shape(page(List.of(new Batch(PROFILE))).lines())).isEqualTo(shape(real.stream()));
        }

        @Test
        void aPageUnderLoadHasTheSameShape() throws IOException {
            List<String> real = capture("A04-load-40-queue.prom");
            someCalls();
            assertThat(shape(page(List.of(loaded())).lines())).isEqualTo(shape(real.stream()));
        }

        @Test
        void aFreshMultiProcessPageHasTheSameShape() throws IOException {
            List<String> real = capture("H01-api2-fresh.prom");
            options = options.withMultiProcess(true);
            assertThat(shape(page(List.of(new Batch(PROFILE))).lines())).isEqualTo(shape(real.stream()));
        }

        @Test
        void aMultiProcessPageUnderLoadHasTheSameShape() throws IOException {
            List<String> real = capture("H02-api2-load.prom");
            options = options.withMultiProcess(true);
            http.count("/v1/completions", "POST", 200, 120, 0, 1.5);
            assertThat(shape(page(List.of(loaded())).lines())).isEqualTo(shape(real.stream()));
        }

        @Test
        void aPageWithoutStatisticsHasTheSameShape() throws IOException {
            List<String> real = capture("O01-disable-log-stats.prom");
            options = options.withLogStats(false);
            http.count("/v1/completions", "POST", 200, 53, 545, 0.07);
            assertThat(shape(page(List.of(new Batch(PROFILE))).lines())).isEqualTo(shape(real.stream()));
        }

        @Test
        void bucketsHaveTheSameBounds() throws IOException {
            List<String> real = capture("A04-load-40-queue.prom");
            Profile sameContext = new Profile("same", "tiny", 4, 512, 512, 8_192, 1, 0, 0, 0, false, ColdKernels.NONE);
            List<String> ours = page(List.of(new Batch(sameContext))).lines().toList();
            assertThat(bounds(ours)).isEqualTo(bounds(real));
        }

        private static List<String> bounds(List<String> lines) {
            return lines.stream()
                    .filter(line -> line.startsWith("vllm:") && line.contains("_bucket{"))
                    .map(line -> line.substring(0, line.lastIndexOf(' ')))
                    .toList();
        }
    }

    private static String shapeOf(String line) {
        if (line.startsWith("#") || line.indexOf('{') < 0) {
            return line.startsWith("#") ? line : line.substring(0, line.indexOf(' '));
        }
        String labels = line.substring(line.indexOf('{') + 1, line.lastIndexOf('}'));
        String names = labels.replaceAll("=\"[^\"]*\"", "").toLowerCase(Locale.ROOT);
        return line.substring(0, line.indexOf('{')) + "{" + names + "}";
    }
}
