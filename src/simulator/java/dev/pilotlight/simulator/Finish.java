package dev.pilotlight.simulator;

import java.util.Locale;

/** Why a request ended, in the words and the order of vLLM's {@code finished_reason}. */
public enum Finish {
    STOP,
    LENGTH,
    ABORT,
    ERROR,
    REPETITION;

    String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
