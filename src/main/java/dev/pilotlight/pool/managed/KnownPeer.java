package dev.pilotlight.pool.managed;

import dev.pilotlight.signal.Inflow;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalDouble;

/** A ready pod that answered lately. */
record KnownPeer(
        String name,
        OptionalDouble load,
        Optional<Duration> coldStart,
        Optional<Inflow> inflow,
        Duration readyFor,
        boolean isCalm) {}
