package dev.pilotlight.loop;

import dev.pilotlight.drain.DrainOrder;
import dev.pilotlight.engine.EngineReading;
import dev.pilotlight.lifecycle.ProbeOutcome;
import dev.pilotlight.lifecycle.WarmUpOutcome;
import dev.pilotlight.signal.OwnTraffic;
import java.util.Optional;

/**
 * All that is known of the outside world at a tick: the newest reading of each source, the outcome of each kind of deed.
 *
 * @param own requests sent since this process began, and those in flight when the engine was read
 */
public record Observation(
        Polled<EngineReading> engine,
        Optional<WarmUpOutcome> warmUp,
        Optional<ProbeOutcome> probe,
        OwnTraffic own,
        Optional<DrainOrder> drain) {}
