package dev.pilotlight.lifecycle;

import dev.pilotlight.engine.Model;

/** A deed that a step asks for; its outcome is seen in a later observation. */
public sealed interface Effect {
    /** Send warm-up request number {@code attempt}. */
    record SendWarmUp(int attempt, Model model) implements Effect {}
}
