package dev.pilotlight.engine;

import java.util.OptionalDouble;

/**
 * The KV cache as the engine configured it, summed over ranks.
 *
 * @param tokens that the cache holds: {@code kv_cache_size_tokens} where the version says it, else blocks times block size (which
 *     is wrong on hybrid models)
 * @param maxConcurrency requests of the model's full length that fit at once, where the version says it
 */
public record CacheConfig(OptionalDouble tokens, OptionalDouble maxConcurrency) {
    public static final CacheConfig UNKNOWN = new CacheConfig(OptionalDouble.empty(), OptionalDouble.empty());
}
