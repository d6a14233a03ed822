package dev.pilotlight.loop;

import dev.pilotlight.drain.DrainPolicy;
import dev.pilotlight.gpu.faults.GpuPolicy;
import dev.pilotlight.lifecycle.LivenessPolicy;
import dev.pilotlight.lifecycle.WarmUpPolicy;
import dev.pilotlight.pod.metadata.MetadataPolicy;
import dev.pilotlight.pool.role.RolePolicy;
import dev.pilotlight.signal.SignalPolicy;
import java.time.Duration;

/**
 * The settings that the core goes by.
 *
 * @param staleAfter the age from which a reading of the engine counts for nothing
 * @param gpuStaleAfter the same of the GPUs
 * @param role how it comes about
 * @param metadata what is written of the own pod
 */
public record Policy(
        LivenessPolicy liveness,
        WarmUpPolicy warmUp,
        SignalPolicy signal,
        DrainPolicy drain,
        GpuPolicy gpu,
        Duration staleAfter,
        Duration gpuStaleAfter,
        RolePolicy role,
        MetadataPolicy metadata) {}
