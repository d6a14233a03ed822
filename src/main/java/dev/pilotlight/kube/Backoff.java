package dev.pilotlight.kube;

import java.time.Duration;
import java.util.random.RandomGenerator;

/** The pause after so many failures in a row: doubled by each up to a limit, and spread, so that a thousand sidecars do not come back at once. */
public record Backoff(Duration first, Duration most) {
    public static final Backoff DEFAULT = new Backoff(Duration.ofSeconds(1), Duration.ofSeconds(30));

    /** Half of the pause is certain, half is chance. */
    public Duration after(int failures, RandomGenerator chance) {
        int doublings = Math.clamp(failures - 1, 0, 30);
        long full = Math.min(most.toMillis(), first.toMillis() << doublings);
        return Duration.ofMillis(full / 2 + Math.round(full / 2.0 * chance.nextDouble()));
    }
}
