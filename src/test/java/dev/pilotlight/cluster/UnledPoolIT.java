package dev.pilotlight.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.process.Await;
import dev.pilotlight.process.Web;
import dev.pilotlight.simulator.EngineOptions;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.SortedSet;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A managed pool whose plan nobody can write any more, and a rollout: it serves all the same. */
@Tag("cluster")
class UnledPoolIT {
    private static final Duration SOON = Duration.ofMinutes(5);
    private static final Duration ORPHAN_AFTER = Duration.ofSeconds(15);
    /** For a patch, a probe and this machine. */
    private static final Duration SLACK = Duration.ofSeconds(5);

    private final ControlPlane plane = ControlPlane.shared();

    /** The longest time in which pods were ready and a Service would have found none of them. */
    private static final class Gap implements AutoCloseable {
        private final Thread thread;
        private volatile Duration longest = Duration.ZERO;

        Gap(ManagedPool pool) {
            thread = Thread.ofVirtual().start(() -> watch(pool));
        }

        private void watch(ManagedPool pool) {
            Instant served = Instant.now();
            while (!Thread.currentThread().isInterrupted()) {
                boolean isAnyReady = pool.diary().now().stream()
                        .anyMatch(pod ->
                                Workload.isReady(pod) && pod.getMetadata().getDeletionTimestamp() == null);
                Instant now = Instant.now();
                if (!isAnyReady || !pool.offered().isEmpty()) {
                    served = now;
                }
                Duration gap = Duration.between(served, now);
                longest = gap.compareTo(longest) > 0 ? gap : longest;
                LockSupport.parkNanos(50_000_000);
            }
        }

        @Override
        public void close() {
            thread.interrupt();
        }
    }

    private ManagedPool pool(String namespace) {
        ManagedPool pool = new ManagedPool(
                plane,
                namespace,
                3,
                pod -> EngineOptions.builder(),
                Map.of("pool.standby", "1", "pool.orphan-after", ORPHAN_AFTER.toSeconds() + "s"));
        pool.workload().awaitReady(3, SOON);
        pool.await(2, 1, SOON);
        return pool;
    }

    /** All its pods go, and others come that no plan names. */
    private void rollOut(ManagedPool pool, String namespace) {
        SortedSet<String> old = pool.pods("ready active");
        old.addAll(pool.pods("ready standby"));
        old.forEach(name ->
                plane.admin().pods().inNamespace(namespace).withName(name).delete());
        Await.until("all are others", SOON, () -> pool.diary().now().stream()
                .noneMatch(pod -> old.contains(pod.getMetadata().getName())));
        pool.workload().awaitReady(3, SOON);
    }

    private static String status(RunningPod pod) {
        try {
            return Web.get(pod.at("/api/v1/status")).body();
        } catch (IOException notNow) {
            return "";
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
            return "";
        }
    }

    @Test
    void servesAfterARolloutUnderAnImmutablePlanAndSaysSo() {
        String namespace = plane.namespace("immutable");
        try (ManagedPool pool = pool(namespace);
                Gap gap = new Gap(pool)) {
            plane.admin()
                    .configMaps()
                    .inNamespace(namespace)
                    .withName(ManagedPool.NAME)
                    .edit(plan -> new ConfigMapBuilder(plan).withImmutable(true).build());
            rollOut(pool, namespace);
            pool.await(3, 0, SOON);
            System.out.printf("immutable plan: longest without an endpoint %d ms%n", gap.longest.toMillis());
            assertThat(gap.longest).isLessThan(ORPHAN_AFTER.plus(SLACK));
            assertThat(pool.kubelet().pods())
                    .allSatisfy(pod -> assertThat(status(pod)).contains("is immutable; delete it and apply k8s/pool"));

            plane.admin()
                    .configMaps()
                    .inNamespace(namespace)
                    .withName(ManagedPool.NAME)
                    .delete();
            plane.apply(namespace, java.nio.file.Path.of("k8s/pool"));
            pool.await(2, 1, SOON);
        }
    }

    @Test
    void servesAfterARolloutWithoutAPlan() {
        String namespace = plane.namespace("unplanned");
        try (ManagedPool pool = pool(namespace);
                Gap gap = new Gap(pool)) {
            plane.admin()
                    .configMaps()
                    .inNamespace(namespace)
                    .withName(ManagedPool.NAME)
                    .delete();
            rollOut(pool, namespace);
            pool.await(3, 0, SOON);
            System.out.printf("no plan: longest without an endpoint %d ms%n", gap.longest.toMillis());
            assertThat(gap.longest).isLessThan(ORPHAN_AFTER.plus(SLACK));
        }
    }
}
