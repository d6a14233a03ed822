package dev.pilotlight.prometheus;

/** Bounds on what one page may cost: its bytes, and how many of the wanted series it may hold. */
public record Limits(long bytes, int series) {
    /** Two hundred times an ordinary vLLM page, and a hundred times its series. */
    public static final Limits DEFAULT = new Limits(16L << 20, 10_000);

    public Limits {
        if (bytes < 1 || series < 1) {
            throw new IllegalArgumentException("limits must be at least 1: " + bytes + " bytes, " + series + " series");
        }
    }
}
