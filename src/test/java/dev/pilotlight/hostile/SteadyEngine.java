package dev.pilotlight.hostile;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** The pages of a steady engine: requests of 120 tokens that take 4 s, come by chance, and fill a third of a batch of eight. */
public final class SteadyEngine {
    private final Random chance;
    private final long began;
    private final List<Integer> left = new ArrayList<>();
    private double successes = 5_000;
    private double generated = 600_000;
    private double prompt = 1_000_000;
    private double steps = 40_000;

    /** @param began when its process did, Unix seconds */
    public SteadyEngine(long seed, long began) {
        this.chance = new Random(seed);
        this.began = began;
    }

    /** One second later: every series and its value. */
    public Map<String, Double> second() {
        int came = (chance.nextDouble() < 0.7 ? 1 : 0) + (chance.nextDouble() < 0.1 ? 1 : 0);
        int before = left.size();
        left.replaceAll(seconds -> seconds - 1);
        left.removeIf(seconds -> seconds <= 0);
        successes += before - left.size();
        for (int i = 0; i < came; i++) {
            left.add(4);
            prompt += 200;
        }
        generated += left.size() * 30;
        steps += left.isEmpty() ? 0 : 30;
        Map<String, Double> values = new TreeMap<>();
        values.put("vllm:num_requests_running{engine=\"0\",model_name=\"m\"}", (double) left.size());
        values.put("vllm:num_requests_waiting{engine=\"0\",model_name=\"m\"}", 0.0);
        values.put("vllm:kv_cache_usage_perc{engine=\"0\",model_name=\"m\"}", left.size() * 0.02);
        values.put("vllm:prompt_tokens_total{engine=\"0\",model_name=\"m\"}", prompt);
        values.put("vllm:generation_tokens_total{engine=\"0\",model_name=\"m\"}", generated);
        values.put("vllm:request_generation_tokens_sum{engine=\"0\",model_name=\"m\"}", successes * 120);
        values.put("vllm:request_success_total{engine=\"0\",finished_reason=\"stop\",model_name=\"m\"}", successes);
        values.put("vllm:num_preemptions_total{engine=\"0\",model_name=\"m\"}", 0.0);
        values.put("vllm:prefix_cache_hits_total{engine=\"0\",model_name=\"m\"}", 1000.0);
        values.put("vllm:iteration_tokens_total_count{engine=\"0\",model_name=\"m\"}", steps);
        values.put("process_start_time_seconds", (double) began);
        values.put("vllm:cache_config_info{block_size=\"16\",num_gpu_blocks=\"4096\"}", 1.0);
        for (String histogram : List.of("time_to_first_token_seconds", "inter_token_latency_seconds")) {
            String name = "vllm:" + histogram;
            values.put(name + "_bucket{engine=\"0\",le=\"0.05\",model_name=\"m\"}", successes / 2);
            values.put(name + "_bucket{engine=\"0\",le=\"0.1\",model_name=\"m\"}", successes);
            values.put(name + "_bucket{engine=\"0\",le=\"+Inf\",model_name=\"m\"}", successes);
            values.put(name + "_sum{engine=\"0\",model_name=\"m\"}", successes * 0.05);
            values.put(name + "_count{engine=\"0\",model_name=\"m\"}", successes);
        }
        return values;
    }

    public static String page(Map<String, Double> values) {
        return values.entrySet().stream()
                .map(line -> line.getKey() + " " + line.getValue())
                .collect(Collectors.joining("\n", "", "\n"));
    }
}
