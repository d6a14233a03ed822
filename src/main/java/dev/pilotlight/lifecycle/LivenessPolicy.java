package dev.pilotlight.lifecycle;

import java.time.Duration;
import java.util.Optional;

/**
 * When an engine counts as dead or stuck.
 *
 * @param deadAfter how long {@code /health} may say 5xx beside requests that fail
 * @param stuckAfter how long work may stand still before a canary is sent
 * @param heartbeatEvery how long all may be quiet before a heartbeat is sent; zero for never
 * @param startDeadline how long a start may take; empty for the default, zero for ever
 * @param longestStep how long a step of the engine may take; empty for the default
 * @param killsOnErrors whether an engine that answers nothing but errors is to be restarted
 * @param isLeaving whether the pod drains: then there is no time for late answers
 */
public record LivenessPolicy(
        Duration deadAfter,
        Duration stuckAfter,
        Duration heartbeatEvery,
        Optional<Duration> startDeadline,
        Optional<Duration> longestStep,
        boolean killsOnErrors,
        boolean isLeaving) {
    private static final Duration DRAINING_ASKS = Duration.ofSeconds(10);
    private static final Duration DEFAULT_START = Duration.ofMinutes(30);

    public LivenessPolicy(
            Duration deadAfter, Duration stuckAfter, Duration heartbeatEvery, Optional<Duration> startDeadline) {
        this(deadAfter, stuckAfter, heartbeatEvery, startDeadline, Optional.empty(), false);
    }

    public LivenessPolicy(
            Duration deadAfter,
            Duration stuckAfter,
            Duration heartbeatEvery,
            Optional<Duration> startDeadline,
            Optional<Duration> longestStep,
            boolean killsOnErrors) {
        this(deadAfter, stuckAfter, heartbeatEvery, startDeadline, longestStep, killsOnErrors, false);
    }

    /** The greater of 30 minutes and three times the longest load seen, unless set. */
    Duration startDeadline(Duration longestLoad) {
        Duration thrice = longestLoad.multipliedBy(3);
        return startDeadline.orElse(thrice.compareTo(DEFAULT_START) > 0 ? thrice : DEFAULT_START);
    }

    /** Then it is soon asked whether it moves: gauges that stand may be old ones, and a pod that leaves has no time to lose. */
    public LivenessPolicy whileDraining() {
        return new LivenessPolicy(
                deadAfter,
                lesser(stuckAfter),
                lesser(heartbeatEvery),
                startDeadline,
                Optional.of(step()),
                killsOnErrors,
                true);
    }

    private static Duration lesser(Duration set) {
        return set.compareTo(DRAINING_ASKS) < 0 ? set : DRAINING_ASKS;
    }

    /** A kernel that is compiled and a prompt that is read in one piece look like a hang: five times stuck-after, unless set. */
    Duration step() {
        return longestStep.orElse(stuckAfter.multipliedBy(5));
    }
}
