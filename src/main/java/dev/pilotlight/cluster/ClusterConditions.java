package dev.pilotlight.cluster;

import java.time.Instant;
import java.util.Optional;

/**
 * What keeps the API server from doing its part, as it is to be said. While it is silent, nothing else is said of it.
 *
 * @param silence nothing is learned from it
 * @param stranger what answers is not the API server, which may turn out long after it fell silent
 * @param pool it does not let the pool be led
 * @param metadata it does not let the pod's labels be written
 */
public record ClusterConditions(Debounced silence, Debounced stranger, Debounced pool, Debounced metadata) {
    public static final ClusterConditions NONE =
            new ClusterConditions(Debounced.NONE, Debounced.NONE, Debounced.NONE, Debounced.NONE);

    /** @param metadata why the labels cannot be written */
    public ClusterConditions advance(ClusterView cluster, Optional<String> metadata, Instant now) {
        Debounced next = silence.advance(cluster.silence(), now);
        boolean isHeard = cluster.silence().isEmpty() && next.problem().isEmpty();
        return new ClusterConditions(
                next,
                stranger.advance(cluster.stranger(), now),
                pool.advance(cluster.poolRefusal().filter(_ -> isHeard), now),
                this.metadata.advance(metadata.filter(_ -> isHeard), now));
    }
}
