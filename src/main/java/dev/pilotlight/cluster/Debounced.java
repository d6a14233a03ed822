package dev.pilotlight.cluster;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * A problem that may come and go, debounced: it counts once it has held for some seconds, and so does its end. An API server that goes or
 * comes answers some calls, breaks off others and denies a third: that is one end and one beginning, and to be said once each.
 *
 * @param problem that counts
 * @param differsSince when what is seen began to differ from it
 */
public record Debounced(Optional<String> problem, Optional<Instant> differsSince) {
    public static final Debounced NONE = new Debounced(Optional.empty(), Optional.empty());

    static final Duration PATIENCE = Duration.ofSeconds(5);

    public Debounced advance(Optional<String> seen, Instant now) {
        if (seen.isPresent() == problem.isPresent()) {
            return new Debounced(problem, Optional.empty());
        }
        Instant since = differsSince.orElse(now);
        return Duration.between(since, now).compareTo(PATIENCE) < 0
                ? new Debounced(problem, Optional.of(since))
                : new Debounced(seen, Optional.empty());
    }
}
