package dev.pilotlight.loop;

import dev.pilotlight.lifecycle.LifecyclePolicy;
import dev.pilotlight.signal.SignalPolicy;
import java.time.Duration;

/**
 * The settings that the core goes by.
 *
 * @param staleAfter the age from which a reading of the engine counts for nothing
 * @param standbyAfter how long off traffic makes a standby
 */
public record Policy(LifecyclePolicy lifecycle, SignalPolicy signal, Duration staleAfter, Duration standbyAfter) {}
