package dev.pilotlight.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** What pages of any version mean: names, ranks and models brought together. */
class VllmPageTest {
    private static final OptionalDouble UNKNOWN = OptionalDouble.empty();

    /** The least that every page has. */
    private static final String IDLE = """
            vllm:num_requests_running{engine="0",model_name="m"} 0.0
            vllm:num_requests_waiting{engine="0",model_name="m"} 0.0
            """;

    private static Rank gauges(String engine, double running, double waiting, OptionalDouble kvCacheUse) {
        return new Rank(
                engine, running, waiting, kvCacheUse, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN);
    }

    private static EngineSnapshot only(List<Rank> ranks, List<String> models) {
        return new EngineSnapshot(ranks, models, UNKNOWN, CacheConfig.UNKNOWN, Sleep.UNKNOWN, Latencies.NONE);
    }

    @Nested
    class Spellings {
        @Test
        void ofTheKvGaugeMeanTheSame() {
            assertThat(Reader.snapshot(IDLE + "vllm:gpu_cache_usage_perc{engine=\"0\",model_name=\"m\"} 0.25\n"))
                    .isEqualTo(Reader.snapshot(IDLE + "vllm:kv_cache_usage_perc{engine=\"0\",model_name=\"m\"} 0.25\n"))
                    .isEqualTo(only(List.of(gauges("0", 0, 0, OptionalDouble.of(0.25))), List.of("m")));
        }

        @Test
        void thatStandSideBySideAreCountedOnce() {
            EngineSnapshot both = Reader.snapshot(IDLE + """
                    vllm:gpu_cache_usage_perc{engine="0",model_name="m"} 0.25
                    vllm:kv_cache_usage_perc{engine="0",model_name="m"} 0.25
                    vllm:time_per_output_token_seconds_bucket{le="0.1",engine="0",model_name="m"} 7.0
                    vllm:time_per_output_token_seconds_bucket{le="+Inf",engine="0",model_name="m"} 8.0
                    vllm:time_per_output_token_seconds_sum{engine="0",model_name="m"} 0.5
                    vllm:time_per_output_token_seconds_count{engine="0",model_name="m"} 8.0
                    vllm:inter_token_latency_seconds_bucket{le="0.1",engine="0",model_name="m"} 7.0
                    vllm:inter_token_latency_seconds_bucket{le="+Inf",engine="0",model_name="m"} 8.0
                    vllm:inter_token_latency_seconds_sum{engine="0",model_name="m"} 0.5
                    vllm:inter_token_latency_seconds_count{engine="0",model_name="m"} 8.0
                    """);

            assertThat(both.ranks()).containsExactly(gauges("0", 0, 0, OptionalDouble.of(0.25)));
            assertThat(both.latencies())
                    .isEqualTo(new Latencies(
                            Optional.empty(),
                            Optional.of(new Histogram(
                                    new double[] {0.1, Double.POSITIVE_INFINITY}, new double[] {7, 8}, 0.5, 8))));
        }

        @Test
        void ofInterTokenLatencyMeanTheSame() {
            String old = """
                    vllm:time_per_output_token_seconds_bucket{le="0.1",model_name="m"} 7.0
                    vllm:time_per_output_token_seconds_bucket{le="+Inf",model_name="m"} 8.0
                    vllm:time_per_output_token_seconds_sum{model_name="m"} 0.5
                    vllm:time_per_output_token_seconds_count{model_name="m"} 8.0
                    """;
            assertThat(Reader.snapshot(IDLE + old))
                    .isEqualTo(Reader.snapshot(IDLE + old.replace("time_per_output_token", "inter_token_latency")));
        }

