package dev.pilotlight.pool.election;

import dev.pilotlight.guard.Guard;
import dev.pilotlight.kube.ApiServer;
import dev.pilotlight.kube.ApiServer.Answer;
import dev.pilotlight.kube.Backoff;
import dev.pilotlight.kube.Call;
import dev.pilotlight.kube.Names;
import dev.pilotlight.kube.Problem;
import dev.pilotlight.kube.Retries;
import dev.pilotlight.pool.plan.Plan;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;

/** Takes part in the election and renews the lease: does on the Lease what {@link Election} says, on a thread of its own. */
public final class LeaderElector implements AutoCloseable {
    private static final Duration DENIED = Duration.ofMinutes(1);
    private static final Backoff BACKOFF = new Backoff(Duration.ofMillis(500), Duration.ofSeconds(10));

    private final ApiServer api;
    private final String name;
    private final String collection;
    private final Supplier<Optional<Plan>> plan;
    private final BooleanSupplier retired;
    private final Supplier<Instant> clock;
    private final RandomGenerator chance;
    private final AtomicReference<Election> state;
    private final Thread thread;
    private volatile Optional<Problem> problem = Optional.empty();
    private volatile boolean closed;
    private Retries retries = Retries.NONE;

    /**
     * @param self who we are: a sidecar that comes back is somebody else
     * @param plan the last one of the pool, which says how many stand for election and what the latest term was
     * @param retired whether the pod is leaving
     */
    public LeaderElector(
            ApiServer api,
            String namespace,
            String pool,
            String self,
            Supplier<Optional<Plan>> plan,
            BooleanSupplier retired,
            Supplier<Instant> clock,
            RandomGenerator chance) {
        this.api = api;
        this.name = Names.ofPool(pool);
        this.collection = Names.leases(namespace);
        this.plan = plan;
        this.retired = retired;
        this.clock = clock;
        this.chance = chance;
        this.state = new AtomicReference<>(Election.begin(self, clock.get()));
        this.thread = Thread.ofVirtual().name("election").unstarted(Guard.guarded("election", () -> closed, this::run));
    }

    public void start() {
        thread.start();
    }

    /** The fencing term, while the lease is ours beyond doubt. */
    public Optional<Integer> term() {
        Election now = state.get();
        return now.leads(clock.get()) ? now.held().map(it -> it.lease().term()) : Optional.empty();
    }

    public Optional<Problem> problem() {
        return problem;
    }

    private void run() {
        while (!closed && !retired.getAsBoolean()) {
            Instant next = step();
            sleep(Duration.between(clock.get(), next));
        }
        // The word to stop came as an interrupt; what is left to do is one call.
        Thread.interrupted();
        giveBack();
    }

    /** Does what is due; when to do so again. */
    Instant step() {
        return switch (state.get().next(clock.get())) {
            case Election.Act.Wait wait -> wait.until();
            case Election.Act.Read _ -> read();
            case Election.Act.Write write -> write(write);
        };
    }

    private Instant read() {
        Call call = Call.get(collection + "/" + name);
        Answer answer = api.send(call);
        Instant now = clock.get();
        if (answer.is(404)) {
            return write(new Election.Act.Write(Optional.empty(), Election.termAfter(latestTerm())));
        }
        if (answer.object().isPresent()) {
            succeeded();
            problem = LeaseView.oddity(answer.object().get(), now)
                    .map(why -> new Problem(
                            false, "the Lease " + name + " counts for nothing until a leader writes it again: " + why));
            LeaseView lease = LeaseView.of(answer.object().get());
            state.updateAndGet(it -> it.read(lease, candidates(), chance.nextDouble(), now));
            return state.get().claim(latestTerm(), now).map(this::write).orElse(now);
        }
        failed(call, answer);
        return now;
    }

    private Instant write(Election.Act.Write write) {
        Instant sentAt = clock.get();
        var object = LeaseView.object(name, write.over(), state.get().self(), write.term(), Election.DURATION, sentAt);
        Call call = write.over().isPresent()
                ? Call.update(collection + "/" + name, object)
                : Call.create(collection, object);
        Answer answer = api.send(call);
        if (answer.object().isPresent()) {
            succeeded();
            LeaseView written = LeaseView.of(answer.object().get());
            state.updateAndGet(it -> it.won(written, sentAt));
        } else if (answer.is(409) || answer.is(404) && write.over().isPresent()) {
            // Somebody else's by now, or deleted.
            state.updateAndGet(it -> it.lost(clock.get()));
            return clock.get().plus(BACKOFF.after(1, chance));
        } else {
            failed(call, answer);
        }
        return clock.get();
    }

    private int candidates() {
        return plan.get().map(Plan::pods).orElse(1);
    }

    private int latestTerm() {
        return plan.get().map(Plan::term).orElse(0);
    }

    private void succeeded() {
        retries = retries.succeeded();
        problem = Optional.empty();
    }

    private void failed(Call call, Answer answer) {
        Problem why = Problem.of(call, answer);
        // Nobody is given the right to create by name, so where it is missing the fix is not a rule.
        problem = Optional.of(why.so(
                call.verb() == Call.Verb.CREATE && !why.silent()
                        ? "there is no Lease " + name + " to elect the pool's leader by; apply k8s/pool"
                        : "the pool's leader can not be elected"));
        retries = retries.failed(answer);
        Duration usual = retries.pause(answer, BACKOFF, DENIED, chance);
        // A holder has little time: it tries again while it holds.
        Duration wait = state.get().leads(clock.get()) ? Duration.ofMillis(500) : usual;
        state.updateAndGet(it -> it.failed(wait, clock.get()));
    }

    /** So that the next leader need not wait for the lease to run out. */
    void giveBack() {
        Election last = state.get();
        last.held().filter(_ -> last.leads(clock.get())).ifPresent(held -> {
            state.updateAndGet(it -> it.lost(clock.get()));
            api.send(Call.update(
                    collection + "/" + name,
                    LeaseView.object(
                            name, Optional.of(held.lease()), "", held.lease().term(), Election.DURATION, clock.get())));
        });
    }

    private void sleep(Duration length) {
        try {
            if (!closed && length.isPositive()) {
                Thread.sleep(length);
            }
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
        }
    }

    /** Gives the lease back; returns when that is done, or soon. */
    @Override
    public void close() {
        closed = true;
        thread.interrupt();
        try {
            if (thread.isAlive()) {
                thread.join(Duration.ofSeconds(2));
            }
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
        }
    }
}
