package dev.pilotlight.engine;

import dev.pilotlight.http.Cause;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalDouble;

/** What one poll of the engine learned, or why it learned nothing. */
public sealed interface EngineReading {
    /** When the poll began; what it says is at least as fresh. */
    Instant at();

    /** Before the first poll. */
    record NotYet(Instant at) implements EngineReading {}

    /**
     * The metrics page was read.
     *
     * @param model as the engine lists it; empty while it lists none
     * @param modelsWhy why no model is known, empty when one is
     * @param inFlight requests at the API server, where the server tracks it
     * @param pause what the engine says of being paused
     * @param route how the page was had
     */
    record Answered(
            Instant at,
            EngineSnapshot snapshot,
            HealthAnswer health,
            Optional<Model> model,
            String modelsWhy,
            OptionalDouble inFlight,
            Pause pause,
            String route)
            implements EngineReading {
        /** By whose order it serves nothing now, if its page or itself says so: it is .... */
        public Optional<String> order() {
            if (snapshot.sleep() == Sleep.ASLEEP || pause == Pause.ASLEEP) {
                return Optional.of("asleep");
            }
            if (snapshot.server().isFallingAsleepOrWaking()) {
                return Optional.of("falling asleep or waking");
            }
            if (snapshot.server().isUpdatingWeights()) {
                return Optional.of("updating its weights");
            }
            return pause == Pause.PAUSED ? Optional.of("paused") : Optional.empty();
        }
    }

    /** The engine answers, and its metrics page cannot be read. */
    record Unreadable(Instant at, HealthAnswer health, Optional<Model> model, Pause pause, String why)
            implements EngineReading {}

    /** The engine does not answer. */
    record Unreachable(Instant at, Cause cause, String why) implements EngineReading {}

    /** Paused or asleep on request, as the engine itself says in developer mode. */
    enum Pause {
        NONE,
        PAUSED,
        ASLEEP,
        /** Not asked, or the server has no such endpoint. */
        UNKNOWN
    }
}
