package dev.pilotlight.broken;

import java.time.Instant;
import java.util.function.Supplier;

/** Reads the clock in every way that there is. */
public final class Ticker {
    public Instant called() {
        return Instant.now();
    }

    public Supplier<Instant> referred() {
        return Instant::now;
    }

    public long counted() {
        return System.nanoTime() + System.currentTimeMillis();
    }
}
