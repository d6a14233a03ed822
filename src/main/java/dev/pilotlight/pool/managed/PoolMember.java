package dev.pilotlight.pool.managed;

import dev.pilotlight.guard.Guard;
import dev.pilotlight.kube.ApiServer;
import dev.pilotlight.kube.Cached;
import dev.pilotlight.kube.Informer;
import dev.pilotlight.kube.Names;
import dev.pilotlight.kube.Problem;
import dev.pilotlight.kube.Selection;
import dev.pilotlight.pool.election.LeaderElector;
import dev.pilotlight.pool.peers.PeerReader;
import dev.pilotlight.pool.plan.NamedPods;
import dev.pilotlight.pool.plan.Plan;
import dev.pilotlight.pool.plan.PlanView;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;

/** One sidecar as a member of a managed pool: it watches the plan, stands for election, and leads while it is elected. */
public final class PoolMember implements AutoCloseable {
    private static final Duration LOOK_EVERY = Duration.ofMillis(200);

    private final Informer<PlanView> plans;
    private final LeaderElector elector;
    private final Leader leader;
    private final Lookout lookout;
    private final boolean observing;
    private final Duration orphanAfter;
    private final Thread opening;
    /** For people. */
    private final String configMap;

    private volatile boolean closed;

    /**
     * @param self the own pod's name
     * @param observing where nobody is to decide the pods' roles, and no plan to be written
     * @param orphanAfter how long a plan may name nobody who serves
     * @param retired whether the own pod is leaving
     */
    public PoolMember(
            ApiServer api,
            String namespace,
            String pool,
            String self,
            PoolPolicy policy,
            boolean observing,
            Duration orphanAfter,
            PeerReader reader,
            BooleanSupplier retired,
            Supplier<Instant> clock,
            RandomGenerator chance,
            Runnable onNews) {
        this.configMap = "ConfigMap " + Names.ofPool(pool) + " in namespace " + namespace;
        this.plans = new Informer<>(
                api,
                Selection.one(Names.configMaps(namespace), Names.ofPool(pool)),
                PlanView::of,
                clock,
                chance,
                onNews);
        String identity = self + "_" + Long.toHexString(chance.nextLong());
        this.elector = new LeaderElector(api, namespace, pool, identity, this::plan, retired, clock, chance);
        this.leader = new Leader(
                api, namespace, pool, self, policy, observing, reader, plans, elector::term, clock, chance, onNews);
        this.lookout = new Lookout(api, namespace, self, orphanAfter, this::plan, clock, chance, onNews);
        this.orphanAfter = orphanAfter;
        this.observing = observing;
        this.opening = Thread.ofVirtual().name("pool").unstarted(Guard.guarded("pool", () -> closed, this::open));
    }

    public void start() {
        plans.start();
        opening.start();
        leader.start();
        if (!observing) {
            lookout.start();
        }
    }

    /** Nobody stands who has not seen the plan: a term that is too low would be no term. */
    private void open() {
        try {
            while (!closed && plans.newest().heardAt().isEmpty()) {
                Thread.sleep(LOOK_EVERY);
            }
            if (!closed) {
                elector.start();
            }
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
        }
    }

    private Optional<Plan> plan() {
        return plans.newest().one().flatMap(PlanView::plan);
    }

    public Cached<PlanView> newest() {
        return plans.newest();
    }

    public Optional<Leading> leading() {
        return leader.leading();
    }

    /** Whether any pod that the plan names serves. */
    public NamedPods.State named() {
        return lookout.state();
    }

    /** Why the pool can not be led or its plan not be written. */
    public Optional<Problem> problem() {
        return planTrouble()
                .filter(_ -> !observing)
                .or(elector::problem)
                .or(leader::problem)
                .or(this::unled);
    }

    /** What everybody sees who watches the plan, whether it leads or not. */
    private Optional<Problem> planTrouble() {
        Cached<PlanView> seen = plans.newest();
        if (seen.heardAt().isEmpty() || seen.problem().isPresent()) {
            return Optional.empty();
        }
        Optional<PlanView> there = seen.one();
        if (there.isEmpty()) {
            return Optional.of(new Problem(false, "there is no " + configMap + " for the pool's plan; apply k8s/pool"));
        }
        return there.filter(PlanView::immutable)
                .map(_ -> "no plan can be written, for " + configMap + " is immutable; delete it and apply k8s/pool")
                .or(() -> there.get()
                        .refused()
                        .map(why -> "the plan in " + configMap + " counts for nothing until the leader writes another: "
                                + why))
                .map(why -> new Problem(false, why));
    }

    private Optional<Problem> unled() {
        return lookout.state() == NamedPods.State.LOST
                ? Optional.of(new Problem(
                        false,
                        "no pod that the plan in " + configMap + " names has served for " + orphanAfter.toSeconds()
                                + " s, and nobody writes another: this pod serves until somebody does"))
                : Optional.empty();
    }

    @Override
    public void close() {
        closed = true;
        opening.interrupt();
        leader.close();
        lookout.close();
        elector.close();
        plans.close();
    }
}
