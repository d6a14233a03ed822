package dev.pilotlight.cluster;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * A trouble that may come and go: it is believed once it has held for some seconds, and so is its end. An API server that goes or
 * comes answers some calls, breaks off others and denies a third: that is one end and one beginning, and to be said once each.
 *
 * @param trouble that is believed
 * @param doubtedSince when what is seen began to differ from it
 */
public record Believed(Optional<String> trouble, Optional<Instant> doubtedSince) {
    public static final Believed NO_TROUBLE = new Believed(Optional.empty(), Optional.empty());

    static final Duration PATIENCE = Duration.ofSeconds(5);

    public Believed advance(Optional<String> seen, Instant now) {
        if (seen.isPresent() == trouble.isPresent()) {
            return new Believed(trouble, Optional.empty());
        }
        Instant since = doubtedSince.orElse(now);
        return Duration.between(since, now).compareTo(PATIENCE) < 0
                ? new Believed(trouble, Optional.of(since))
                : new Believed(seen, Optional.empty());
    }
}
