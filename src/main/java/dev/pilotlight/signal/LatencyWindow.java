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
record LatencyWindow(List<Mark> marks) {
    static final LatencyWindow EMPTY = new LatencyWindow(List.of());

    private static final Duration LENGTH = Duration.ofSeconds(60);
    private static final Duration SPACING = Duration.ofSeconds(5);

    record Mark(Instant at, Latencies latencies) {}

    LatencyWindow {
        marks = List.copyOf(marks);
    }

    LatencyWindow add(Instant at, Latencies latencies) {
        if (latencies.isEmpty()
                || !marks.isEmpty() && at.isBefore(marks.getLast().at().plus(SPACING))) {
            return this;
        }
        List<Mark> kept = new ArrayList<>(marks.size() + 1);
        for (int i = 0; i < marks.size(); i++) {
            // The newest mark beyond the window stays: it is the window's far edge.
            boolean nextIsInside = i + 1 < marks.size() && marks.get(i + 1).at().isAfter(at.minus(LENGTH));
            if (marks.get(i).at().isAfter(at.minus(LENGTH)) || nextIsInside) {
                kept.add(marks.get(i));
            }
        }
        kept.add(new Mark(at, latencies));
        return new LatencyWindow(kept);
    }

    Latency of(Function<Latencies, Optional<Histogram>> which) {
        return marks.size() < 2
                ? Latency.UNKNOWN
                : Latency.between(
                        which.apply(marks.getFirst().latencies()),
                        which.apply(marks.getLast().latencies()));
    }
}
