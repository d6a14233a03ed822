package dev.pilotlight.gpu.readings;

import java.time.Instant;

/**
 * Reads the GPUs once; never throws, and may block for as long as a hung driver does, so it wants a platform thread of
 * its own.
 */
public interface GpuProbe extends AutoCloseable {
    GpuReading read(Instant now);

    /** Gives back what the probe holds; a closed probe is not read again. */
    @Override
    default void close() {}
}
