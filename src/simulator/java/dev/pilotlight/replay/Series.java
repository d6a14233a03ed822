package dev.pilotlight.replay;

import dev.pilotlight.lifecycle.Phase;
import dev.pilotlight.loop.Picture;
import dev.pilotlight.pool.role.Role;
import dev.pilotlight.signal.Signals;
import dev.pilotlight.simulator.Batch;
import java.time.Instant;
import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Function;
import java.util.stream.Collectors;

/** The metrics that scrapes of a pod bring, from vLLM's page or from the sidecar's. */
enum Series {
    RUNNING("vllm:num_requests_running"),
    WAITING("vllm:num_requests_waiting"),
    KV_CACHE_USE("vllm:kv_cache_usage_perc"),
    /** The name that was given up in about 0.12: no page of today has it. */
    OLD_KV_CACHE_USE("vllm:gpu_cache_usage_perc"),
    SUCCESSES("vllm:request_success_total"),
    PROMPT_TOKENS("vllm:prompt_tokens_total"),
    GENERATION_TOKENS("vllm:generation_tokens_total"),
    /** llm-d's endpoint picker calls a pod saturated at 5 waiting or 80 % of the KV cache. */
    LLM_D_SATURATION("llm_d_saturation"),
    LOAD("pilotlight_load_ratio"),
    FORECAST("pilotlight_load_forecast_ratio"),
    DEMAND("pilotlight_demand_pods"),
    /** Prometheus reaches every pod here. */
    UP("up"),
    READY("pilotlight_phase{phase=\"ready\"}"),
    ACTIVE("pilotlight_role{role=\"active\"}"),
    /** Its leader's word. */
    POOL_DEMAND("pilotlight_pool_demand_pods"),
    WANTED("pilotlight_wanted_pods"),
    QUEUE_PRESSURE("pilotlight_pressure_ratio{resource=\"queue\"}"),
    KV_CACHE_PRESSURE("pilotlight_pressure_ratio{resource=\"kv_cache\"}"),
    SLOTS_PRESSURE("pilotlight_pressure_ratio{resource=\"slots\"}"),
    FIRST_TOKEN_PRESSURE("pilotlight_pressure_ratio{resource=\"ttft\"}");

    private final String metric;

    Series(String metric) {
        this.metric = metric;
    }

    /** By its own name, or by the one that the adapters of k8s/autoscaling make of it: colons are not allowed there. */
    static Series named(String metric) {
        return Arrays.stream(values())
                .filter(series -> adapted(series.metric).equals(adapted(metric)))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("the replay has no metric '" + metric + "'; it has "
                        + Arrays.stream(values()).map(series -> series.metric).collect(Collectors.joining(", "))));
    }

    private static String adapted(String metric) {
        return metric.replaceAll("^prometheus\\.googleapis\\.com\\||\\|gauge$", "")
                .replace(':', '_')
                .replace("vllm_kv_cache_usage_ratio", "vllm_kv_cache_usage_perc");
    }

    /** What the page shows; not a number where it shows nothing. */
    double of(Batch batch, Picture picture, Instant now) {
        Optional<Signals> signals = picture.freshSignals(now);
        return switch (this) {
            case RUNNING -> batch.gauges().running();
            case WAITING -> batch.gauges().waiting();
            case KV_CACHE_USE -> batch.gauges().kvCacheUsage();
            case OLD_KV_CACHE_USE -> Double.NaN;
            case SUCCESSES -> batch.tallies().ended();
            case PROMPT_TOKENS -> batch.tallies().promptTokens();
            case GENERATION_TOKENS -> batch.tallies().generationTokens();
            case LLM_D_SATURATION ->
                Math.max(batch.gauges().waiting() / 5.0, batch.gauges().kvCacheUsage() / 0.8);
            case LOAD -> said(signals, known -> known.load());
            case FORECAST -> said(signals, known -> known.forecast());
            case DEMAND -> said(signals, known -> known.demandPods());
            case UP -> 1;
            case READY -> picture.phase() instanceof Phase.Ready ? 1 : 0;
            case ACTIVE -> picture.role().filter(Role.Active.class::isInstance).isPresent() ? 1 : 0;
            case POOL_DEMAND -> picture.cluster().poolDemand(now).orElse(Double.NaN);
            case WANTED -> picture.cluster().wantedPods().orElse(Double.NaN);
            case QUEUE_PRESSURE -> said(signals, known -> known.pressures().queue());
            case KV_CACHE_PRESSURE -> said(signals, known -> known.pressures().kvCache());
            case SLOTS_PRESSURE -> said(signals, known -> known.pressures().slots());
            case FIRST_TOKEN_PRESSURE ->
                said(signals, known -> known.pressures().ttft());
        };
    }

    private static double said(Optional<Signals> signals, Function<Signals, OptionalDouble> which) {
        return signals.isPresent() ? which.apply(signals.get()).orElse(Double.NaN) : Double.NaN;
    }
}
