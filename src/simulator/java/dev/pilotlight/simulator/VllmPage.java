package dev.pilotlight.simulator;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;

/** The metrics page of a vLLM server, made from the state of its engines: the families, their order and their words. */
final class VllmPage {
    private final PageOptions options;
    private final String model;
    private final List<Batch> engines;
    private final Sleep sleep;
    private final HttpTally http;
    private final ProcessFamilies process;

    VllmPage(
            PageOptions options,
            String model,
            List<Batch> engines,
            Sleep sleep,
            HttpTally http,
            ProcessFamilies process) {
        this.options = options;
        this.model = model;
        this.engines = engines;
        this.sleep = sleep;
        this.http = http;
        this.process = process;
    }

    /** @param wanted names of the samples wanted; empty for the whole page */
    String render(Set<String> wanted) {
        List<Family> families = new ArrayList<>();
        if (!options.multiProcess()) {
            families.addAll(process.families());
        }
        if (options.logStats()) {
            families.addAll(options.version() == PageOptions.Version.V0_10 ? oldFamilies() : families());
        }
        families.addAll(http.families());
        if (options.multiProcess()) {
            families.sort(Comparator.comparing(Family::kind));
        }
        PageWriter writer = new PageWriter(options.multiProcess(), wanted, process.createdSeconds());
        families.forEach(writer::write);
        return writer.toString();
    }

    private List<Family> families() {
        String cachedHelp =
                "Prefix-cache hit tokens by the cache tier that supplied them: device (local HBM), host (offloaded "
                        + "to DRAM), disk, p2p (transferred from another vLLM instance) or external_unspecified. Counted at admission; "
                        + "sums to vllm:prefix_cache_hits + vllm:external_prefix_cache_hits.";
        String waitingHelp =
                "Number of waiting requests by reason. Reason labels: 'capacity' = waiting for scheduling capacity; "
                        + "'deferred' = deferred by transient constraints (LoRA budget, KV transfer, blocked status). "
                        + "Sum of all reasons equals vllm:num_requests_waiting.";
        String external = "from KV connector cross-instance cache sharing, in terms of number of %s tokens.";
        String utilization = " (for Model Flops Utilization calculations).";
        List<Family> list = new ArrayList<>(List.of(
                counter(
                        "estimated_flops_per_gpu",
                        "Estimated number of floating point operations per GPU" + utilization,
                        _ -> 0),
                counter(
                        "estimated_read_bytes_per_gpu",
                        "Estimated number of bytes read from memory per GPU" + utilization,
                        _ -> 0),
                counter(
                        "estimated_write_bytes_per_gpu",
                        "Estimated number of bytes written to memory per GPU" + utilization,
                        _ -> 0),
                gauge("num_requests_running", "Number of requests in model execution batches.", Gauges::running),
                gauge("num_requests_waiting", "Number of requests waiting to be processed.", Gauges::waiting),
                Family.gauge(name("num_requests_waiting_by_reason"), waitingHelp, this::waitingByReason),
                Family.gauge(
                        name("engine_sleep_state"),
                        "Engine sleep state; awake = 0 means engine is sleeping; awake = 1 means engine is awake; "
                                + "weights_offloaded = 1 means sleep level 1; discard_all = 1 means sleep level 2.",
                        this::sleepState),
                gauge("kv_cache_usage_perc", "KV-cache usage. 1 means 100 percent usage.", Gauges::kvCacheUsage),
                counter(
                        "prefix_cache_queries",
                        "Prefix cache queries, in terms of number of queried tokens.",
                        t -> t.prefixQueries),
                counter(
                        "prefix_cache_hits",
                        "Prefix cache hits, in terms of number of cached tokens.",
                        t -> t.prefixHits),
                counter(
                        "external_prefix_cache_queries",
                        "External prefix cache queries " + external.formatted("queried"),
                        _ -> 0),
                counter(
                        "external_prefix_cache_hits",
                        "External prefix cache hits " + external.formatted("cached"),
                        _ -> 0),
                counter("mm_cache_queries", "Multi-modal cache queries, in terms of number of queried items.", _ -> 0),
                counter("mm_cache_hits", "Multi-modal cache hits, in terms of number of cached items.", _ -> 0),
                counter("num_preemptions", "Cumulative number of preemption from the engine.", t -> t.preemptions),
                counter("prompt_tokens", "Number of prefill tokens processed.", t -> t.promptTokens),
                counterBy(
                        "prompt_tokens_by_source",
                        "Number of prompt tokens by source.",
                        "source",
                        List.of(
                                new Part("local_compute", t -> t.promptTokens - t.cachedPromptTokens),
                                new Part("local_cache_hit", t -> t.cachedPromptTokens),
                                new Part("external_kv_transfer", _ -> 0))),
                counter(
                        "prompt_tokens_cached",
                        "Number of cached prompt tokens (local + external).",
                        t -> t.cachedPromptTokens),
                counterBy(
                        "prompt_tokens_cached_by_source",
                        cachedHelp,
                        "source",
                        List.of(
                                new Part("device", t -> t.prefixHits),
                                new Part("host", _ -> 0),
                                new Part("p2p", _ -> 0),
                                new Part("disk", _ -> 0),
                                new Part("external_unspecified", _ -> 0))),
                counter("generation_tokens", "Number of generation tokens processed.", t -> t.generationTokens),
                success(List.of(Finish.values())),
                Family.counter(
                        name("admission_rejections_total"),
                        "Number of admission attempts rejected by a queue limit, by reason.",
                        this::rejections)));
        list.addAll(requestHistograms());
        list.add(histogram(
                "time_to_first_token_seconds",
                "Histogram of time to first token in seconds.",
                t -> t.timeToFirstToken));
        list.add(histogram(
                "inter_token_latency_seconds",
                "Histogram of inter-token latency in seconds.",
                t -> t.interTokenLatency));
        list.add(histogram(
                "request_time_per_output_token_seconds",
                "Histogram of time_per_output_token_seconds per request.",
                t -> t.requestTimePerOutputToken));
        list.addAll(latencyHistograms());
        list.add(histogram(
                "request_num_preemptions",
                "Histogram of the number of times a request was preempted.",
                t -> t.requestPreemptions));
        list.add(histogram(
                "request_prefill_kv_computed_tokens",
                "Histogram of new KV tokens computed during prefill (excluding cached tokens).",
                t -> t.requestPrefillComputedTokens));
        list.add(Family.gauge(
                name("cache_config_info"),
                "Information of the LLMEngine CacheConfig",
                series -> forEngines((engine, index) -> series.value(CacheConfig.labels(engine.profile(), index), 1))));
        return list;
    }

