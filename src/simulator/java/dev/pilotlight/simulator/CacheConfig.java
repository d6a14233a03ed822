package dev.pilotlight.simulator;

/** The labels of {@code vllm:cache_config_info}: everything it says is in them. */
final class CacheConfig {
    private CacheConfig() {}

    static String labels(Profile profile, int engine) {
        return ("_block_size_resolved='True',block_size='%d',cache_dtype='auto',cache_hit_alignment_tokens='None',"
                        + "effective_attention_block_size='%1$d',enable_mamba_shared_prefix_checkpoint='False',"
                        + "enable_prefix_caching='%s',engine='%d',gpu_memory_utilization='0.92',hash_block_size='None',"
                        + "is_attention_free='False',kv_cache_dtype_skip_layers='[]',kv_cache_layout='None',"
                        + "kv_cache_max_concurrency='%s',kv_cache_memory_bytes='None',kv_cache_size_tokens='%d',"
                        + "kv_offloading_backend='native',kv_offloading_size='None',kv_sharing_fast_prefill='False',"
                        + "mamba_block_size='None',mamba_cache_dtype='auto',mamba_cache_mode='none',"
                        + "mamba_page_size_padded='None',mamba_ssm_cache_dtype='auto',num_cpu_blocks='None',"
                        + "num_gpu_blocks='%d',num_gpu_blocks_override='None',prefix_cache_retention_interval='0',"
                        + "prefix_caching_hash_algo='sha256',prefix_match_unit='None',replayssm_buffer_len='16',"
                        + "skip_page_size_padded='None',sliding_window='None',swa_bounded_replay='True',"
                        + "use_kda_recoverssm='False',use_replayssm='False',user_specified_block_size='False'")
                .replace('\'', '"')
                .formatted(
                        Profile.BLOCK,
                        python(profile.prefixCaching()),
                        engine,
                        PythonFloat.of((double) profile.blocks() * Profile.BLOCK / profile.maxModelLen()),
                        profile.blocks() * Profile.BLOCK,
                        profile.blocks());
    }

    static String oldLabels(Profile profile, int engine) {
        return ("block_size='%d',cache_dtype='auto',calculate_kv_scales='False',cpu_offload_gb='0',"
                        + "enable_prefix_caching='%s',engine='%d',gpu_memory_utilization='0.9',is_attention_free='False',"
                        + "num_cpu_blocks='None',num_gpu_blocks='%d',num_gpu_blocks_override='None',"
                        + "prefix_caching_hash_algo='builtin',sliding_window='None',swap_space='4',swap_space_bytes='4294967296'")
                .replace('\'', '"')
                .formatted(Profile.BLOCK, python(profile.prefixCaching()), engine, profile.blocks());
    }

    private static String python(boolean value) {
        return value ? "True" : "False";
    }
}
