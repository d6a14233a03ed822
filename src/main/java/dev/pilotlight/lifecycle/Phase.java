package dev.pilotlight.lifecycle;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** What the engine can do. */
public sealed interface Phase {
    Instant since();

    /**
     * Nothing listens, or no model is listed yet.
     *
     * @param unseen how long of this the engine could not be looked at: that time is not held against it
     * @param unseenSince since when it cannot; empty while it can
     */
    record Starting(Instant since, String why, Duration unseen, Optional<Instant> unseenSince) implements Phase {
        public Starting(Instant since, String why) {
            this(since, why, Duration.ZERO, Optional.empty());
        }

        /** How long the start has taken as far as anybody could see. */
        Duration taken(Instant now) {
            Instant seen = unseenSince.orElse(now);
            return Duration.between(since, seen.isBefore(now) ? seen : now).minus(unseen);
        }

        /** The same start, looked at once more. */
        Starting lookedAt(boolean isSeen, String why, Instant now) {
            return new Starting(
                    since,
                    why,
                    isSeen
                            ? unseen.plus(unseenSince
                                    .map(from -> Duration.between(from, now))
                                    .orElse(Duration.ZERO))
                            : unseen,
                    isSeen ? Optional.empty() : unseenSince.or(() -> Optional.of(now)));
        }
    }

    /**
     * Model listed, warm-up under way.
     *
     * @param attempt number of the round that is out, failed ones counted
     * @param askedAt when it was sent
     * @param retryAt when the next one is due after a failure; empty while one is out
     * @param rounds that succeeded
     * @param failures in a row
     * @param lastFailure why the last one failed, empty when none did
     */
    record Warming(
            Instant since,
            int attempt,
            Instant askedAt,
            Optional<Instant> retryAt,
            List<Round> rounds,
            int failures,
            String lastFailure)
            implements Phase {
        public Warming {
            rounds = List.copyOf(rounds);
        }
    }

    /**
     * Warm, can serve.
     *
     * @param how it became so, for people
     */
    record Ready(Instant since, String how) implements Phase {}

    /**
     * Asleep or paused on request: requests would hang.
     *
     * @param how "asleep" or "paused"
     * @param wasWarm whether it was ready before, and so is ready again when it wakes
     */
    record Suspended(Instant since, String how, boolean wasWarm) implements Phase {}

    /** Told to stop; final. */
    record Draining(Instant since) implements Phase {}

    /**
     * Not to be given traffic until the condition is gone.
     *
     * @param reason what shows it, for people
     */
    record Failed(Instant since, Condition condition, String reason) implements Phase {}

    /** The word for labels, metrics and people. */
    default String word() {
        return switch (this) {
            case Starting _ -> "starting";
            case Warming _ -> "warming";
            case Ready _ -> "ready";
            case Suspended _ -> "suspended";
            case Draining _ -> "draining";
            case Failed _ -> "failed";
        };
    }
}
