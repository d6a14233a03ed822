package dev.pilotlight.replay;

import dev.pilotlight.cluster.ClusterView;
import dev.pilotlight.lifecycle.Phase;
import dev.pilotlight.loop.Policy;
import dev.pilotlight.pod.metadata.MetadataPolicy;
import dev.pilotlight.pool.role.RolePolicy;
import dev.pilotlight.simulator.Batch;
import dev.pilotlight.simulator.Profile;
import dev.pilotlight.simulator.Served;
import java.time.Duration;
import java.util.List;

/** One pod of the fleet, from its creation to its end: first Pending, then Running and loading, warming, ready, draining, gone. */
final class Pod {
    enum Stage {
        /** No node yet. */
        PENDING,
        /** On its node; the engine loads, nothing listens. */
        LOADING,
        /** The engine answers; the sidecar says when it is ready. */
        SERVING,
        /** Being deleted: takes nothing new and finishes what it has. */
        DRAINING,
        GONE
    }

    final String name;
    final int number;
    final long createdNanos;
    private final long nodeNanos;
    private final long servesNanos;
    private final Profile profile;
    private final Policy policy;
    private ClusterView cluster = ClusterView.NONE;
    private boolean active;
    private Stage stage = Stage.PENDING;
    private PodSidecar sidecar;
    private Batch batch;
    private long readyNanos = -1;
    private long drainsUntilNanos;
    private long goneNanos = -1;

    Pod(String name, int number, long createdNanos, long nodeNanos, long loadNanos, Profile profile, Policy policy) {
        this.name = name;
        this.number = number;
        this.createdNanos = createdNanos;
        this.nodeNanos = createdNanos + nodeNanos;
        this.servesNanos = createdNanos + nodeNanos + loadNanos;
        this.profile = profile;
        this.policy = policy;
    }

    /** The sidecar of a pod that nobody wants labelled. */
    static Policy unlabelled(Policy policy) {
        MetadataPolicy metadata = policy.metadata();
        return new Policy(
                policy.liveness(),
                policy.warmUp(),
                policy.signal(),
                policy.drain(),
                policy.gpu(),
                policy.staleAfter(),
                policy.gpuStaleAfter(),
                policy.role(),
                new MetadataPolicy(
                        false,
                        metadata.pool(),
                        metadata.costs(),
                        metadata.workingFrom(),
                        metadata.fullFrom(),
                        metadata.costHold()));
    }

    /** The sidecar of a pod in a managed pool. */
    static Policy managed(Policy policy, String name) {
        return new Policy(
                policy.liveness(),
                policy.warmUp(),
                policy.signal(),
                policy.drain(),
                policy.gpu(),
                policy.staleAfter(),
                policy.gpuStaleAfter(),
                new RolePolicy.Managed(
                        name, Duration.ofSeconds(60), policy.role().standbyAfter()),
                policy.metadata());
    }

    Stage stage() {
        return stage;
    }

    boolean isReady() {
        return stage == Stage.SERVING && readyNanos >= 0;
    }

    /** Whether the Service sends it requests: in a managed pool only an active one gets any. */
    boolean isOnTraffic() {
        return isReady() && active;
    }

    /** What the sidecar will see of the cluster at its next turn. */
    void hears(ClusterView view) {
        cluster = view;
    }

    boolean isCounted() {
        return stage != Stage.DRAINING && stage != Stage.GONE;
    }

    long readyNanos() {
        return readyNanos;
    }

    long goneNanos() {
        return goneNanos;
    }

    PodSidecar sidecar() {
        return sidecar;
    }

    /** The engine; null while nothing listens. */
    Batch batch() {
        return batch;
    }

    /** {@code controller.kubernetes.io/pod-deletion-cost}; 0 until the sidecar has set it. */
    int deletionCost() {
        return sidecar == null ? 0 : sidecar.deletionCost();
    }

    int inFlight() {
        return batch == null ? 0 : batch.running() + batch.waiting();
    }

    List<Served> advance(long nowNanos) {
        return batch == null ? List.of() : batch.advanceTo(nowNanos);
    }

    /** A second has passed: stages change, the sidecar looks. */
    void second(long nowNanos) {
        // The label that the sidecar wrote a second ago is in the Service's endpoints by now.
        active = sidecar == null || sidecar.isActive();
        if (stage == Stage.PENDING && nowNanos >= nodeNanos) {
            stage = Stage.LOADING;
            sidecar = new PodSidecar(policy, nowNanos);
        }
        if (stage == Stage.LOADING && nowNanos >= servesNanos) {
            stage = Stage.SERVING;
            batch = new Batch(profile);
            batch.advanceTo(nowNanos);
        }
        switch (stage) {
            case PENDING, GONE -> {}
            case LOADING -> sidecar.seeNothing(cluster, nowNanos);
            case SERVING, DRAINING -> {
                if (batch != null) {
                    sidecar.see(batch, servesNanos * 1e-9, cluster, nowNanos);
                }
            }
        }
        if (stage == Stage.SERVING) {
            boolean isReady = sidecar.picture().phase() instanceof Phase.Ready;
            readyNanos = !isReady ? -1 : readyNanos < 0 ? nowNanos : readyNanos;
        }
        if (stage == Stage.DRAINING && (batch == null || inFlight() == 0 || nowNanos >= drainsUntilNanos)) {
            stage = Stage.GONE;
            goneNanos = nowNanos;
        }
    }

    /** The pod is deleted; what never ran is gone at once. */
    void delete(long nowNanos, long graceNanos) {
        drainsUntilNanos = nowNanos + graceNanos;
        stage = batch == null ? Stage.GONE : Stage.DRAINING;
        goneNanos = stage == Stage.GONE ? nowNanos : -1;
    }

    /** Cuts what is in flight: the grace period or the replay is over. */
    List<Served> cut(long nowNanos) {
        if (batch == null) {
            return List.of();
        }
        batch.abortAll(nowNanos);
        return batch.advanceTo(nowNanos);
    }
}
