package dev.pilotlight.signal;

import dev.pilotlight.engine.Histogram;
import dev.pilotlight.engine.Latencies;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** The histograms of the last minute, a few seconds apart, so that a window can be cut from them. */
record LatencyWindow(List<Sample> samples) {
    static final LatencyWindow EMPTY = new LatencyWindow(List.of());

    private static final Duration LENGTH = Duration.ofSeconds(60);
    private static final Duration SPACING = Duration.ofSeconds(5);

    record Sample(Instant at, Latencies latencies) {}

    LatencyWindow {
        samples = List.copyOf(samples);
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
        return new LatencyWindow(kept);
    }

    Latency of(Function<Latencies, Optional<Histogram>> which) {
        return samples.size() < 2
                ? Latency.UNKNOWN
                : Latency.between(
                        which.apply(samples.getFirst().latencies()),
                        which.apply(samples.getLast().latencies()));
    }
}
