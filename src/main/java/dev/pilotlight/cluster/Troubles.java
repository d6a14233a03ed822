package dev.pilotlight.cluster;

import java.time.Instant;
import java.util.Optional;

/**
 * What keeps the API server from doing its part, as it is to be said. While it is silent, nothing else is said of it.
 *
 * @param silence nothing is learned from it
 * @param stranger what answers is not the API server, which may turn out long after it fell silent
 * @param pool it does not let the pool be led
 * @param marks it does not let the pod be marked
 */
public record Troubles(Believed silence, Believed stranger, Believed pool, Believed marks) {
    public static final Troubles NONE =
            new Troubles(Believed.NO_TROUBLE, Believed.NO_TROUBLE, Believed.NO_TROUBLE, Believed.NO_TROUBLE);

    /** @param marks why the marks can not be written */
    public Troubles advance(ClusterView cluster, Optional<String> marks, Instant now) {
        Believed next = silence.advance(cluster.silence(), now);
        boolean isHeard = cluster.silence().isEmpty() && next.trouble().isEmpty();
        return new Troubles(
                next,
                stranger.advance(cluster.stranger(), now),
                pool.advance(cluster.poolRefusal().filter(_ -> isHeard), now),
                this.marks.advance(marks.filter(_ -> isHeard), now));
    }
}
