package dev.pilotlight.pool.peers;

import java.time.Instant;
import java.util.Collection;
import java.util.Map;

/** Asks the pods of a pool how they are. */
public interface PeerReader {
    /** The reports of those that answered, by name; returns within a second whatever they do. */
    Map<String, PeerReport> read(Collection<PoolPod> pods, Instant now);
}