        @Test
        void ofCountersWithAndWithoutTotalMeanTheSame() {
            String counters = """
                    vllm:prompt_tokens_total{engine="0",model_name="m"} 10.0
                    vllm:generation_tokens_total{engine="0",model_name="m"} 20.0
                    vllm:request_success_total{engine="0",finished_reason="stop",model_name="m"} 3.0
                    vllm:request_success_total{engine="0",finished_reason="length",model_name="m"} 4.0
                    vllm:num_preemptions_total{engine="0",model_name="m"} 5.0
                    vllm:request_generation_tokens_sum{engine="0",model_name="m"} 9.0
                    vllm:prefix_cache_hits_total{engine="0",model_name="m"} 6.0
                    vllm:iteration_tokens_total_bucket{engine="0",le="+Inf",model_name="m"} 8.0
                    vllm:iteration_tokens_total_count{engine="0",model_name="m"} 8.0
                    """;
            assertThat(Reader.snapshot(IDLE + counters.replace("_total{", "{")))
                    .isEqualTo(Reader.snapshot(IDLE + counters))
                    .isEqualTo(only(
                            List.of(new Rank(
                                    "0",
                                    0,
                                    0,
                                    UNKNOWN,
                                    OptionalDouble.of(10),
                                    OptionalDouble.of(20),
                                    OptionalDouble.of(7),
                                    OptionalDouble.of(5),
                                    OptionalDouble.of(9),
                                    OptionalDouble.of(6),
                                    OptionalDouble.of(8))),
                            List.of("m")));
        }

        @Test
        void underRaysPrefixesMeanTheSame() {
            String page = """
                    vllm:num_requests_running{engine="0",model_name="m"} 2.0
                    vllm:num_requests_waiting{engine="0",model_name="m"} 3.0
                    vllm:kv_cache_usage_perc{engine="0",model_name="m"} 0.5
                    vllm:time_to_first_token_seconds_bucket{le="+Inf",engine="0",model_name="m"} 8.0
                    vllm:time_to_first_token_seconds_sum{engine="0",model_name="m"} 0.5
                    vllm:time_to_first_token_seconds_count{engine="0",model_name="m"} 8.0
                    """;
            assertThat(List.of(
                            Reader.snapshot(page.replace("vllm:", "ray_vllm:")),
                            Reader.snapshot(page.replace("vllm:", "ray_vllm_"))))
                    .containsOnly(Reader.snapshot(page));
        }
    }

    @Nested
    class Ranks {
        @Test
        void keepTheirOwnNumbersAndAddUp() {
            EngineSnapshot two = Reader.snapshot("""
                    vllm:num_requests_running{engine="0",model_name="m"} 4.0
                    vllm:num_requests_running{engine="1",model_name="m"} 1.0
                    vllm:num_requests_waiting{engine="0",model_name="m"} 6.0
                    vllm:num_requests_waiting{engine="1",model_name="m"} 0.0
                    vllm:kv_cache_usage_perc{engine="0",model_name="m"} 0.75
                    vllm:kv_cache_usage_perc{engine="1",model_name="m"} 0.25
                    """);

            assertThat(two)
                    .isEqualTo(only(
                            List.of(
                                    gauges("0", 4, 6, OptionalDouble.of(0.75)),
                                    gauges("1", 1, 0, OptionalDouble.of(0.25))),
                            List.of("m")));
            assertThat(List.of(two.running(), two.waiting(), two.kvCacheUse(), two.kvCacheUseMean()))
                    .containsExactly(5.0, 6.0, OptionalDouble.of(0.75), OptionalDouble.of(0.5));
        }

        @Test
        void areNumberedZeroWhereTheVersionHasNoEngineLabel() {
            assertThat(Reader.snapshot("""
                            vllm:num_requests_running{model_name="m"} 1.0
                            vllm:num_requests_waiting{model_name="m"} 2.0
                            """)).isEqualTo(only(List.of(gauges("0", 1, 2, UNKNOWN)), List.of("m")));
        }

        @Test
        void sumSeveralModelsAndTakeTheFullerCache() {
            assertThat(Reader.snapshot("""
                            vllm:num_requests_running{model_name="a"} 1.0
                            vllm:num_requests_running{model_name="b"} 2.0
                            vllm:num_requests_waiting{model_name="a"} 3.0
                            vllm:num_requests_waiting{model_name="b"} 4.0
                            vllm:kv_cache_usage_perc{model_name="a"} 0.1
                            vllm:kv_cache_usage_perc{model_name="b"} 0.2
                            """))
                    .isEqualTo(only(List.of(gauges("0", 3, 7, OptionalDouble.of(0.2))), List.of("a", "b")));
        }
    }

    @Nested
    class WhatIsNotSaid {
        @Test
        void isAbsentWhereAGaugeIsNotANumber() {
            assertThat(Reader.snapshot(IDLE + "vllm:kv_cache_usage_perc{engine=\"0\",model_name=\"m\"} NaN\n"))
                    .isEqualTo(only(List.of(gauges("0", 0, 0, UNKNOWN)), List.of("m")));
        }