    /** The page of vLLM 0.10, with the two names that are gone today. */
    private List<Family> oldFamilies() {
        List<Family> list = new ArrayList<>(List.of(
                gauge("num_requests_running", "Number of requests in model execution batches.", Gauges::running),
                gauge("num_requests_waiting", "Number of requests waiting to be processed.", Gauges::waiting),
                gauge("gpu_cache_usage_perc", "GPU KV-cache usage. 1 means 100 percent usage.", Gauges::kvCacheUsage),
                counter(
                        "gpu_prefix_cache_queries",
                        "GPU prefix cache queries, in terms of number of queried tokens.",
                        t -> t.prefixQueries),
                counter(
                        "gpu_prefix_cache_hits",
                        "GPU prefix cache hits, in terms of number of cached tokens.",
                        t -> t.prefixHits),
                counter("num_preemptions", "Cumulative number of preemption from the engine.", t -> t.preemptions),
                counter("prompt_tokens", "Number of prefill tokens processed.", t -> t.promptTokens),
                counter("generation_tokens", "Number of generation tokens processed.", t -> t.generationTokens),
                success(List.of(Finish.STOP, Finish.LENGTH, Finish.ABORT))));
        list.addAll(requestHistograms());
        list.add(histogram(
                "time_to_first_token_seconds",
                "Histogram of time to first token in seconds.",
                t -> t.timeToFirstToken));
        list.add(histogram(
                "time_per_output_token_seconds",
                "Histogram of time per output token in seconds.",
                t -> t.interTokenLatency));
        list.addAll(latencyHistograms());
        list.add(Family.gauge(
                name("cache_config_info"),
                "Information of the LLMEngine CacheConfig",
                series -> forEngines(
                        (engine, index) -> series.value(CacheConfig.oldLabels(engine.profile(), index), 1))));
        return list;
    }

    private List<Family> requestHistograms() {
        return List.of(
                histogram("request_prompt_tokens", "Number of prefill tokens processed.", t -> t.requestPromptTokens),
                histogram(
                        "request_generation_tokens",
                        "Number of generation tokens processed.",
                        t -> t.requestGenerationTokens),
                histogram(
                        "iteration_tokens_total",
                        "Histogram of number of tokens per engine_step.",
                        t -> t.iterationTokens),
                histogram(
                        "request_max_num_generation_tokens",
                        "Histogram of maximum number of requested generation tokens.",
                        t -> t.requestGenerationTokens),
                histogram("request_params_n", "Histogram of the n request parameter.", t -> t.requestN),
                histogram(
                        "request_params_max_tokens",
                        "Histogram of the max_tokens request parameter.",
                        t -> t.requestMaxTokens));
    }

