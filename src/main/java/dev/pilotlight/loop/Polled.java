package dev.pilotlight.loop;

import java.time.Duration;

/** A reading and how long the poll took that brought it. */
public record Polled<R>(R reading, Duration took) {}
