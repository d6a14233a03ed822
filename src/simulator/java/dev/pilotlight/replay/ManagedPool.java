package dev.pilotlight.replay;

import dev.pilotlight.cluster.ClusterView;
import dev.pilotlight.kube.Cached;
import dev.pilotlight.kube.KubeTally;
import dev.pilotlight.lifecycle.Phase;
import dev.pilotlight.loop.Picture;
import dev.pilotlight.pool.managed.Leading;
import dev.pilotlight.pool.managed.Peer;
import dev.pilotlight.pool.managed.Planner;
import dev.pilotlight.pool.managed.PoolPolicy;
import dev.pilotlight.pool.peers.PeerReport;
import dev.pilotlight.pool.plan.NamedPods;
import dev.pilotlight.pool.plan.Plan;
import dev.pilotlight.pool.plan.PlanView;
import dev.pilotlight.signal.Signals;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/** The leader of a managed pool, by the product's own planner: each second it hears its peers, and its plan is theirs a second later. */
final class ManagedPool {
    private static final String NAME = "vllm";

    private final PoolPolicy policy;
    private final boolean isManaged;
    private Planner planner;
    private Optional<Plan> plan = Optional.empty();

    /** @param isManaged or the leader only says how many pods it wants */
    ManagedPool(PoolPolicy policy, boolean isManaged, Instant now) {
        this.policy = policy;
        this.isManaged = isManaged;
        this.planner = Planner.begin(now);
    }

    /** Looks at all pods that are not gone, and tells each what there is to know. */
    void look(List<Pod> pods, Instant now) {
        List<Peer> peers = pods.stream()
                .map(pod -> new Peer(
                        pod.name,
                        true,
                        !pod.isCounted(),
                        Optional.ofNullable(pod.sidecar()).map(sidecar -> report(sidecar.picture(), now))))
                .toList();
        Planner.Decision decision =
                isManaged ? planner.look(peers, plan, policy, now) : planner.observe(peers, policy, now);
        planner = decision.next();
        plan = decision.change().map(change -> planned(change, pods.size())).or(() -> plan);
        Leading leading = new Leading(
                1, now, pods.size(), decision.demandPods(), planner.wish().pods());
        boolean isLed = false;
        for (Pod pod : pods) {
            boolean leads = !isLed && pod.isReady();
            isLed |= leads;
            pod.hears(view(leads ? Optional.of(leading) : Optional.empty(), now));
        }
    }

    private static PeerReport report(Picture picture, Instant now) {
        return new PeerReport(
                now,
                picture.phase() instanceof Phase.Ready,
                Optional.empty(),
                picture.freshSignals(now).map(Signals::load).orElse(OptionalDouble.empty()),
                picture.state().coldStart().total(),
                picture.phase() instanceof Phase.Ready ready ? Duration.between(ready.since(), now) : Duration.ZERO,
                picture.roles().flippedAt().map(flipped -> Duration.between(flipped, now)),
                picture.freshSignals(now).flatMap(Signals::inflow));
    }

    private Plan planned(Planner.Change change, int pods) {
        return new Plan(
                new JsonObject().put("name", NAME),
                plan.map(Plan::generation).orElse(0L) + 1,
                1,
                NAME,
                pods,
                change.wanted(),
                change.active(),
                change.reason());
    }

    private ClusterView view(Optional<Leading> leading, Instant now) {
        return new ClusterView(
                Optional.empty(),
                isManaged
                        ? Optional.of(new Cached<>(
                                Map.of(
                                        NAME,
                                        new Cached.Item<>(
                                                "1", new PlanView(new JsonObject(), false, plan, Optional.empty()))),
                                Optional.of(now),
                                Optional.empty()))
                        : Optional.empty(),
                NamedPods.State.SERVING,
                leading,
                Optional.empty(),
                Optional.empty(),
                KubeTally.EMPTY);
    }
}
