package dev.pilotlight.engine;

import java.util.OptionalInt;

/** The model that the engine lists first: its name, and the longest context in tokens where the server says it. */
public record Model(String name, OptionalInt maxModelLen) {}
