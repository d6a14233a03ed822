package dev.pilotlight.engine;

import dev.pilotlight.engine.EngineReading.Pause;
import java.time.Instant;
import java.util.Optional;

/**
 * What has been found out about this engine process so far; a new process starts from {@link #UNTRIED}.
 *
 * @param model the first model listed
 * @param load whether {@code /load} is worth asking
 * @param idlePolls polls in a row in which {@code /load} said 0 while the gauges showed work
 * @param developerMode whether {@code /is_paused} and {@code /is_sleeping} exist
 * @param pause what they said last
 * @param pauseAt when the pause was last asked for
 */
record Abilities(Optional<Model> model, Load load, int idlePolls, boolean developerMode, Pause pause, Instant pauseAt) {

    static final Abilities UNTRIED = new Abilities(Optional.empty(), Load.UNTRIED, 0, true, Pause.UNKNOWN, Instant.MIN);

    /** Whether the server counts its requests in flight; it says 0 for ever unless started with load tracking. */
    enum Load {
        UNTRIED,
        TRACKED,
        ABSENT
    }

    Abilities with(Model newModel) {
        return new Abilities(Optional.of(newModel), load, idlePolls, developerMode, pause, pauseAt);
    }

    Abilities with(Load newLoad, int newIdlePolls) {
        return new Abilities(model, newLoad, newIdlePolls, developerMode, pause, pauseAt);
    }

    Abilities with(boolean isDeveloperMode, Pause newPause, Instant at) {
        return new Abilities(model, load, idlePolls, isDeveloperMode, newPause, at);
    }
}