        @Test
        void makesThePageUnreadableWhereItIsTheRunningRequests() {
            assertThat(Reader.read(bytes("vllm:num_requests_waiting{engine=\"0\"} 0.0\n")))
                    .isEqualTo(new VllmPage.Missing(List.of(
                            "vllm:num_requests_running",
                            "ray_vllm:num_requests_running",
                            "ray_vllm_num_requests_running")));
        }

        @Test
        void makesThePageUnreadableWhereRunningIsNotANumber() {
            assertThat(Reader.read(bytes("""
                            # TYPE vllm:num_requests_running gauge
                            vllm:num_requests_running{engine="0"} NaN
                            vllm:num_requests_waiting{engine="0"} 0.0
                            """)))
                    .isEqualTo(new VllmPage.Impossible(
                            "vllm:num_requests_running is NaN, which cannot be: requests from 0 to 1000000"));
        }

        @Test
        void makesThePageUnreadableWhereItIsTheWaitingRequests() {
            assertThat(Reader.read(bytes("vllm:num_requests_running{engine=\"0\"} 0.0\n")))
                    .isEqualTo(new VllmPage.Missing(VllmMetrics.WAITING.spellings()));
        }

        @Test
        void makesAPageOfAnotherProgramUnreadable() {
            assertThat(Reader.read(bytes("# TYPE up gauge\nup 1\n")))
                    .isEqualTo(new VllmPage.Missing(VllmMetrics.RUNNING.spellings()));
        }
    }

    /** Several API server processes: until the first request the gauges have HELP and TYPE and no sample. */
    @Nested
    class AFreshMultiProcessPage {
        private static final String DECLARED = """
                # HELP vllm:num_requests_running Number of requests in model execution batches.
                # TYPE vllm:num_requests_running gauge
                # HELP vllm:num_requests_waiting Number of requests waiting to be processed.
                # TYPE vllm:num_requests_waiting gauge
                """;

        @Test
        void isAnIdleEngineThatHasCountedNothing() {
            assertThat(Reader.snapshot(DECLARED + """
                            vllm:prompt_tokens_total{engine="0",model_name="m"} 0.0
                            vllm:generation_tokens_total{engine="0",model_name="m"} 0.0
                            vllm:request_success_total{engine="0",finished_reason="stop",model_name="m"} 0.0
                            """))
                    .isEqualTo(only(
                            List.of(new Rank(
                                    "0",
                                    0,
                                    0,
                                    UNKNOWN,
                                    OptionalDouble.of(0),
                                    OptionalDouble.of(0),
                                    OptionalDouble.of(0),
                                    UNKNOWN,
                                    UNKNOWN,
                                    UNKNOWN,
                                    UNKNOWN)),
                            List.of()));
        }

        @Test
        void hasAllItsRanks() {
            assertThat(Reader.snapshot(DECLARED + """
                            vllm:generation_tokens_total{engine="0",model_name="m"} 0.0
                            vllm:generation_tokens_total{engine="1",model_name="m"} 0.0
                            """).ranks())
                    .extracting(Rank::engine)
                    .containsExactly("0", "1");
        }

        @Test
        void isAnIdleEngineEvenWithoutCounters() {
            assertThat(Reader.snapshot(DECLARED)).isEqualTo(only(List.of(gauges("0", 0, 0, UNKNOWN)), List.of()));
        }

        @Test
        void isUnreadableOnceTokensWereGenerated() {
            assertThat(Reader.read(bytes(DECLARED + "vllm:generation_tokens_total{engine=\"0\"} 7.0\n")))
                    .isEqualTo(new VllmPage.Missing(VllmMetrics.RUNNING.spellings()));
        }
    }

    @Nested
    class TheCache {
        private static CacheConfig cache(String... labels) {
            StringBuilder page = new StringBuilder(IDLE);
            for (String each : labels) {
                page.append("vllm:cache_config_info{").append(each).append("} 1.0\n");
            }
            return Reader.snapshot(page.toString()).cache();
        }

        private static CacheConfig tokens(double tokens) {
            return new CacheConfig(OptionalDouble.of(tokens), UNKNOWN);
        }

        @Test
        void holdsBlocksTimesTheirSize() {
            assertThat(cache("block_size=\"16\",num_gpu_blocks=\"100\"")).isEqualTo(tokens(1600));
        }

