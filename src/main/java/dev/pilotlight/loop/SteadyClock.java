package dev.pilotlight.loop;

import java.time.Instant;

/** The one clock: wall time at start plus time passed, so that a stepped system clock moves no deadline. */
public final class SteadyClock {
    private final Instant start = Instant.now();
    private final long startNanos = System.nanoTime();

    public Instant now() {
        return start.plusNanos(System.nanoTime() - startNanos);
    }
}
