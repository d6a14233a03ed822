package dev.pilotlight.engine;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/** The table of vLLM's metric names from 0.4 to now: for each thing wanted its spellings, the current one first. */
public final class VllmMetrics {
    /** vLLM's own pages, pages hosted by Ray, and pages of Ray versions that replace the colon. */
    private static final List<String> PREFIXES = List.of("vllm:", "ray_vllm:", "ray_vllm_");

    static final Family RUNNING = Family.of("num_requests_running");
    static final Family WAITING = Family.of("num_requests_waiting");
    /** From about 0.20; its reasons add up to the waiting ones. */
    static final Family WAITING_BY_REASON = Family.of("num_requests_waiting_by_reason");
    /** A fraction, 0..1, in spite of its name. Renamed in 0.10, the old name gone in about 0.12. */
    static final Family KV_CACHE_USE = Family.of("kv_cache_usage_perc", "gpu_cache_usage_perc");

    static final Family PROMPT_TOKENS = Family.of("prompt_tokens_total", "prompt_tokens");
    static final Family GENERATION_TOKENS = Family.of("generation_tokens_total", "generation_tokens");
    static final Family SUCCESSES = Family.of("request_success_total", "request_success");
    static final Family PREEMPTIONS = Family.of("num_preemptions_total", "num_preemptions");
    /** The sum of a histogram that observes each request once, when it ends. */
    static final Family ANSWERED_TOKENS = Family.of("request_generation_tokens_sum");
    /** Named after the GPU until about 0.9; the old engine of 0.8 counts no hits. */
    static final Family CACHED_PROMPT_TOKENS =
            Family.of("prefix_cache_hits_total", "prefix_cache_hits", "gpu_prefix_cache_hits_total");
    /** The count of a histogram whose own name ends in {@code _total}: it observes once a step. */
    static final Family STEPS = Family.of("iteration_tokens_total_count");

    static final Family REJECTIONS = Family.of("admission_rejections_total");
    /** From 0.32, one series per operation. */
    static final Family WEIGHT_UPDATES = Family.of("rl_weight_update_operations_in_flight");
    /** From 0.32, one series for falling asleep and one for waking; vLLM's buckets for their durations end at 600 s. */
    static final Family SLEEP_OPERATIONS = Family.of("sleep_mode_operations_in_flight");
    /** From 0.32. */
    static final Family WEB_SOCKETS = Family.of("websocket_connections_active");
    /** From 0.33, on the prefill side of a disaggregated pair. */
    static final Family KV_PINNED = Family.of("num_kv_pinned_requests");

    static final Family CACHE_CONFIG = Family.of("cache_config_info");
    static final Family SLEEP_STATE = Family.of("engine_sleep_state");

    static final List<HistogramName> FIRST_TOKEN = HistogramName.of("time_to_first_token_seconds");
    /** Renamed in about 0.11; both names stood side by side until about 0.15 and count the same tokens. */
    static final List<HistogramName> INTER_TOKEN =
            HistogramName.of("inter_token_latency_seconds", "time_per_output_token_seconds");

    /** prometheus_client's own gauge: when the process that serves the page began, Unix seconds. */
    static final String PROCESS_START = "process_start_time_seconds";

    private static final List<Family> SINGLE = List.of(
            RUNNING,
            WAITING,
            WAITING_BY_REASON,
            KV_CACHE_USE,
            PROMPT_TOKENS,
            GENERATION_TOKENS,
            SUCCESSES,
            PREEMPTIONS,
            ANSWERED_TOKENS,
            CACHED_PROMPT_TOKENS,
            STEPS,
            REJECTIONS,
            WEIGHT_UPDATES,
            SLEEP_OPERATIONS,
            WEB_SOCKETS,
            KV_PINNED,
            CACHE_CONFIG,
            SLEEP_STATE);
    private static final List<HistogramName> HISTOGRAMS =
            Stream.concat(FIRST_TOKEN.stream(), INTER_TOKEN.stream()).toList();

    private VllmMetrics() {}

    /** Every sample name that a page of any version is searched for. */
    public static Set<String> wanted() {
        Set<String> names = new LinkedHashSet<>();
        names.add(PROCESS_START);
        SINGLE.forEach(family -> names.addAll(family.spellings()));
        HISTOGRAMS.forEach(name -> names.addAll(name.samples()));
        return names;
    }

    /** The sample names to ask a server of our own for: gauges and counters, and the histograms only when wanted. */
    static List<String> filter(boolean withHistograms) {
        List<String> names = new ArrayList<>();
        names.add(PROCESS_START);
        SINGLE.stream()
                .flatMap(family -> family.spellings().stream())
                .filter(VllmMetrics::isOwn)
                .forEach(names::add);
        if (withHistograms) {
            HISTOGRAMS.stream().filter(name -> isOwn(name.name())).forEach(name -> names.addAll(name.samples()));
        }
        return List.copyOf(names);
    }

    private static boolean isOwn(String name) {
        return name.startsWith(PREFIXES.getFirst());
    }

    /** One thing measured, under all the names it has had. */
    record Family(List<String> spellings) {
        static Family of(String... names) {
            return new Family(PREFIXES.stream()
                    .flatMap(prefix -> Stream.of(names).map(prefix::concat))
                    .toList());
        }
    }

    /** One of the names of a histogram, and those of its samples. */
    record HistogramName(String name, String buckets, String sum, String count) {
        static List<HistogramName> of(String... names) {
            return Family.of(names).spellings().stream()
                    .map(name -> new HistogramName(name, name + "_bucket", name + "_sum", name + "_count"))
                    .toList();
        }

        List<String> samples() {
            return List.of(buckets, sum, count);
        }
    }
}
