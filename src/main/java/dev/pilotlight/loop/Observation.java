package dev.pilotlight.loop;

import dev.pilotlight.cluster.ClusterView;
import dev.pilotlight.drain.DrainOrder;
import dev.pilotlight.engine.EngineReading;
import dev.pilotlight.gpu.readings.GpuReading;
import dev.pilotlight.lifecycle.ProbeOutcome;
import dev.pilotlight.lifecycle.WarmUpOutcome;
import dev.pilotlight.pod.metadata.PatchOutcome;
import dev.pilotlight.signal.OwnTraffic;
import java.util.Optional;

/**
 * All that is known of the outside world at a tick: the newest reading of each source, the outcome of each kind of effect.
 *
 * @param patch how the last patch of the own pod ended
 * @param own requests sent since this process began, and those in flight when the engine was read
 */
public record Observation(
        Polled<EngineReading> engine,
        Polled<GpuReading> gpu,
        Optional<WarmUpOutcome> warmUp,
        Optional<ProbeOutcome> probe,
        Optional<PatchOutcome> patch,
        OwnTraffic own,
        Optional<DrainOrder> drain,
        ClusterView cluster) {}
