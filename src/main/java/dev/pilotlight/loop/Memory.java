package dev.pilotlight.loop;

import dev.pilotlight.drain.Drain;
import dev.pilotlight.pod.metadata.MetadataTrack;
import dev.pilotlight.signal.SignalMeter;
import java.time.Instant;
import java.util.Optional;

/** What a tick hands to the next one. */
public record Memory(
        EngineState engine,
        OwnSent own,
        GpuTrack gpu,
        PoolState pool,
        MetadataTrack metadata,
        SignalMeter signal,
        Optional<Drain> drain,
        PollTally polls) {

    public static Memory begin(Instant now) {
        return new Memory(
                EngineState.begin(now),
                OwnSent.NONE,
                GpuTrack.begin(now),
                PoolState.begin(now),
                MetadataTrack.begin(now),
                SignalMeter.EMPTY,
                Optional.empty(),
                PollTally.EMPTY);
    }
}
