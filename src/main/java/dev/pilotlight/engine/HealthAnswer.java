package dev.pilotlight.engine;

/** What the engine's {@code /health} said. */
public sealed interface HealthAnswer {
    record Healthy() implements HealthAnswer {}

    /** @param status the HTTP status, 400 or above */
    record Unhealthy(int status) implements HealthAnswer {}

    /** Nothing within the time-out, or not HTTP. */
    record NoAnswer(String why) implements HealthAnswer {}
}
