package dev.pilotlight.pool.managed;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * How many pods a pool wants: one number, for an autoscaler to take as it is. There is one from the first look on: where nothing is known,
 * what was wanted last still is, and at first what is there.
 *
 * <p>Pods come a cold start late. So to what the traffic takes now is added what it may grow by until then: a share of what it leaves of
 * the most pods, and no more than it was seen to grow by, once enough of it was seen. Pods are kept for a while by the autoscaler's window.
 *
 * @param pods wanted, not rounded: whoever scales rounds up, and its tolerance keeps a fleet steady; empty before the first look
 * @param demand what the traffic was
 */
public record Wish(OptionalDouble pods, Demand demand) {
    public static final Wish NONE = new Wish(OptionalDouble.empty(), Demand.UNKNOWN);

    /** However large the fleet and small the reserve, no pod is to be fuller than this. */
    private static final double FULLEST = 0.9;
    /** After an outage the first pods to come back have all the traffic: what fewer than this share say is not what the pool is under. */
    private static final double LEAST_HEARD = 0.5;

    private static final Duration USUAL_COLD_START = Duration.ofMinutes(6);

    /**
     * What a look at the pool came to.
     *
     * @param there pods that exist
     * @param onTraffic of these
     * @param heard of these, that say their load
     * @param silent pods that run, and whose sidecar has told this leader nothing yet: whether they are on traffic is not known
     * @param load mean of those heard
     * @param coldStart as long as a pod took to come; empty where nobody saw it
     */
    record Traffic(
            int there, int onTraffic, int heard, int silent, OptionalDouble load, Optional<Duration> coldStart) {}

    Wish look(Traffic seen, ScalePolicy policy, Instant now) {
        if (seen.load().isEmpty() || seen.heard() < LEAST_HEARD * (seen.onTraffic() + seen.silent())) {
            return new Wish(OptionalDouble.of(policy.within(pods.orElse(seen.there()))), demand);
        }
        Duration coldStart = policy.coldStart().or(seen::coldStart).orElse(USUAL_COLD_START);
        // One on traffic that says nothing counts as an average one, not as idle.
        Demand known = demand.look(now, seen.load().getAsDouble() * seen.onTraffic(), policy.risk(), coldStart);
        double expected =
                policy.predictive() ? Math.max(known.pods(), known.ahead().orElse(0)) : known.pods();
        double share = policy.reserve() * Math.max(0, policy.maxPods() - expected);
        double spare = Math.min(share, known.growth().of(expected).orElse(share));
        return new Wish(OptionalDouble.of(policy.within(Math.max(expected + spare, expected / FULLEST))), known);
    }
}
