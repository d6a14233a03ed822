package dev.pilotlight.simulator;

/**
 * What the engine core last said of itself: values of the end of a step, however long ago.
 *
 * @param kvCacheUsage share of the KV cache in use, from 0 to 1
 */
public record Gauges(int running, int waiting, double kvCacheUsage) {
    static final Gauges IDLE = new Gauges(0, 0, 0);
}
