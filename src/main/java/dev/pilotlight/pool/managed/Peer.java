package dev.pilotlight.pool.managed;

import dev.pilotlight.pool.peers.PeerReport;
import java.util.Optional;

/**
 * A pod of the pool as its leader knows it.
 *
 * @param running its containers were started, so that its sidecar should answer
 * @param terminating whether it is being deleted
 * @param report what its sidecar said last; empty while it never answered
 */
public record Peer(String name, boolean running, boolean terminating, Optional<PeerReport> report) {}
