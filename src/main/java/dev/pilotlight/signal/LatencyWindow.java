package dev.pilotlight.signal;

import dev.pilotlight.engine.Latencies;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** The histograms of the last minute, a few seconds apart, so that a window can be cut from them. */
record LatencyWindow(List<Sample> samples, Latency firstToken, Latency interToken) {
    static final LatencyWindow EMPTY = new LatencyWindow(List.of(), Latency.UNKNOWN, Latency.UNKNOWN);

    private static final Duration LENGTH = Duration.ofSeconds(60);
    private static final Duration SPACING = Duration.ofSeconds(5);

    record Sample(Instant at, Latencies latencies) {}

    private static LatencyWindow of(List<Sample> samples) {
        Latencies first = samples.getFirst().latencies();
        Latencies last = samples.getLast().latencies();
        boolean isCut = samples.size() >= 2;
        return new LatencyWindow(
                List.copyOf(samples),
                isCut ? Latency.between(first.firstToken(), last.firstToken()) : Latency.UNKNOWN,
                isCut ? Latency.between(first.interToken(), last.interToken()) : Latency.UNKNOWN);
    }

    LatencyWindow add(Instant at, Latencies latencies) {
        if (latencies.isEmpty()
                || !samples.isEmpty() && at.isBefore(samples.getLast().at().plus(SPACING))) {
            return this;
        }
        List<Sample> kept = new ArrayList<>(samples.size() + 1);
        for (int i = 0; i < samples.size(); i++) {
            // The newest sample beyond the window stays: it is the window's far edge.
            boolean nextIsInside =
                    i + 1 < samples.size() && samples.get(i + 1).at().isAfter(at.minus(LENGTH));
            if (samples.get(i).at().isAfter(at.minus(LENGTH)) || nextIsInside) {
                kept.add(samples.get(i));
            }
        }
        kept.add(new Sample(at, latencies));
        return of(kept);
    }
}
