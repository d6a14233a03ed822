package dev.pilotlight.cluster;

import dev.pilotlight.kube.ApiServer;
import dev.pilotlight.kube.Mirror;
import dev.pilotlight.kube.Names;
import dev.pilotlight.kube.Selection;
import dev.pilotlight.pod.OwnPod;
import dev.pilotlight.pod.PatchOutcome;
import dev.pilotlight.pod.PodPatch;
import dev.pilotlight.pod.PodPatcher;
import dev.pilotlight.pool.PeerReader;
import dev.pilotlight.pool.PoolPolicy;
import dev.pilotlight.pool.PoolRoom;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;

/**
 * All that ties one sidecar to its cluster: the watch on its own pod, the patches of it, and its part in a managed pool. Everything
 * runs on threads of its own, and what is known is there without waiting, however slow the API server is.
 */
public final class ClusterLink implements Cluster {
    private final ApiServer api;
    private final Mirror<OwnPod> pod;
    private final PodPatcher patcher;
    private final Optional<PoolRoom> pool;
    private final AtomicReference<Runnable> onNews = new AtomicReference<>(() -> {});

    /**
     * The pod that we are in.
     *
     * @param container that vLLM runs in, where it is configured
     */
    public record Place(String namespace, String pod, Optional<String> container) {}

    /** A managed pool, and how it is run. */
    public record Managed(String pool, PoolPolicy policy, PeerReader peers) {}

    /** @param chance spreads what a thousand sidecars would else do at the same time */
    public ClusterLink(
            ApiServer api,
            Place place,
            Optional<Managed> managed,
            Supplier<Instant> clock,
            Supplier<RandomGenerator> chance) {
        this.api = api;
        this.pod = new Mirror<>(
                api,
                Selection.one(Names.pods(place.namespace()), place.pod()),
                json -> OwnPod.of(json, place.container()),
                clock,
                chance.get(),
                this::news);
        this.patcher = new PodPatcher(api, place.namespace(), place.pod(), pod, clock, chance.get());
        this.pool = managed.map(it -> new PoolRoom(
                api,
                place.namespace(),
                it.pool(),
                place.pod(),
                it.policy(),
                it.peers(),
                this::isLeaving,
                clock,
                chance.get(),
                this::news));
    }

    @Override
    public void start(Runnable onNews) {
        this.onNews.set(onNews);
        pod.start();
        pool.ifPresent(PoolRoom::start);
    }

    private void news() {
        onNews.get().run();
    }

    private boolean isLeaving() {
        return pod.newest().one().map(OwnPod::terminating).orElse(false);
    }

    @Override
    public ClusterView look() {
        return new ClusterView(
                Optional.of(pod.newest()),
                pool.map(PoolRoom::newest),
                pool.flatMap(PoolRoom::leading),
                pool.flatMap(PoolRoom::problem),
                api.calls());
    }

    @Override
    public PatchOutcome patch(PodPatch patch, int attempt) {
        return patcher.send(patch, attempt);
    }

    /** The own pod as it was seen last. */
    public Optional<OwnPod> pod() {
        return pod.newest().one();
    }

    /** Ends the watches, and gives the pool's lease back. */
    @Override
    public void close() {
        pool.ifPresent(PoolRoom::close);
        pod.close();
    }
}
