package dev.pilotlight.cluster;

import dev.pilotlight.kube.Cached;
import dev.pilotlight.kube.KubeTally;
import dev.pilotlight.kube.Names;
import dev.pilotlight.kube.Problem;
import dev.pilotlight.pod.OwnPod;
import dev.pilotlight.pool.managed.Leading;
import dev.pilotlight.pool.plan.NamedPods;
import dev.pilotlight.pool.plan.Plan;
import dev.pilotlight.pool.plan.PlanView;
import dev.pilotlight.pool.role.RoleTrack;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * What is known of the cluster at a tick.
 *
 * @param pod the own one; empty without a cluster
 * @param plan the pool's; empty unless the pool is managed
 * @param named whether any pod that it names serves
 * @param leading while this sidecar leads its pool
 * @param poolProblem why the pool can not be led or its plan not be written; empty while all is well
 * @param serviceWarning of a Service that selects what it must not; empty where there is none, or none may be read
 * @param calls to the API server so far
 */
public record ClusterView(
        Optional<Cached<OwnPod>> pod,
        Optional<Cached<PlanView>> plan,
        NamedPods.State named,
        Optional<Leading> leading,
        Optional<Problem> poolProblem,
        Optional<String> serviceWarning,
        KubeTally calls) {
    public static final ClusterView NONE = new ClusterView(
            Optional.empty(),
            Optional.empty(),
            NamedPods.State.UNKNOWN,
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            KubeTally.EMPTY);

    /** The demand of a pool counts for nothing once its leader has not looked for this long. */
    private static final Duration DEMAND_STALE = Duration.ofSeconds(10);

    public Optional<OwnPod> ownPod() {
        return pod.flatMap(Cached::one);
    }

    /** Whether the own pod is being deleted. */
    public boolean isLeaving() {
        return ownPod().map(OwnPod::terminating).orElse(false);
    }

    /**
     * Why nothing is learned from the API server. A server that hangs leaves the watch of the own pod open, and shows first where the
     * pool asks it something.
     */
    public Optional<String> silence() {
        return pod.flatMap(Cached::problem)
                .or(() -> poolProblem.filter(Problem::silent))
                .map(Problem::why);
    }

    /** That what answers is not the API server. */
    public Optional<String> stranger() {
        return pod.flatMap(Cached::problem)
                .or(() -> poolProblem)
                .filter(Problem::stranger)
                .map(Problem::why);
    }

    /** What the API server does not let the pool do. */
    public Optional<String> poolRefusal() {
        return poolProblem.filter(problem -> !problem.silent()).map(Problem::why);
    }

    /** What the cluster says of the own pod's role. */
    public RoleTrack.Inputs roleInputs() {
        return new RoleTrack.Inputs(
                poolPlan(), named, ownPod().map(pod -> pod.labels().get(Names.ROLE)));
    }

    public Optional<Plan> poolPlan() {
        return plan.flatMap(Cached::one).flatMap(PlanView::plan);
    }

    /** How long ago the API server last said anything of the own pod. */
    public Optional<Duration> podAge(Instant now) {
        return pod.flatMap(Cached::heardAt).map(heard -> Duration.between(heard, now));
    }

    /** How long ago it last said anything of the plan. */
    public Optional<Duration> planAge(Instant now) {
        return plan.flatMap(Cached::heardAt).map(heard -> Duration.between(heard, now));
    }

    /** The pool's demand, where this sidecar leads and has looked lately. */
    public OptionalDouble poolDemand(Instant now) {
        return leading.filter(it -> Duration.between(it.lookedAt(), now).compareTo(DEMAND_STALE) <= 0)
                .map(Leading::demandPods)
                .orElse(OptionalDouble.empty());
    }

    /** The pods that the pool wants, where this sidecar leads: never absent while it does, since the last wish stands until there is another. */
    public OptionalDouble wantedPods() {
        return leading.map(Leading::wantedPods).orElse(OptionalDouble.empty());
    }
}
