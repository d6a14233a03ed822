package dev.pilotlight.lifecycle;

import java.util.List;

/** The phase after a step, and the effects that it asks for. */
public record Step(Phase phase, List<Effect> effects) {
    public Step {
        effects = List.copyOf(effects);
    }

    static Step stay(Phase phase) {
        return new Step(phase, List.of());
    }

    static Step to(Phase phase, Effect... effects) {
        return new Step(phase, List.of(effects));
    }
}
