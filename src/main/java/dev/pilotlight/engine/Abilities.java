package dev.pilotlight.engine;

import dev.pilotlight.engine.EngineReading.Pause;
import java.time.Instant;
import java.util.Optional;

/**
 * What has been found out about this engine process so far; a new process starts from {@link #UNTRIED}.
 *
 * @param route where a readable metrics page comes from
 * @param model the first model listed
 * @param load whether {@code /load} is worth asking
 * @param idlePolls polls in a row in which {@code /load} said 0 while the gauges showed work
 * @param developerMode whether {@code /is_paused} and {@code /is_sleeping} exist
 * @param pause what they said last
 * @param histogramsAt when the histograms were last asked for
 * @param pauseAt when the pause was last asked for
 */
record Abilities(
        Route route,
        Optional<Model> model,
        Load load,
        int idlePolls,
        boolean developerMode,
        Pause pause,
        Instant histogramsAt,
        Instant pauseAt) {

    static final Abilities UNTRIED = new Abilities(
            Route.UNTRIED, Optional.empty(), Load.UNTRIED, 0, true, Pause.UNKNOWN, Instant.MIN, Instant.MIN);

    /** Where the page comes from. */
    enum Route {
        UNTRIED("untried"),
        /** {@code /metrics/?name[]=…} is honoured: 0.5 ms of the engine's time instead of 5 to 8. */
        FILTERED("filtered"),
        /** {@code /metrics}, the whole page. */
        WHOLE("whole"),
        /** {@code /metrics/}, the whole page: older versions redirect there. */
        WHOLE_SLASH("whole");

        final String word;

        Route(String word) {
            this.word = word;
        }
    }

    /** Whether the server counts its requests in flight; it says 0 for ever unless started with load tracking. */
    enum Load {
        UNTRIED,
        TRACKED,
        ABSENT
    }

    Abilities with(Route newRoute) {
        return new Abilities(newRoute, model, load, idlePolls, developerMode, pause, histogramsAt, pauseAt);
    }

    Abilities with(Model newModel) {
        return new Abilities(
                route, Optional.of(newModel), load, idlePolls, developerMode, pause, histogramsAt, pauseAt);
    }

    Abilities with(Load newLoad, int newIdlePolls) {
        return new Abilities(route, model, newLoad, newIdlePolls, developerMode, pause, histogramsAt, pauseAt);
    }

    Abilities withHistogramsAt(Instant at) {
        return new Abilities(route, model, load, idlePolls, developerMode, pause, at, pauseAt);
    }

    Abilities with(boolean isDeveloperMode, Pause newPause, Instant at) {
        return new Abilities(route, model, load, idlePolls, isDeveloperMode, newPause, histogramsAt, at);
    }
}
