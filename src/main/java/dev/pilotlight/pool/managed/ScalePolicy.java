package dev.pilotlight.pool.managed;

import java.time.Duration;
import java.util.Optional;

/**
 * How many pods a pool may have, and how many to spare.
 *
 * @param minPods never fewer are wanted
 * @param maxPods never more
 * @param reserve share of what the load leaves of the most pods that is kept to spare, 0..1
 * @param risk share of the time in which the traffic may grow by more than is spare, 0..1
 * @param predictive whether the traffic to expect one cold start from now counts, too
 * @param coldStart how long a pod takes to come; as the pods measured it where empty
 */
public record ScalePolicy(
        int minPods, int maxPods, double reserve, double risk, boolean predictive, Optional<Duration> coldStart) {
    public static final double USUAL_RISK = 0.1;

    double within(double pods) {
        return Math.clamp(pods, minPods, maxPods);
    }
}