    private List<Family> latencyHistograms() {
        return List.of(
                histogram(
                        "e2e_request_latency_seconds", "Histogram of e2e request latency in seconds.", t -> t.endToEnd),
                histogram(
                        "request_queue_time_seconds",
                        "Histogram of time spent in WAITING phase for request.",
                        t -> t.queueTime),
                histogram(
                        "request_inference_time_seconds",
                        "Histogram of time spent in RUNNING phase for request.",
                        t -> t.inferenceTime),
                histogram(
                        "request_prefill_time_seconds",
                        "Histogram of time spent in PREFILL phase for request.",
                        t -> t.prefillTime),
                histogram(
                        "request_decode_time_seconds",
                        "Histogram of time spent in DECODE phase for request.",
                        t -> t.decodeTime));
    }

    private void waitingByReason(PageWriter.Series series) {
        forEngines((engine, index) -> {
            if (shows(engine)) {
                series.value(
                        labels(index) + ",reason=\"capacity\"", engine.gauges().waiting());
            }
        });
        forEngines((engine, index) -> {
            if (shows(engine)) {
                series.value(labels(index) + ",reason=\"deferred\"", 0);
            }
        });
    }

    private void sleepState(PageWriter.Series series) {
        for (Sleep state : List.of(Sleep.AWAKE, Sleep.WEIGHTS_OFFLOADED, Sleep.DISCARD_ALL)) {
            String label = ",sleep_state=\"" + state.name().toLowerCase(java.util.Locale.ROOT) + '"';
            forEngines((_, index) -> series.value(labels(index) + label, state == sleep ? 1 : 0));
        }
    }

    private Family success(List<Finish> reasons) {
        return Family.counter(name("request_success_total"), "Count of successfully processed requests.", series -> {
            for (Finish reason : reasons) {
                forEngines((engine, index) -> series.value(
                        "engine=\"%d\",finished_reason=\"%s\",model_name=\"%s\""
                                .formatted(index, reason.label(), model),
                        engine.tallies().ended(reason)));
            }
        });
    }

    private void rejections(PageWriter.Series series) {
        series.value("model_name=\"" + model + "\",reason=\"max_num_queued_reqs\"", process.rejections());
        series.value("model_name=\"" + model + "\",reason=\"max_num_queued_tokens\"", 0);
    }

    private Family gauge(String name, String help, ToDoubleFunction<Gauges> value) {
        return Family.gauge(
                name(name),
                help,
                series -> forEngines((engine, index) -> {
                    if (shows(engine)) {
                        series.value(labels(index), value.applyAsDouble(engine.gauges()));
                    }
                }));
    }

    /** The gauges of a multi-process page have no sample until the engine has spoken for the first time. */
    private boolean shows(Batch engine) {
        return !options.multiProcess() || engine.hasSpoken();
    }

    private Family counter(String name, String help, ToLongFunction<Tallies> value) {
        return Family.counter(
                name(name + "_total"),
                help,
                series -> forEngines(
                        (engine, index) -> series.value(labels(index), value.applyAsLong(engine.tallies()))));
    }

    private record Part(String label, ToLongFunction<Tallies> value) {}

    private Family counterBy(String name, String help, String label, List<Part> parts) {
        return Family.counter(name(name + "_total"), help, series -> {
            for (Part part : parts) {
                forEngines((engine, index) -> series.value(
                        labels(index) + "," + label + "=\"" + part.label + '"',
                        part.value.applyAsLong(engine.tallies())));
            }
        });
    }

    private Family histogram(String name, String help, Function<Tallies, Histogram> value) {
        return Family.histogram(
                name(name),
                help,
                series -> forEngines((engine, index) -> series.histogram(
                        "engine=\"" + index + '"', "model_name=\"" + model + '"', value.apply(engine.tallies()))));
    }

    private String name(String rest) {
        return options.prefix() + rest;
    }

    private String labels(int index) {
        return "engine=\"" + index + "\",model_name=\"" + model + '"';
    }

    private interface EachEngine {
        void accept(Batch engine, int index);
    }

    private void forEngines(EachEngine action) {
        for (int i = 0; i < engines.size(); i++) {
            action.accept(engines.get(i), i);
        }
    }
}
