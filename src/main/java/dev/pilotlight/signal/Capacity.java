package dev.pilotlight.signal;

/**
 * How many requests the pod sustains at once.
 *
 * @param requests the estimate
 * @param confidence 0..1: 1 measured at the limit, 0.2 a mere default
 * @param limit what limits it, for people
 */
public record Capacity(double requests, double confidence, String limit) {}
