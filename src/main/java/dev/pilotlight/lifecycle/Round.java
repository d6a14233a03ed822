package dev.pilotlight.lifecycle;

import java.time.Duration;
import java.util.List;

/** One pass over all warm-up requests, and how long each took. */
public record Round(int number, List<Timing> timings) {
    /** Below this, scheduling noise is larger than anything a kernel still has to learn. */
    private static final Duration NOISE = Duration.ofMillis(20);

    public Round {
        timings = List.copyOf(timings);
    }

    /**
     * @param shape name of the request; with its rank where there are several
     * @param firstToken until the first token came
     * @param total until the answer was whole
     */
    public record Timing(String shape, Duration firstToken, Duration total) {}

    /** Whether no shape's time to first token differs by more than {@code within} from the round before. */
    boolean isSteadyAfter(Round before, double within) {
        if (timings.size() != before.timings.size()) {
            return false;
        }
        for (int i = 0; i < timings.size(); i++) {
            double now = timings.get(i).firstToken().toNanos();
            double then = before.timings.get(i).firstToken().toNanos();
            double allowed = Math.max(within * Math.max(now, then), NOISE.toNanos());
            if (!timings.get(i).shape().equals(before.timings.get(i).shape()) || Math.abs(now - then) > allowed) {
                return false;
            }
        }
        return true;
    }
}
