package dev.pilotlight.simulator;

/** The sleep of an engine, as {@code vllm:engine_sleep_state} shows it: one-hot, and all 0 for a sleep of level 0. */
enum Sleep {
    AWAKE,
    WEIGHTS_OFFLOADED,
    DISCARD_ALL,
    LEVEL_0;

    static Sleep ofLevel(int level) {
        return switch (level) {
            case 0 -> LEVEL_0;
            case 1 -> WEIGHTS_OFFLOADED;
            case 2 -> DISCARD_ALL;
            default -> throw new IllegalArgumentException("no sleep level " + level + "; there are 0, 1 and 2");
        };
    }
}
