package dev.pilotlight.pool.managed;

/**
 * How many pods a pool may have, and how many to spare.
 *
 * @param minPods never fewer are wanted
 * @param maxPods never more
 * @param reserve share of what the load leaves of the most pods that is kept to spare, 0..1
 * @param predictive whether the load to expect one cold start from now counts, too
 */
public record ScalePolicy(int minPods, int maxPods, double reserve, boolean predictive) {
    double within(double pods) {
        return Math.clamp(pods, minPods, maxPods);
    }
}
