package dev.pilotlight.replay;

/** Which pod gets the next request. */
public enum Router {
    /** The one with the fewest requests in flight, as an inference gateway or an Envoy with least-request does. */
    LEAST_IN_FLIGHT,
    /** One after the other, as a Service over many connections comes to. */
    ROUND_ROBIN
}
