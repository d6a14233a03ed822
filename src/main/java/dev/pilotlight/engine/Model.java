package dev.pilotlight.engine;

import java.util.Optional;
import java.util.OptionalInt;

/**
 * The model that the engine lists first.
 *
 * @param name empty where the server keeps its list from us: it takes requests that name none
 * @param maxModelLen the longest context in tokens, where the server says it
 */
public record Model(String name, OptionalInt maxModelLen) {
    public Optional<String> known() {
        return name.isEmpty() ? Optional.empty() : Optional.of(name);
    }
}
