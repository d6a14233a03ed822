package dev.pilotlight.simulator;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The blocks of the KV cache and who needs the next one when.
 *
 * <p>Every decoding request grows by one token a step, so it needs a new block every sixteenth step. Requests are counted by the step
 * (modulo 16) in which they do: what a step needs, and what a hundred need, is then known without looking at any request.
 */
final class KvCache {
    private static final int REMEMBERED_PREFIXES = 4096;

    private final int usable;
    private final int[] growing = new int[Profile.BLOCK];
    private final LinkedHashMap<Long, Integer> prefixes = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, Integer> eldest) {
            return size() > REMEMBERED_PREFIXES;
        }
    };
    private int used;

    KvCache(Profile profile) {
        this.usable = profile.blocks() - 1;
    }

    static int blocksFor(int tokens) {
        return (tokens + Profile.BLOCK - 1) / Profile.BLOCK;
    }

    boolean fits(int blocks) {
        return used + blocks <= usable;
    }

    void take(int blocks) {
        used += blocks;
    }

    void give(int blocks) {
        used -= blocks;
    }

    int used() {
        return used;
    }

    int usable() {
        return usable;
    }

    /** As vLLM computes it, so that a full cache is exactly 1. */
    double usage() {
        return 1 - (double) (usable - used) / usable;
    }

    /** A request with {@code tokens} in the cache begins (or, with -1, ceases) to grow by a token a step, from the step after {@code step}. */
    void grow(int tokens, long step, int requests) {
        growing[Math.floorMod(tokens - step, Profile.BLOCK)] += requests;
    }

    /** Blocks that the requests which grow need for step {@code step}. */
    int neededIn(long step) {
        return growing[Math.floorMod(1 - step, Profile.BLOCK)];
    }

    /** How many of at most {@code most} steps after {@code step} the free blocks allow; {@code requests} of them grow. */
    int stepsThatFit(long step, int most, int requests) {
        int free = usable - used;
        int cycles = requests == 0 ? most / Profile.BLOCK : Math.min(most / Profile.BLOCK, free / requests);
        free -= cycles * requests;
        int steps = cycles * Profile.BLOCK;
        while (steps < most && neededIn(step + steps + 1) <= free) {
            free -= neededIn(step + steps + 1);
            steps++;
        }
        return steps;
    }

    /** Takes what {@code steps} steps after {@code step} need. */
    void growFor(long step, int steps, int requests) {
        int cycles = steps / Profile.BLOCK;
        used += cycles * requests;
        for (int i = cycles * Profile.BLOCK; i < steps; i++) {
            used += neededIn(step + i + 1);
        }
    }

    /** Prompt tokens that are in the cache already: whole blocks, and never the last token, which has to be computed. */
    int cached(Request request) {
        if (request.prefixTokens() == 0) {
            return 0;
        }
        int shared = Math.min(prefixes.getOrDefault(request.prefixKey(), 0), request.prefixTokens());
        return Math.min(shared, request.promptTokens() - 1) / Profile.BLOCK * Profile.BLOCK;
    }

    void remember(Request request) {
        if (request.prefixTokens() > 0) {
            prefixes.merge(request.prefixKey(), request.prefixTokens(), Math::max);
        }
    }

    void forgetPrefixes() {
        prefixes.clear();
    }
}
