package dev.pilotlight.loop;

import dev.pilotlight.cluster.ClusterConditions;
import dev.pilotlight.cluster.ClusterView;
import dev.pilotlight.drain.Drain;
import dev.pilotlight.engine.EngineTrack;
import dev.pilotlight.lifecycle.Conditions;
import dev.pilotlight.lifecycle.Phase;
import dev.pilotlight.lifecycle.Progress;
import dev.pilotlight.lifecycle.Rejections;
import dev.pilotlight.lifecycle.Round;
import dev.pilotlight.pod.metadata.MetadataTrack;
import dev.pilotlight.pool.role.RoleTrack;
import dev.pilotlight.signal.SignalMeter;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * What a tick hands to the next one.
 *
 * @param wasWarm whether the engine's current process has been ready
 * @param rounds of the last warm-up
 * @param sentBefore requests of our own that went to earlier processes of the engine
 * @param sentEnded requests of our own that had ended when the process was last known to be the one that it is, or to be none
 * @param effectsSoFar asked for so far
 */
public record Memory(
        EngineTrack engine,
        GpuTrack gpu,
        Phase phase,
        boolean wasWarm,
        Progress progress,
        Conditions conditions,
        Rejections rejections,
        List<Round> rounds,
        RoleTrack role,
        SignalMeter signal,
        ColdStart coldStart,
        Optional<Drain> drain,
        MetadataTrack metadata,
        ClusterView cluster,
        ClusterConditions clusterConditions,
        PollTally polls,
        long sentBefore,
        long sentEnded,
        int effectsSoFar) {

    public static Memory begin(Instant now) {
        return new Memory(
                EngineTrack.begin(now),
                GpuTrack.begin(now),
                new Phase.Starting(now, "the engine was not asked yet"),
                false,
                Progress.NONE,
                Conditions.NONE,
                Rejections.NONE,
                List.of(),
                RoleTrack.begin(now),
                SignalMeter.EMPTY,
                ColdStart.UNKNOWN,
                Optional.empty(),
                MetadataTrack.begin(now),
                ClusterView.NONE,
                ClusterConditions.NONE,
                PollTally.EMPTY,
                0,
                0,
                0);
    }
}
