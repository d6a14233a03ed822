package dev.pilotlight.lifecycle;

import dev.pilotlight.engine.EngineReading.Answered;
import dev.pilotlight.engine.EngineReading.NotYet;
import dev.pilotlight.engine.EngineReading.Pause;
import dev.pilotlight.engine.EngineReading.Unreachable;
import dev.pilotlight.engine.EngineReading.Unreadable;
import dev.pilotlight.engine.EngineTrack;
import dev.pilotlight.engine.HealthAnswer;
import dev.pilotlight.engine.Model;
import dev.pilotlight.engine.Rank;
import dev.pilotlight.http.Cause;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a step of the lifecycle looks at.
 *
 * @param engine the engine's process as tracked so far
 * @param past what this process has done so far
 * @param warmUp how the last warm-up request ended
 * @param drainAsked whether the pod was told to stop
 * @param found what is held against the engine, in order of weight
 * @param gpuFault why the GPU can not go on
 * @param longestLoad the longest load of this engine seen from here
 * @param effectsSoFar asked for so far, so that each gets a number of its own
 */
public record Inputs(
        EngineTrack engine,
        Past past,
        Optional<WarmUpOutcome> warmUp,
        boolean drainAsked,
        Map<Condition, String> found,
        Optional<String> gpuFault,
        Duration longestLoad,
        int effectsSoFar) {

    boolean refused() {
        return engine.refusedSince().isPresent();
    }

    boolean replaced() {
        return engine.replaced();
    }

    /** What a process has done. */
    public enum Past {
        NOTHING,
        /** It has finished requests that are not this sidecar's own, and was seen to begin: a warm-up is due all the same. */
        SERVED_OTHERS,
        /** It has been ready, or served others before it was looked at. */
        WARM;

        public static Past of(boolean wasReady, boolean servedOthers, boolean wasSeenToBegin) {
            return wasReady || servedOthers && !wasSeenToBegin ? WARM : servedOthers ? SERVED_OTHERS : NOTHING;
        }
    }

    boolean isWarm() {
        return past == Past.WARM;
    }

    boolean servedOthers() {
        return past != Past.NOTHING;
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

    /** By whose order the engine serves nothing now, if it says so: it is .... */
    Optional<String> suspension() {
        return switch (engine.latest()) {
            case Answered(var _, var _, HealthAnswer.Held held, var _, var _, var _, var _, var _) -> of(held);
            case Answered answered -> answered.order();
            case Unreadable(var _, HealthAnswer.Held held, var _, var _, var _) -> of(held);
            case Unreadable unreadable -> suspension(unreadable.pause());
            case NotYet _, Unreachable _ -> Optional.empty();
        };
    }

    private static Optional<String> of(HealthAnswer.Held held) {
        return Optional.of(held.order().word());
    }

    private static Optional<String> suspension(Pause pause) {
        return switch (pause) {
            case PAUSED -> Optional.of("paused");
            case ASLEEP -> Optional.of("asleep");
            case NONE, UNKNOWN -> Optional.empty();
        };
    }

    boolean isUnhealthy() {
        return engine.unhealthySince().isPresent();
    }

    /** The weightiest of what the table holds against an engine that could serve. */
    Optional<Map.Entry<Condition, String>> against() {
        return found.entrySet().stream()
                .filter(each -> Lifecycle.FAILS.contains(each.getKey()))
                .findFirst();
    }

    /** Whether {@code /health} of the newest poll is well: vLLM opens its port when the engine has loaded. */
    boolean isHealthy() {
        return switch (engine.latest()) {
            case Answered answered -> isWell(answered.health());
            case Unreadable unreadable -> isWell(unreadable.health());
            case NotYet _, Unreachable _ -> false;
        };
    }

    /** Of several, one that is ill has a condition of its own. */
    private static boolean isWell(HealthAnswer health) {
        return health instanceof HealthAnswer.Healthy || health instanceof HealthAnswer.Partly;
    }

    /**
     * All that is counted as a start: whatever answers may have started, be a gateway's word, or a handshake that is our own trouble, and
     * silence is no sight.
     */
    boolean nothingListens() {
        return engine.latest() instanceof Unreachable unreachable && unreachable.cause() == Cause.REFUSED;
    }

    /** Whether it answers {@code /health} and has neither a page nor a list of models: any web server does that. */
    boolean showsNothingOfVllm() {
        return engine.latest() instanceof Unreadable unreadable
                && engine.numbers().isEmpty()
                && unreadable.model().filter(it -> it.known().isPresent()).isEmpty();
    }

    /** Why there is no model yet. */
    String whyNoModel() {
        return switch (engine.latest()) {
            case Answered answered when !answered.modelsWhy().isEmpty() -> answered.modelsWhy();
            case Unreadable unreadable -> unreadable.why();
            case Unreachable unreachable -> unreachable.why();
            case Answered _, NotYet _ -> "no model listed yet";
        };
    }
}
