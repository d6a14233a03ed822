package dev.pilotlight.cluster;

import dev.pilotlight.pod.metadata.MetadataPatch;
import dev.pilotlight.pod.metadata.PatchOutcome;
import java.time.Instant;

/** What the loop needs of the cluster: a look at it, and the patch of the own pod. */
public interface Cluster extends AutoCloseable {
    /** Outside a cluster, where the pod is not named. */
    Cluster NONE = new Cluster() {
        @Override
        public void start(Runnable onNews) {}

        @Override
        public ClusterView look() {
            return ClusterView.NONE;
        }

        @Override
        public PatchOutcome patch(MetadataPatch patch, int attempt) {
            return new PatchOutcome.Failed(attempt, Instant.MAX, false, "there is no cluster");
        }

        @Override
        public void close() {}
    };

    /** @param onNews called when there is something new to look at */
    void start(Runnable onNews);

    /** What is known now; it waits for nobody. */
    ClusterView look();

    /** Sends the patch and waits for how it ends. */
    PatchOutcome patch(MetadataPatch patch, int attempt);

    @Override
    void close();
}
