package dev.pilotlight.lifecycle;

import dev.pilotlight.engine.EngineReading.Answered;
import dev.pilotlight.engine.EngineReading.NotYet;
import dev.pilotlight.engine.EngineReading.Unreachable;
import dev.pilotlight.engine.EngineReading.Unreadable;
import dev.pilotlight.engine.EngineTrack;
import dev.pilotlight.http.Cause;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * How well the engine is seen: whether what was known of it before is evidence of what holds now.
 *
 * @param at of the newest look
 * @param seenAt when it could last be seen whether the engine moves, or that it answers nothing at all
 * @param heardAt when it last answered anything
 * @param isBroken whether it was out of sight between the look before and this one, or has just begun to answer again
 */
record Sight(Instant at, Instant seenAt, Optional<Instant> heardAt, boolean isBroken) {
    static final Sight NONE = new Sight(Instant.MAX, Instant.MAX, Optional.empty(), false);

    /** A look that comes later than this found this process itself standing still: a frozen node, a throttled container. */
    private static final Duration LATE = Duration.ofSeconds(10);

    Sight next(EngineTrack engine, Instant now) {
        boolean isFirst = at.equals(Instant.MAX);
        boolean isSeen = isSeen(engine);
        boolean wasLate = !isFirst && isOver(at, now);
        boolean wasBlind = !isFirst && isSeen && isOver(seenAt, now);
        // What went unanswered beside a server that answered nothing at all tells nothing of one that answers.
        boolean wasSilent = heardAt.flatMap(before -> engine.answeredAt().filter(answered -> isOver(before, answered)))
                .isPresent();
        return new Sight(now, isSeen || isFirst ? now : seenAt, engine.answeredAt(), wasLate || wasBlind || wasSilent);
    }

    /** Whether it was seen lately that the engine stands, if it does. */
    boolean isFresh(Instant now) {
        return !isOver(seenAt, now);
    }

    /** A page that is read shows what moves, and silence is what a process that is stopped answers. All else is our own trouble. */
    private static boolean isSeen(EngineTrack engine) {
        return switch (engine.latest()) {
            case Answered _ -> true;
            case Unreachable unreachable -> unreachable.cause() == Cause.TIMED_OUT;
            case Unreadable _, NotYet _ -> false;
        };
    }

    private static boolean isOver(Instant since, Instant now) {
        return Duration.between(since, now).compareTo(LATE) > 0;
    }
}
