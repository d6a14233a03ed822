package dev.pilotlight.loop;

import dev.pilotlight.engine.EngineTrack;
import dev.pilotlight.lifecycle.Phase;
import dev.pilotlight.pool.RoleTrack;
import dev.pilotlight.signal.SignalMeter;
import java.time.Instant;

/**
 * What a tick hands to the next one.
 *
 * @param sentBefore requests of our own that went to earlier processes of the engine
 */
public record Memory(
        EngineTrack engine,
        Phase phase,
        RoleTrack role,
        SignalMeter signal,
        ColdStart coldStart,
        PollTally polls,
        long sentBefore) {

    public static Memory begin(Instant now) {
        return new Memory(
                EngineTrack.begin(now),
                new Phase.Starting(now, "the engine was not asked yet"),
                RoleTrack.begin(now),
                SignalMeter.EMPTY,
                ColdStart.UNKNOWN,
                PollTally.EMPTY,
                0);
    }
}
