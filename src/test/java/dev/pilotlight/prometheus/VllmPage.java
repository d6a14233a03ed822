package dev.pilotlight.prometheus;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

/**
 * Writes pages in the exact shape of vLLM 0.32 under load, family for family: about 690 lines, 70 KB. Two pages of one
 * writer differ in their values alone, as two scrapes do.
 */
final class VllmPage {
    /** What the engine's reader asks for. */
    static final List<String> WANTED = Stream.concat(
                    Stream.of(
                            "vllm:num_requests_running",
                            "vllm:num_requests_waiting",
                            "vllm:kv_cache_usage_perc",
                            "vllm:prompt_tokens_total",
                            "vllm:generation_tokens_total",
                            "vllm:request_success_total",
                            "vllm:num_preemptions_total",
                            "vllm:cache_config_info",
                            "vllm:engine_sleep_state",
                            "process_start_time_seconds"),
                    Stream.of(
                                    "vllm:time_to_first_token_seconds",
                                    "vllm:inter_token_latency_seconds",
                                    "vllm:request_queue_time_seconds",
                                    "vllm:e2e_request_latency_seconds")
                            .flatMap(family ->
                                    Stream.of("_bucket", "_sum", "_count").map(family::concat)))
            .toList();

    private static final List<String> TOKENS =
            List.of("1.0", "2.0", "5.0", "10.0", "20.0", "50.0", "100.0", "200.0", "500.0", "+Inf");
    private static final List<String> STEPS = List.of(
            "1.0", "8.0", "16.0", "32.0", "64.0", "128.0", "256.0", "512.0", "1024.0", "2048.0", "4096.0", "8192.0",
            "16384.0", "+Inf");
    private static final List<String> SMALL = List.of("1.0", "2.0", "5.0", "10.0", "20.0", "+Inf");
    private static final List<String> FIRST_TOKEN = List.of(
            "0.001", "0.005", "0.01", "0.02", "0.04", "0.06", "0.08", "0.1", "0.25", "0.5", "0.75", "1.0", "2.5", "5.0",
            "7.5", "10.0", "20.0", "40.0", "80.0", "160.0", "640.0", "2560.0", "+Inf");
    private static final List<String> BETWEEN = List.of(
            "0.01", "0.025", "0.05", "0.075", "0.1", "0.15", "0.2", "0.3", "0.4", "0.5", "0.75", "1.0", "2.5", "5.0",
            "7.5", "10.0", "20.0", "40.0", "80.0", "+Inf");
    private static final List<String> REQUEST = List.of(
            "0.3", "0.5", "0.8", "1.0", "1.5", "2.0", "2.5", "5.0", "10.0", "15.0", "20.0", "30.0", "40.0", "50.0",
            "60.0", "120.0", "240.0", "480.0", "960.0", "1920.0", "7680.0", "+Inf");
    private static final List<String> HTTP = List.of(
            "0.01", "0.025", "0.05", "0.075", "0.1", "0.25", "0.5", "0.75", "1.0", "1.5", "2.0", "2.5", "3.0", "3.5",
            "4.0", "4.5", "5.0", "7.5", "10.0", "30.0", "60.0", "+Inf");
    private static final List<String> HANDLERS = List.of(
            "\"/v1/models\",method=\"GET\"",
            "\"/v1/completions\",method=\"POST\"",
            "\"/v1/chat/completions\",method=\"POST\"",
            "\"/is_paused\",method=\"GET\"",
            "\"none\",method=\"GET\"");

    private final String labels;
    private final Random random;
    private final StringBuilder page = new StringBuilder();

    VllmPage(String model, long seed) {
        this.labels = "engine=\"0\",model_name=\"" + model + "\"";
        this.random = new Random(seed);
    }

    /** The next scrape. */
    byte[] next() {
        page.setLength(0);
        process();
        gauges();
        counters();
        histograms();
        config();
        http();
        return page.toString().getBytes(StandardCharsets.UTF_8);
    }

