package dev.pilotlight.loop;

import dev.pilotlight.engine.EngineTrack;
import dev.pilotlight.lifecycle.Conditions;
import dev.pilotlight.lifecycle.Phase;
import dev.pilotlight.lifecycle.Progress;
import dev.pilotlight.lifecycle.Rejections;
import dev.pilotlight.lifecycle.Round;
import java.time.Instant;
import java.util.List;

/**
 * What is known of the engine, and what was made of it.
 *
 * @param track which process answers, and what it said last
 * @param wasWarm whether its current process has been ready
 * @param conditions that stand: what is held against it, or said of it
 * @param rejections requests that it turned away
 * @param rounds of the warm-up under way, or of the last one
 */
public record EngineState(
        EngineTrack track,
        Phase phase,
        boolean wasWarm,
        Progress progress,
        Conditions conditions,
        Rejections rejections,
        List<Round> rounds,
        ColdStart coldStart) {
    static EngineState begin(Instant now) {
        return new EngineState(
                EngineTrack.begin(now),
                new Phase.Starting(now, "the engine was not asked yet"),
                false,
                Progress.NONE,
                Conditions.NONE,
                Rejections.NONE,
                List.of(),
                ColdStart.UNKNOWN);
    }
}
