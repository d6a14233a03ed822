package dev.pilotlight.signal;

import java.time.Instant;

/**
 * What comes to one pod, for who adds up the pods of a pool.
 *
 * @param at of the reading, by the pod's own clock: only differences of one pod's are taken
 * @param requests that have come by then, whoever counts from when: only differences are taken
 * @param perSecond requests per second, as this pod alone knows them
 * @param secondsEach of the whole pod that one of them takes: the load that one request per second makes
 * @param staySeconds how long a request stays in a full pod
 */
public record Inflow(Instant at, double requests, double perSecond, double secondsEach, double staySeconds) {}