    private void process() {
        for (String name : List.of("objects_collected", "objects_uncollectable", "collections")) {
            family("python_gc_" + name + "_total", "counter", "Objects collected during gc");
            for (int generation = 0; generation < 3; generation++) {
                line("python_gc_" + name + "_total{generation=\"" + generation + "\"}", count());
            }
        }
        for (String name : List.of("virtual_memory_bytes", "resident_memory_bytes", "open_fds", "max_fds")) {
            family("process_" + name, "gauge", "Memory size in bytes, or number of open file descriptors.");
            line("process_" + name, count() * 1e5);
        }
        family("process_start_time_seconds", "gauge", "Start time of the process since unix epoch in seconds.");
        line("process_start_time_seconds", 1.79547731409e9);
    }

    private void gauges() {
        gauge("vllm:num_requests_running", "Number of requests in model execution batches.", 4);
        gauge("vllm:num_requests_waiting", "Number of requests waiting to be processed.", 36);
        family(
                "vllm:engine_sleep_state",
                "gauge",
                "Engine sleep state; awake = 0 means engine is sleeping; "
                        + "awake = 1 means engine is awake; weights_offloaded = 1 means sleep level 1.");
        for (String state : List.of("awake", "weights_offloaded", "discard_all")) {
            line("vllm:engine_sleep_state{" + labels + ",sleep_state=\"" + state + "\"}", 0);
        }
        gauge("vllm:kv_cache_usage_perc", "KV-cache usage. 1 means 100 percent usage.", random.nextDouble());
    }

    private void counters() {
        for (String name : List.of(
                "estimated_flops_per_gpu",
                "estimated_read_bytes_per_gpu",
                "estimated_write_bytes_per_gpu",
                "prefix_cache_queries",
                "prefix_cache_hits",
                "external_prefix_cache_queries",
                "external_prefix_cache_hits",
                "mm_cache_queries",
                "mm_cache_hits",
                "num_preemptions",
                "prompt_tokens",
                "prompt_tokens_cached",
                "generation_tokens")) {
            counter("vllm:" + name, "");
        }
        counter("vllm:prompt_tokens_by_source", "source", "local_compute", "local_cache_hit", "external_kv_transfer");
        counter("vllm:prompt_tokens_cached_by_source", "source", "device", "host", "p2p", "disk", "external");
        counter("vllm:request_success", "finished_reason", "stop", "length", "abort", "error", "repetition");
    }

    private void histograms() {
        for (String name : List.of(
                "request_prompt_tokens",
                "request_generation_tokens",
                "request_max_num_generation_tokens",
                "request_params_max_tokens",
                "request_prefill_kv_computed_tokens")) {
            histogram("vllm:" + name, labels, TOKENS);
        }
        histogram("vllm:iteration_tokens_total", labels, STEPS);
        histogram("vllm:request_params_n", labels, SMALL);
        histogram("vllm:time_to_first_token_seconds", labels, FIRST_TOKEN);
        histogram("vllm:inter_token_latency_seconds", labels, BETWEEN);
        histogram("vllm:request_time_per_output_token_seconds", labels, BETWEEN);
        for (String name : List.of(
                "e2e_request_latency",
                "request_queue_time",
                "request_inference_time",
                "request_prefill_time",
                "request_decode_time")) {
            histogram("vllm:" + name + "_seconds", labels, REQUEST);
        }
        histogram("vllm:request_num_preemptions", labels, SMALL);
    }

    private void config() {
        family("vllm:cache_config_info", "gauge", "Information of the LLMEngine CacheConfig");
        line(
                "vllm:cache_config_info{_block_size_resolved=\"True\",block_size=\"128\",cache_dtype=\"auto\","
                        + "cache_hit_alignment_tokens=\"None\",enable_prefix_caching=\"True\",engine=\"0\","
                        + "gpu_memory_utilization=\"0.92\",is_attention_free=\"False\",kv_cache_dtype_skip_layers=\"[]\","
                        + "kv_cache_max_concurrency=\"1024.0\",kv_cache_memory_bytes=\"1073741824\","
                        + "kv_cache_size_tokens=\"524288\",kv_offloading_backend=\"native\",kv_offloading_size=\"None\","
                        + "mamba_block_size=\"None\",mamba_cache_dtype=\"auto\",num_cpu_blocks=\"None\","
                        + "num_gpu_blocks=\"4096\",num_gpu_blocks_override=\"None\",prefix_caching_hash_algo=\"sha256\","
                        + "prefix_match_unit=\"None\",sliding_window=\"None\",user_specified_block_size=\"False\"}",
                1);
    }

