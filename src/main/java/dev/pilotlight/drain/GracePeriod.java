package dev.pilotlight.drain;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/** How much of a grace period a drain may take. */
final class GracePeriod {
    /** What is left of it for the engine itself to end. */
    static final Duration MARGIN = Duration.ofSeconds(5);

    private GracePeriod() {}

    /** Of one that begins now; a very short one is shared half and half. */
    static Duration forDrain(Duration grace) {
        return grace.compareTo(MARGIN.multipliedBy(2)) > 0 ? grace.minus(MARGIN) : grace.dividedBy(2);
    }

    /**
     * Of one that is under way. A clock that differs from the API server's shows by a remainder that cannot be: the whole period counts
     * then.
     */
    static Duration forDrain(Duration grace, Optional<Instant> endsAt, Instant now) {
        return forDrain(endsAt.map(end -> Duration.between(now, end))
                .filter(left -> left.isPositive() && left.compareTo(grace) <= 0)
                .orElse(grace));
    }
}
