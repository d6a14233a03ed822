package dev.pilotlight.lifecycle;

import java.time.Duration;
import java.util.List;

/**
 * When an engine counts as warm.
 *
 * @param shapes sent in each round
 * @param steadyWithin how much the time to first token of two rounds may differ, as a share
 * @param maxRounds after which it is warm, steady or not: the engine serves, and only its pace wanders
 * @param budget how long the warm-up may go on without getting there
 * @param retryAfter pause after the first failure in a row, doubled by each further one
 * @param proceedCold whether an engine whose budget is spent is ready all the same
 */
public record WarmUpPolicy(
        List<Shape> shapes,
        double steadyWithin,
        int maxRounds,
        Duration budget,
        Duration retryAfter,
        boolean proceedCold) {
    /** Never more than one batch. */
    public static final int MOST_AT_ONCE = 256;

    static final int LEAST_ROUNDS = 2;
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(30);

    public WarmUpPolicy {
        shapes = List.copyOf(shapes);
    }

    Duration pauseAfter(int failures) {
        Duration pause = retryAfter.multipliedBy(1L << Math.min(10, Math.max(0, failures - 1)));
        return pause.compareTo(LONGEST_PAUSE) < 0 ? pause : LONGEST_PAUSE;
    }
}
