package dev.pilotlight.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.kube.Cached;
import dev.pilotlight.kube.KubeTally;
import dev.pilotlight.pod.OwnPod;
import dev.pilotlight.pod.metadata.MetadataPatch;
import dev.pilotlight.pod.metadata.PatchOutcome;
import dev.pilotlight.pool.plan.NamedPods;
import io.vertx.core.json.JsonObject;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class OwnPodWaitTest {
    private static final OwnPod POD = OwnPod.of(new JsonObject(), Optional.empty());

    /** A cluster whose own pod is seen from some look on. */
    private static final class Slow implements Cluster {
        private final int seenAt;
        int looks;

        Slow(int seenAt) {
            this.seenAt = seenAt;
        }

        @Override
        public ClusterView look() {
            Map<String, Cached.Item<OwnPod>> items =
                    looks++ < seenAt ? Map.of() : Map.of("own", new Cached.Item<>("1", POD));
            return new ClusterView(
                    Optional.of(new Cached<>(items, Optional.empty(), Optional.empty())),
                    Optional.empty(),
                    NamedPods.State.UNKNOWN,
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty(),
                    KubeTally.EMPTY);
        }

        @Override
        public void start(Runnable onNews) {}

        @Override
        public PatchOutcome patch(MetadataPatch patch, int attempt) {
            throw new AssertionError("nobody patches");
        }

        @Override
        public void close() {}
    }

    private int pauses;

    private Optional<OwnPod> firstSight(Cluster cluster) {
        return OwnPodWait.of(cluster, () -> pauses++);
    }

    @Test
    void doesNotWaitWhereThePodIsNotNamed() {
        assertThat(firstSight(Cluster.NONE)).isEmpty();
        assertThat(pauses).isZero();
    }

    @Test
    void waitsUntilItIsSeen() {
        assertThat(firstSight(new Slow(3))).contains(POD);
        assertThat(pauses).isEqualTo(3);
    }

    @Test
    void goesOnWithoutIt() {
        assertThat(firstSight(new Slow(Integer.MAX_VALUE))).isEmpty();
        assertThat(pauses).isEqualTo(60);
    }

    @Test
    void endsWithItsThread() {
        Thread.currentThread().interrupt();
        assertThat(firstSight(new Slow(Integer.MAX_VALUE))).isEmpty();
        assertThat(Thread.interrupted()).isTrue();
        assertThat(pauses).isZero();
    }
}
