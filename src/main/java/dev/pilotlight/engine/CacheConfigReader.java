package dev.pilotlight.engine;

import dev.pilotlight.prometheus.Sample;
import dev.pilotlight.range.Range;
import java.util.List;
import java.util.OptionalDouble;
import java.util.function.Consumer;

/** From the labels of {@code vllm:cache_config_info} to how large the KV cache is. */
final class CacheConfigReader {
    private CacheConfigReader() {}

    /** Everything is in the labels; ranks add up. The number of blocks may be the word None. */
    static CacheConfig read(List<Sample> samples, Consumer<String> leaveOut) {
        double tokens = 0;
        double concurrency = 0;
        boolean tokensKnown = false;
        boolean concurrencyKnown = false;
        for (Sample sample : samples) {
            OptionalDouble size = number(sample.series().label("kv_cache_size_tokens"));
            if (size.isEmpty()) {
                OptionalDouble blocks = number(sample.series().label("num_gpu_blocks"));
                OptionalDouble perBlock = number(sample.series().label("block_size"));
                size = blocks.isPresent() && perBlock.isPresent()
                        ? OptionalDouble.of(blocks.getAsDouble() * perBlock.getAsDouble())
                        : OptionalDouble.empty();
            }
            OptionalDouble most = number(sample.series().label("kv_cache_max_concurrency"));
            tokensKnown |= size.isPresent();
            concurrencyKnown |= most.isPresent();
            tokens += size.orElse(0);
            concurrency += most.orElse(0);
        }
        return new CacheConfig(
                tokensKnown ? kept("kv_cache_size_tokens", tokens, leaveOut) : OptionalDouble.empty(),
                concurrencyKnown ? kept("kv_cache_max_concurrency", concurrency, leaveOut) : OptionalDouble.empty());
    }

    private static OptionalDouble kept(String label, double sum, Consumer<String> leaveOut) {
        if (!Range.TOKENS.has(sum)) {
            leaveOut.accept(
                    Range.TOKENS.refusal(VllmMetrics.CACHE_CONFIG.spellings().getFirst() + " " + label, sum));
        }
        return Range.TOKENS.of(sum);
    }

    private static OptionalDouble number(String label) {
        if (label.isEmpty() || "None".equals(label)) {
            return OptionalDouble.empty();
        }
        try {
            double value = Double.parseDouble(label);
            return value > 0 && Double.isFinite(value) ? OptionalDouble.of(value) : OptionalDouble.empty();
        } catch (NumberFormatException notANumber) {
            return OptionalDouble.empty();
        }
    }
}
