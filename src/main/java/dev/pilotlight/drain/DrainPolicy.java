package dev.pilotlight.drain;

import java.time.Duration;

/**
 * How a pod leaves.
 *
 * @param settle the least time that a drain takes: the endpoints of Services need it to forget the pod
 */
public record DrainPolicy(Duration settle) {}
