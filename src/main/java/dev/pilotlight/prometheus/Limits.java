package dev.pilotlight.prometheus;

/** Bounds on what one page may cost: its bytes, and how many of the wanted series it may hold. */
public record Limits(long bytes, int series) {
    /** Two hundred times an ordinary vLLM page, and a hundred times its series. */
    public static final Limits DEFAULT = new Limits(16L << 20, 10_000);

    /** A line of vLLM has 60 to 200; what is kept of a page is names and labels, so this bounds the memory that a page takes. */
    static final int BYTES_OF_A_SERIES = 256;

    /** Of all the names and labels that are kept of a page. */
    long keptBytes() {
        return (long) series * BYTES_OF_A_SERIES;
    }

    public Limits {
        if (bytes < 1 || series < 1) {
            throw new IllegalArgumentException("limits must be at least 1: " + bytes + " bytes, " + series + " series");
        }
    }
}