    private void http() {
        family("http_requests_total", "counter", "Total number of requests by method, status and handler.");
        for (String handler : HANDLERS) {
            line("http_requests_total{handler=" + handler + ",status=\"2xx\"}", count());
        }
        histogram("http_request_duration_highr_seconds", "", HTTP);
        for (String size : List.of("http_request_size_bytes", "http_response_size_bytes")) {
            family(
                    size,
                    "summary",
                    "Content length by handler. Only value of header is respected. Otherwise ignored. ");
            for (String handler : HANDLERS) {
                line(size + "_count{handler=" + handler + "}", count());
                line(size + "_sum{handler=" + handler + "}", count());
            }
            family(size + "_created", "gauge", "Content length by handler. Only value of header is respected.");
            for (String handler : HANDLERS) {
                line(size + "_created{handler=" + handler + "}", 1.7954773641844175e9);
            }
        }
        for (String handler : HANDLERS) {
            histogram("http_request_duration_seconds", "handler=" + handler, List.of("0.1", "0.5", "1.0", "+Inf"));
        }
    }

    private void gauge(String name, String help, double value) {
        family(name, "gauge", help);
        line(name + "{" + labels + "}", value);
    }

    private void counter(String name, String label, String... values) {
        String help = "Number of " + name.replace('_', ' ') + ", counted since the start of the engine.";
        family(name + "_total", "counter", help);
        if (label.isEmpty()) {
            line(name + "_total{" + labels + "}", count());
        }
        for (String value : values) {
            line(name + "_total{" + labels + "," + label + "=\"" + value + "\"}", count());
        }
        family(name + "_created", "gauge", help);
        line(name + "_created{" + labels + "}", 1.7954773632236104e9);
    }

    private void histogram(String name, String labels, List<String> bounds) {
        family(name, "histogram", "Histogram of " + name.replace('_', ' ') + " of each request.");
        double below = 0;
        String others = labels.isEmpty() ? "" : "," + labels;
        String braces = labels.isEmpty() ? "" : "{" + labels + "}";
        for (String bound : bounds) {
            below += random.nextInt(500);
            line(name + "_bucket{le=\"" + bound + "\"" + others + "}", below);
        }
        line(name + "_count" + braces, below);
        line(name + "_sum" + braces, below * random.nextDouble());
        family(name + "_created", "gauge", "Histogram of " + name.replace('_', ' ') + " of each request.");
        line(name + "_created" + braces, 1.7954773632248056e9);
    }

    private void family(String name, String type, String help) {
        page.append("# HELP ").append(name).append(' ').append(help).append('\n');
        page.append("# TYPE ").append(name).append(' ').append(type).append('\n');
    }

    private void line(String series, double value) {
        page.append(series).append(' ').append(python(value)).append('\n');
    }

    /** As Python prints a double: {@code 4.0}, {@code 1.79547731409e+09}, {@code 1e-05}. */
    private static String python(double value) {
        String text = Double.toString(value);
        int exponent = text.indexOf('E');
        if (exponent < 0) {
            return text;
        }
        int power = Integer.parseInt(text, exponent + 1, text.length(), 10);
        String digits = text.substring(0, exponent).replaceFirst("\\.0$", "");
        return digits + (power < 0 ? "e-" : "e+") + (Math.abs(power) < 10 ? "0" : "") + Math.abs(power);
    }

    private double count() {
        return random.nextInt(20_000);
    }
}