        @Test
        void isAsLargeAsItSaysWhereItSaysSo() {
            assertThat(cache("block_size=\"16\",kv_cache_size_tokens=\"1500\",kv_cache_max_concurrency=\"4.25\","
                            + "num_gpu_blocks=\"100\""))
                    .isEqualTo(new CacheConfig(OptionalDouble.of(1500), OptionalDouble.of(4.25)));
        }

        @Test
        void isUnknownWhileTheNumberOfBlocksIsNone() {
            assertThat(cache("block_size=\"16\",num_gpu_blocks=\"None\"")).isEqualTo(CacheConfig.UNKNOWN);
        }

        @Test
        void countsBlocksWhereTheTokensAreNone() {
            assertThat(cache("block_size=\"16\",kv_cache_size_tokens=\"None\",num_gpu_blocks=\"100\""))
                    .isEqualTo(tokens(1600));
        }

        @Test
        void addsUpOverRanks() {
            assertThat(cache(
                            "block_size=\"16\",engine=\"0\",num_gpu_blocks=\"100\"",
                            "block_size=\"16\",engine=\"1\",num_gpu_blocks=\"50\""))
                    .isEqualTo(tokens(2400));
        }

        @Test
        void isUnknownWhereItsLabelsAreNonsense() {
            assertThat(cache("block_size=\"sixteen\",num_gpu_blocks=\"-4\"")).isEqualTo(CacheConfig.UNKNOWN);
        }
    }

    @Nested
    class Asleep {
        private static Sleep sleep(int awake, int offloaded, int discarded) {
            return Reader.snapshot(IDLE + """
                    vllm:engine_sleep_state{engine="0",model_name="m",sleep_state="awake"} %d.0
                    vllm:engine_sleep_state{engine="0",model_name="m",sleep_state="weights_offloaded"} %d.0
                    vllm:engine_sleep_state{engine="0",model_name="m",sleep_state="discard_all"} %d.0
                    """.formatted(awake, offloaded, discarded))
                    .sleep();
        }

        @Test
        void isWhateverIsNotAwake() {
            assertThat(List.of(sleep(1, 0, 0), sleep(0, 1, 0), sleep(0, 0, 1)))
                    .containsExactly(Sleep.AWAKE, Sleep.ASLEEP, Sleep.ASLEEP);
        }

        @Test
        void atLevelZeroSetsAllThreeToZero() {
            assertThat(sleep(0, 0, 0)).isEqualTo(Sleep.ASLEEP);
        }

        @Test
        void isUnknownWhereTheVersionDoesNotSay() {
            assertThat(Reader.snapshot(IDLE).sleep()).isEqualTo(Sleep.UNKNOWN);
        }
    }

    @Nested
    class Histograms {
        @Test
        void addUpOverRanksAndModels() {
            assertThat(Reader.snapshot(IDLE + """
                            vllm:time_to_first_token_seconds_bucket{le="0.1",engine="0",model_name="m"} 1.0
                            vllm:time_to_first_token_seconds_bucket{le="1e+00",engine="0",model_name="m"} 2.0
                            vllm:time_to_first_token_seconds_bucket{le="+Inf",engine="0",model_name="m"} 3.0
                            vllm:time_to_first_token_seconds_sum{engine="0",model_name="m"} 4.5
                            vllm:time_to_first_token_seconds_count{engine="0",model_name="m"} 3.0
                            vllm:time_to_first_token_seconds_bucket{le="0.1",engine="1",model_name="m"} 10.0
                            vllm:time_to_first_token_seconds_bucket{le="1e+00",engine="1",model_name="m"} 10.0
                            vllm:time_to_first_token_seconds_bucket{le="+Inf",engine="1",model_name="m"} 10.0
                            vllm:time_to_first_token_seconds_sum{engine="1",model_name="m"} 0.5
                            vllm:time_to_first_token_seconds_count{engine="1",model_name="m"} 10.0
                            """).latencies())
                    .isEqualTo(new Latencies(
                            Optional.of(new Histogram(
                                    new double[] {0.1, 1, Double.POSITIVE_INFINITY}, new double[] {11, 12, 13}, 5, 13)),
                            Optional.empty()));
        }
    }

    private static byte[] bytes(String page) {
        return page.getBytes(StandardCharsets.UTF_8);
    }
}
