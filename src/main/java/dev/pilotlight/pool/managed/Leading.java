package dev.pilotlight.pool.managed;

import java.time.Instant;
import java.util.OptionalDouble;

/**
 * What the leader of a pool has to say of it.
 *
 * @param term its fencing term
 * @param lookedAt when it last read its peers
 * @param pods how many pods of the pool it sees
 * @param demandPods how many pods the pool's traffic wants, standbys included; empty when no active pod says its load
 * @param wantedPods how many there should be, the reserve included; empty where no most is set
 */
public record Leading(int term, Instant lookedAt, int pods, OptionalDouble demandPods, OptionalDouble wantedPods) {}
