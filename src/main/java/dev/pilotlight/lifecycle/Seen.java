package dev.pilotlight.lifecycle;

import dev.pilotlight.engine.EngineReading.Answered;
import dev.pilotlight.engine.EngineReading.NotYet;
import dev.pilotlight.engine.EngineReading.Pause;
import dev.pilotlight.engine.EngineReading.Unreachable;
import dev.pilotlight.engine.EngineReading.Unreadable;
import dev.pilotlight.engine.EngineTrack;
import dev.pilotlight.engine.Model;
import dev.pilotlight.engine.Rank;
import dev.pilotlight.engine.Sleep;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * What a step of the lifecycle looks at.
 *
 * @param engine the engine's process as tracked so far
 * @param servedOthers whether the engine has finished requests that are not this sidecar's own
 * @param warmUp how the last warm-up request ended
 * @param drainAsked whether the pod was told to stop
 * @param stuck why the engine is held to be stuck
 * @param gpuFault why the GPU can not go on
 * @param longestLoad the longest load of this engine seen from here
 * @param deeds asked for so far, so that each gets a number of its own
 */
public record Seen(
        EngineTrack engine,
        boolean servedOthers,
        Optional<WarmUpOutcome> warmUp,
        boolean drainAsked,
        Optional<String> stuck,
        Optional<String> gpuFault,
        Duration longestLoad,
        int deeds) {

    boolean refused() {
        return engine.refusedSince().isPresent();
    }

    boolean replaced() {
        return engine.replaced();
    }

    /** The model of an engine that answers now. */
    Optional<Model> model() {
        return switch (engine.latest()) {
            case Answered answered -> answered.model();
            case Unreadable unreadable -> unreadable.model();
            case NotYet _, Unreachable _ -> Optional.empty();
        };
    }

    /** Whether the engine answers, and its page failed in a way that may be different at the next poll. */
    boolean numbersMayCome() {
        return engine.latest() instanceof Unreadable && engine.numbers().isEmpty();
    }

    /** The ranks to speak to one by one; empty when there is but one. */
    List<String> ranks() {
        List<Rank> ranks =
                engine.numbers().map(numbers -> numbers.snapshot().ranks()).orElse(List.of());
        return ranks.size() < 2 ? List.of() : ranks.stream().map(Rank::engine).toList();
    }

    /** "asleep" or "paused" when the engine says so now. */
    Optional<String> suspension() {
        return switch (engine.latest()) {
            case Answered answered when answered.snapshot().sleep() == Sleep.ASLEEP -> Optional.of("asleep");
            case Answered answered -> suspension(answered.pause());
            case Unreadable unreadable -> suspension(unreadable.pause());
            case NotYet _, Unreachable _ -> Optional.empty();
        };
    }

    private static Optional<String> suspension(Pause pause) {
        return switch (pause) {
            case PAUSED -> Optional.of("paused");
            case ASLEEP -> Optional.of("asleep");
            case NONE, UNKNOWN -> Optional.empty();
        };
    }

    Optional<Instant> unhealthySince() {
        return engine.unhealthySince();
    }

    /** Why there is no model yet. */
    String whyNoModel() {
        return switch (engine.latest()) {
            case Answered answered when !answered.modelsWhy().isEmpty() -> answered.modelsWhy();
            case Unreadable unreadable -> unreadable.why();
            case Answered _, NotYet _, Unreachable _ -> "no model listed yet";
        };
    }
}
