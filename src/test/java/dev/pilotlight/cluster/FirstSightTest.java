package dev.pilotlight.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.kube.KubeTally;
import dev.pilotlight.kube.Mirrored;
import dev.pilotlight.pod.OwnPod;
import dev.pilotlight.pod.metadata.PatchOutcome;
import dev.pilotlight.pod.metadata.PodPatch;
import dev.pilotlight.pool.plan.NamedPods;
import io.vertx.core.json.JsonObject;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class FirstSightTest {
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
            Map<String, Mirrored.Item<OwnPod>> items =
                    looks++ < seenAt ? Map.of() : Map.of("own", new Mirrored.Item<>("1", POD));
            return new ClusterView(
                    Optional.of(new Mirrored<>(items, Optional.empty(), Optional.empty())),
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
        public PatchOutcome patch(PodPatch patch, int attempt) {
            throw new AssertionError("nobody patches");
        }

        @Override
        public void close() {}
    }

    private int pauses;

    private Optional<OwnPod> firstSight(Cluster cluster) {
        return FirstSight.of(cluster, () -> pauses++);
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
