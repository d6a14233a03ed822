package dev.pilotlight.lifecycle;

import java.time.Duration;
import java.util.Optional;

/**
 * When an engine counts as dead or stuck.
 *
 * @param deadAfter how long {@code /health} may say 5xx; a rescaling engine does so for a while
 * @param stuckAfter how long work may stand still before a canary is sent
 * @param heartbeatEvery how long all may be quiet before a heartbeat is sent; zero for never
 * @param startDeadline how long a start may take; empty for the default, zero for ever
 */
public record LivenessPolicy(
        Duration deadAfter, Duration stuckAfter, Duration heartbeatEvery, Optional<Duration> startDeadline) {
    private static final Duration DEFAULT_START = Duration.ofMinutes(30);

    /** The greater of 30 minutes and three times the longest load seen, unless set. */
    Duration startDeadline(Duration longestLoad) {
        Duration thrice = longestLoad.multipliedBy(3);
        return startDeadline.orElse(thrice.compareTo(DEFAULT_START) > 0 ? thrice : DEFAULT_START);
    }
}
