package dev.pilotlight.cluster;

import dev.pilotlight.guard.Guard;
import dev.pilotlight.kube.ApiServer;
import dev.pilotlight.kube.Call;
import dev.pilotlight.kube.Fields;
import dev.pilotlight.kube.Informer;
import dev.pilotlight.kube.Names;
import dev.pilotlight.kube.Selection;
import dev.pilotlight.pod.OwnPod;
import dev.pilotlight.pod.metadata.MetadataPatch;
import dev.pilotlight.pod.metadata.MetadataPatcher;
import dev.pilotlight.pod.metadata.PatchOutcome;
import dev.pilotlight.pool.managed.PoolMember;
import dev.pilotlight.pool.managed.PoolPolicy;
import dev.pilotlight.pool.peers.PeerReader;
import dev.pilotlight.pool.plan.NamedPods;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;

/**
 * All that ties one sidecar to its cluster: the watch on its own pod, the patches of it, and its part in a managed pool. Everything
 * runs on threads of its own, and what is known is there without waiting, however slow the API server is.
 */
public final class ClusterLink implements Cluster {
    private final ApiServer api;
    private final Informer<OwnPod> pod;
    private final MetadataPatcher patcher;
    private final Optional<PoolMember> pool;
    private final Place place;
    private final boolean isManaged;
    private final AtomicReference<Runnable> onNews = new AtomicReference<>(() -> {});
    private final AtomicBoolean servicesAsked = new AtomicBoolean();
    private volatile Optional<String> warning = Optional.empty();

    /**
     * The pod that we are in.
     *
     * @param container that vLLM runs in, where it is configured
     */
    public record Place(String namespace, String pod, Optional<String> container) {}

    /**
     * A pool that has a leader, and how it is run.
     *
     * @param observing whether the leader only says how many pods are wanted
     * @param orphanAfter how long a plan may name nobody who serves
     */
    public record Managed(String pool, PoolPolicy policy, boolean observing, Duration orphanAfter, PeerReader peers) {
        public Managed(String pool, PoolPolicy policy, Duration orphanAfter, PeerReader peers) {
            this(pool, policy, false, orphanAfter, peers);
        }
    }

    /** @param chance spreads what a thousand sidecars would else do at the same time */
    public ClusterLink(
            ApiServer api,
            Place place,
            Optional<Managed> managed,
            Supplier<Instant> clock,
            Supplier<RandomGenerator> chance) {
        this.api = api;
        this.place = place;
        this.isManaged = managed.filter(it -> !it.observing()).isPresent();
        this.pod = new Informer<>(
                api,
                Selection.one(Names.pods(place.namespace()), place.pod()),
                json -> OwnPod.of(json, place.container()),
                clock,
                chance.get(),
                this::news);
        this.patcher = new MetadataPatcher(api, place.namespace(), place.pod(), pod, clock, chance.get());
        this.pool = managed.map(it -> new PoolMember(
                api,
                place.namespace(),
                it.pool(),
                place.pod(),
                it.policy(),
                it.observing(),
                it.orphanAfter(),
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
        pool.ifPresent(PoolMember::start);
    }

    private void news() {
        // In a managed pool the Service has to select on the role.
        if (!isManaged && pod().isPresent() && servicesAsked.compareAndSet(false, true)) {
            Thread.ofVirtual().name("services").start(Guard.once("services", this::checkServices));
        }
        onNews.get().run();
    }

    /** Once, and only where we may: the right to list Services is not asked for. */
    private void checkServices() {
        warning = api.send(Call.list(Names.services(place.namespace()), Map.of()))
                .object()
                .map(list -> Fields.objects(list, "items"))
                .flatMap(services ->
                        ServiceCheck.warning(services, pod().map(OwnPod::labels).orElse(Map.of())));
        onNews.get().run();
    }

    private boolean isLeaving() {
        return pod.newest().one().map(OwnPod::terminating).orElse(false);
    }

    @Override
    public ClusterView look() {
        return new ClusterView(
                Optional.of(pod.newest()),
                pool.filter(_ -> isManaged).map(PoolMember::newest),
                pool.map(PoolMember::named).orElse(NamedPods.State.UNKNOWN),
                pool.flatMap(PoolMember::leading),
                pool.flatMap(PoolMember::problem),
                warning,
                api.calls());
    }

    @Override
    public PatchOutcome patch(MetadataPatch patch, int attempt) {
        return patcher.send(patch, attempt);
    }

    /** The own pod as it was seen last. */
    public Optional<OwnPod> pod() {
        return pod.newest().one();
    }

    /** Ends the watches, and gives the pool's lease back. */
    @Override
    public void close() {
        pool.ifPresent(PoolMember::close);
        pod.close();
    }
}
