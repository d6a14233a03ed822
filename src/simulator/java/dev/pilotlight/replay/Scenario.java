package dev.pilotlight.replay;

import dev.pilotlight.simulator.Profile;
import java.util.Map;

/**
 * The world that a policy is tried in.
 *
 * @param initialReplicas ready at the start
 * @param scrapeSeconds Prometheus' scrape interval
 * @param adapterSeconds how old a scrape is at least before the metrics API answers with it
 * @param sloSeconds the time to first token to keep
 * @param graceSeconds how long a deleted pod may finish what it has
 * @param settings of the sidecars, where they differ from the product's defaults
 */
public record Scenario(
        String name,
        Arrivals arrivals,
        Profile profile,
        int minReplicas,
        int maxReplicas,
        int initialReplicas,
        Lives lives,
        Router router,
        int scrapeSeconds,
        double adapterSeconds,
        double sloSeconds,
        int graceSeconds,
        Map<String, String> settings,
        long seed) {
    /** How long after the last arrival the fleet is watched, and paid for. */
    static final int TAIL_SECONDS = 600;

    static final int SYNC_SECONDS = 15;

    public Scenario {
        settings = Map.copyOf(settings);
    }

    Scenario withSeed(long other) {
        return new Scenario(
                name,
                arrivals,
                profile,
                minReplicas,
                maxReplicas,
                initialReplicas,
                lives,
                router,
                scrapeSeconds,
                adapterSeconds,
                sloSeconds,
                graceSeconds,
                settings,
                other);
    }

    int seconds() {
        return (int) Math.ceil(arrivals.endNanos() * 1e-9) + TAIL_SECONDS;
    }
}
