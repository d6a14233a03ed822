package dev.pilotlight.lifecycle;

import java.time.Duration;

/**
 * The limits that the lifecycle goes by.
 *
 * @param deadAfter how long {@code /health} may say 5xx; a rescaling engine does so for a while
 * @param startDeadline how long a start may take; zero means for ever
 * @param warmUpBudget how long the warm-up may go on failing
 * @param warmUpRetry pause after a failed warm-up request
 * @param proceedCold whether an engine whose warm-up gave up is ready all the same
 */
public record LifecyclePolicy(
        Duration deadAfter, Duration startDeadline, Duration warmUpBudget, Duration warmUpRetry, boolean proceedCold) {}
