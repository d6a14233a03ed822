package dev.pilotlight.simulator;

import java.util.List;

/**
 * A model on a machine: the limits of its batch and what a step of it costs.
 *
 * <p>A step that decodes {@code n} requests of together {@code c} tokens of context and computes {@code p} prompt tokens lasts
 * {@code stepSeconds + n * secondsPerSequence + c * secondsPerContextToken + p * secondsPerPromptToken}. The figures are derived
 * from weights, KV bytes per token, memory bandwidth and matrix throughput of the cards, and agree with published throughput within
 * a factor of about 1.5; they are not measurements.
 *
 * @param maxNumSeqs {@code --max-num-seqs}: most requests in the batch
 * @param maxBatchedTokens {@code --max-num-batched-tokens}: most tokens in a step (chunked prefill)
 * @param kvTokens tokens that the KV cache holds
 * @param prefixCaching whether prompts that share a beginning share its prefill
 */
public record Profile(
        String name,
        String model,
        int maxNumSeqs,
        int maxBatchedTokens,
        int maxModelLen,
        int kvTokens,
        double stepSeconds,
        double secondsPerSequence,
        double secondsPerContextToken,
        double secondsPerPromptToken,
        boolean prefixCaching,
        ColdKernels coldKernels) {

    /** Tokens in a block of the KV cache. */
    public static final int BLOCK = 16;

    /** Small and slow enough that a handful of requests fills it while a person watches. */
    public static final Profile TINY =
            new Profile("tiny", "tiny", 8, 2048, 2048, 8192, 20e-3, 1e-3, 1e-6, 0.1e-3, false, ColdKernels.NONE);

    /** 16 GB of weights at 600 GB/s, 4 GB left for KV at 128 KiB a token. */
    public static final Profile LLAMA_8B_24GB = new Profile(
            "8b-24gb", "llama-8b", 256, 2048, 8192, 30_000, 30e-3, 0.1e-3, 0.22e-6, 0.27e-3, false, ColdKernels.NONE);

    /** 8 GB of weights in FP8 at 1 TB/s and 330 TFLOPS (an Ada card such as the RTX 4090), 12 GB left for KV. */
    public static final Profile LLAMA_8B_FP8_24GB = new Profile(
            "8b-fp8-24gb",
            "llama-8b",
            256,
            2048,
            16_384,
            90_000,
            11e-3,
            0.08e-3,
            0.17e-6,
            0.09e-3,
            false,
            ColdKernels.NONE);

    /** 16 GB of weights at 3.35 TB/s, 53 GB left for KV. */
    public static final Profile LLAMA_8B_80GB = new Profile(
            "8b-80gb",
            "llama-8b",
            256,
            8192,
            32_768,
            400_000,
            7e-3,
            0.03e-3,
            0.044e-6,
            0.04e-3,
            false,
            ColdKernels.NONE);

    /** 35 GB of weights a card, 320 KiB of KV a token over four cards, and the all-reduces. */
    public static final Profile LLAMA_70B_4X80GB = new Profile(
            "70b-4x80gb",
            "llama-70b",
            256,
            8192,
            32_768,
            400_000,
            20e-3,
            0.06e-3,
            0.027e-6,
            0.09e-3,
            false,
            ColdKernels.NONE);

    public static final List<Profile> NAMED =
            List.of(TINY, LLAMA_8B_24GB, LLAMA_8B_FP8_24GB, LLAMA_8B_80GB, LLAMA_70B_4X80GB);

    public Profile {
        if (maxNumSeqs < 1 || maxBatchedTokens < maxNumSeqs) {
            throw new IllegalArgumentException("%s: %d tokens a step must hold a token for each of %d requests"
                    .formatted(name, maxBatchedTokens, maxNumSeqs));
        }
        if ((kvTokens / BLOCK - 1) * BLOCK < maxModelLen) {
            throw new IllegalArgumentException(
                    "%s: a KV cache of %d tokens does not hold one request of %d (and a spare block)"
                            .formatted(name, kvTokens, maxModelLen));
        }
    }

    public static Profile named(String name) {
        return NAMED.stream()
                .filter(profile -> profile.name.equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no profile '" + name + "'; there are "
                        + NAMED.stream().map(Profile::name).toList()));
    }

    public Profile withColdKernels(ColdKernels kernels) {
        return new Profile(
                name,
                model,
                maxNumSeqs,
                maxBatchedTokens,
                maxModelLen,
                kvTokens,
                stepSeconds,
                secondsPerSequence,
                secondsPerContextToken,
                secondsPerPromptToken,
                prefixCaching,
                kernels);
    }

    public Profile withPrefixCaching(boolean on) {
        return new Profile(
                name,
                model,
                maxNumSeqs,
                maxBatchedTokens,
                maxModelLen,
                kvTokens,
                stepSeconds,
                secondsPerSequence,
                secondsPerContextToken,
                secondsPerPromptToken,
                on,
                coldKernels);
    }

    public Profile withLimits(int seqs, int kv) {
        return new Profile(
                name,
                model,
                seqs,
                Math.max(maxBatchedTokens, seqs),
                Math.min(maxModelLen, (kv / BLOCK - 1) * BLOCK),
                kv,
                stepSeconds,
                secondsPerSequence,
                secondsPerContextToken,
                secondsPerPromptToken,
                prefixCaching,
                coldKernels);
    }

    /** Blocks of the KV cache; vLLM keeps one of them for itself. */
    int blocks() {
        return kvTokens / BLOCK;
    }
}
