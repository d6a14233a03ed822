package dev.pilotlight.pool.managed;

import java.util.OptionalDouble;

/**
 * How many pods a pool wants: one number, for an autoscaler to take as it is. There is one from the first look on: where nothing is known,
 * what was wanted last still is, and at first what is there.
 *
 * <p>Traffic that is far below its most can double within a cold start, traffic near it can not: so of what the load leaves of the most
 * pods a share is kept to spare.
 *
 * @param pods wanted, not rounded: whoever scales rounds up, and its tolerance keeps a fleet steady; empty before the first look
 */
public record Wish(OptionalDouble pods) {
    public static final Wish NONE = new Wish(OptionalDouble.empty());

    /** However large the fleet and small the reserve, no pod is to be fuller than this. */
    private static final double FULLEST = 0.9;
    /** After an outage the first pods to come back have all the traffic: what fewer than this share say is not what the pool is under. */
    private static final double LEAST_HEARD = 0.5;

    /**
     * What a look at the pool came to.
     *
     * @param there pods that exist
     * @param onTraffic of these
     * @param heard of these, that say their load
     * @param load mean of those heard
     * @param ahead mean of their loads one cold start from now; empty where none has an opinion
     */
    record Traffic(int there, int onTraffic, int heard, OptionalDouble load, OptionalDouble ahead) {}

    Wish look(Traffic seen, ScalePolicy policy) {
        if (seen.load().isEmpty() || seen.heard() < LEAST_HEARD * seen.onTraffic()) {
            return new Wish(OptionalDouble.of(policy.within(pods.orElse(seen.there()))));
        }
        double each = seen.load().getAsDouble();
        double expected = policy.predictive() ? Math.max(each, seen.ahead().orElse(0)) : each;
        // One on traffic that says nothing counts as an average one, not as idle.
        double work = expected * seen.onTraffic();
        double spare = policy.reserve() * Math.max(0, policy.maxPods() - work);
        return new Wish(OptionalDouble.of(policy.within(Math.max(work + spare, work / FULLEST))));
    }
}
