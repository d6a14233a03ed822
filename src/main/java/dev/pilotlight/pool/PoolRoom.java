package dev.pilotlight.pool;

import dev.pilotlight.guard.Guard;
import dev.pilotlight.kube.ApiServer;
import dev.pilotlight.kube.Mirror;
import dev.pilotlight.kube.Mirrored;
import dev.pilotlight.kube.Names;
import dev.pilotlight.kube.Problem;
import dev.pilotlight.kube.Selection;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;

/** One sidecar's part in a managed pool: it watches the plan, stands for election, and leads while it is elected. */
public final class PoolRoom implements AutoCloseable {
    private static final Duration LOOK_EVERY = Duration.ofMillis(200);

    private final Mirror<Optional<Plan>> plans;
    private final Seat seat;
    private final Leader leader;
    private final Thread opening;
    private volatile boolean closed;

    /**
     * @param self the own pod's name
     * @param retired whether the own pod is leaving
     */
    public PoolRoom(
            ApiServer api,
            String namespace,
            String pool,
            String self,
            PoolPolicy policy,
            PeerReader reader,
            BooleanSupplier retired,
            Supplier<Instant> clock,
            RandomGenerator chance,
            Runnable onNews) {
        this.plans = new Mirror<>(
                api, Selection.one(Names.configMaps(namespace), Names.ofPool(pool)), Plan::of, clock, chance, onNews);
        String identity = self + "_" + Long.toHexString(chance.nextLong());
        this.seat = new Seat(api, namespace, pool, identity, this::plan, retired, clock, chance);
        this.leader = new Leader(api, namespace, pool, self, policy, reader, plans, seat::term, clock, chance, onNews);
        this.opening = Thread.ofVirtual().name("pool").unstarted(Guard.guarded("pool", () -> closed, this::open));
    }

    public void start() {
        plans.start();
        opening.start();
        leader.start();
    }

    /** Nobody stands who has not seen the plan: a term that is too low would be no term. */
    private void open() {
        try {
            while (!closed && plans.newest().heardAt().isEmpty()) {
                Thread.sleep(LOOK_EVERY);
            }
            if (!closed) {
                seat.start();
            }
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
        }
    }

    private Optional<Plan> plan() {
        return plans.newest().one().flatMap(it -> it);
    }

    public Mirrored<Optional<Plan>> newest() {
        return plans.newest();
    }

    public Optional<Leading> leading() {
        return leader.leading();
    }

    /** Why the pool can not be led or its plan not be written. */
    public Optional<Problem> problem() {
        return seat.problem().or(leader::problem);
    }

    @Override
    public void close() {
        closed = true;
        opening.interrupt();
        leader.close();
        seat.close();
        plans.close();
    }
}
