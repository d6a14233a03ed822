package dev.pilotlight.replay;

import dev.pilotlight.simulator.Profile;
import java.util.HashMap;
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

    Scenario withPods(int least, int most) {
        return new Scenario(
                name,
                arrivals,
                profile,
                least,
                most,
                Math.max(1, least),
                lives,
                router,
                scrapeSeconds,
                adapterSeconds,
                sloSeconds,
                graceSeconds,
                settings,
                seed);
    }

    Scenario withProfile(Profile other) {
        return new Scenario(
                name,
                arrivals,
                other,
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
                seed);
    }

    Scenario withLives(Lives other) {
        return new Scenario(
                name,
                arrivals,
                profile,
                minReplicas,
                maxReplicas,
                initialReplicas,
                other,
                router,
                scrapeSeconds,
                adapterSeconds,
                sloSeconds,
                graceSeconds,
                settings,
                seed);
    }

    /** For the traffic's judge and for the sidecars' setting alike. */
    Scenario withSlo(double seconds) {
        Map<String, String> set = new HashMap<>(settings);
        set.put("pilotlight.signal.ttft-slo", Math.round(seconds * 1000) + "ms");
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
                seconds,
                graceSeconds,
                set,
                seed);
    }

    int seconds() {
        return (int) Math.ceil(arrivals.endNanos() * 1e-9) + TAIL_SECONDS;
    }
}
