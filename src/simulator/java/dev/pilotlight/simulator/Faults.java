package dev.pilotlight.simulator;

import java.time.Duration;

/** The mischief that the HTTP side of a process is up to at the moment. */
final class Faults {
    /** What a page can be spoilt into. */
    enum Garble {
        NONE,
        GARBAGE,
        HTML,
        TRUNCATED
    }

    /** A page blown up by {@code bytes} of filler and {@code series} more samples of {@code family}. */
    record Bulk(long bytes, int series, String family) {
        static final Bulk NONE = new Bulk(0, 0, "");
    }

    /** Every answer of the paths that begin so comes late. */
    record Delay(Duration duration, String path) {
        static final Delay NONE = new Delay(Duration.ZERO, "");

        boolean concerns(String called) {
            return !duration.isZero() && called.startsWith(path);
        }
    }

    private volatile Garble garble = Garble.NONE;
    private volatile Bulk bulk = Bulk.NONE;
    private volatile Delay delay = Delay.NONE;
    private volatile long unavailableUntil = Long.MIN_VALUE;

    void garble(Garble wanted) {
        garble = wanted;
    }

    Garble garble() {
        return garble;
    }

    void bulk(Bulk wanted) {
        bulk = wanted;
    }

    Bulk bulk() {
        return bulk;
    }

    void delay(Delay wanted) {
        delay = wanted;
    }

    Delay delay() {
        return delay;
    }

    /** Everything is answered with 503 for so long, as while vLLM rescales. */
    void unavailableFor(Duration duration) {
        unavailableUntil = System.nanoTime() + duration.toNanos();
    }

    boolean unavailable() {
        return unavailableUntil != Long.MIN_VALUE && System.nanoTime() - unavailableUntil < 0;
    }

    void clear() {
        garble = Garble.NONE;
        bulk = Bulk.NONE;
        delay = Delay.NONE;
        unavailableUntil = Long.MIN_VALUE;
    }
}
