package dev.pilotlight.loop;

import dev.pilotlight.drain.DrainPolicy;
import dev.pilotlight.lifecycle.LivenessPolicy;
import dev.pilotlight.lifecycle.WarmUpPolicy;
import dev.pilotlight.signal.SignalPolicy;
import java.time.Duration;

/**
 * The settings that the core goes by.
 *
 * @param staleAfter the age from which a reading of the engine counts for nothing
 * @param standbyAfter how long off traffic makes a standby
 */
public record Policy(
        LivenessPolicy liveness,
        WarmUpPolicy warmUp,
        SignalPolicy signal,
        DrainPolicy drain,
        Duration staleAfter,
        Duration standbyAfter) {}
