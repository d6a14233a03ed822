package dev.pilotlight.loop;

import dev.pilotlight.engine.EngineReading;
import dev.pilotlight.engine.EngineTrack;
import dev.pilotlight.http.Cause;
import dev.pilotlight.signal.OwnTraffic;

/**
 * The sidecar's own requests, so that they count as nobody's traffic.
 *
 * @param before that went to earlier processes of the engine, or were counted before its counters were cleared
 * @param ended that had ended when the process was last known to be the one that it is, or to be none
 * @param effects asked for so far
 */
record OwnSent(long before, long ended, int effects) {
    static final OwnSent NONE = new OwnSent(0, 0, 0);

    /** What the newest process got of them. Those that ended since may be in its counters: they are ours, and no traffic. */
    OwnTraffic toThis(EngineTrack engine, OwnTraffic all) {
        return new OwnTraffic(all.sent() - beforeThis(engine), all.inFlight());
    }

    OwnSent advance(EngineTrack engine, OwnTraffic all, int asked) {
        return new OwnSent(
                beforeThis(engine),
                tellsWhichProcess(engine.latest()) ? all.sent() - all.inFlight() : ended,
                effects + asked);
    }

    private long beforeThis(EngineTrack engine) {
        return engine.replaced() || engine.recounted() ? ended : before;
    }

    /** A poll that only got no answer in time tells nothing: the process may be another by then. */
    private static boolean tellsWhichProcess(EngineReading reading) {
        return switch (reading) {
            case EngineReading.Answered _, EngineReading.Unreadable _ -> true;
            case EngineReading.Unreachable unreachable -> unreachable.cause() == Cause.REFUSED;
            case EngineReading.NotYet _ -> false;
        };
    }
}
