package dev.pilotlight.lifecycle;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** What the engine can do. */
public sealed interface Phase {
    Instant since();

    /** Nothing listens, or no model is listed yet. */
    record Starting(Instant since, String why) implements Phase {}

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
     * Asleep or paused by somebody's order: requests would hang.
     *
     * @param how "asleep" or "paused"
     * @param wasWarm whether it was ready before, and so is ready again when it wakes
     */
    record Suspended(Instant since, String how, boolean wasWarm) implements Phase {}

    /** Told to stop; final. */
    record Draining(Instant since) implements Phase {}

    record Failed(Instant since, Failure failure, String reason) implements Phase {}

    /** Why a phase is {@link Failed}. */
    enum Failure {
        /** {@code /health} says 5xx. */
        DEAD,
        /** Work or a heartbeat got no answer, and nothing moved. */
        STUCK,
        /** The GPU is lost or faulty. */
        GPU,
        /** The start took longer than its deadline. */
        START_TOO_LONG,
        /** No warm-up request succeeded within the budget: the engine itself may be sound. */
        WARM_UP_GAVE_UP
    }

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
