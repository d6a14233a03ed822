package dev.pilotlight.pool.managed;

import dev.pilotlight.guard.Guard;
import dev.pilotlight.kube.ApiServer;
import dev.pilotlight.kube.ApiServer.Answer;
import dev.pilotlight.kube.Backoff;
import dev.pilotlight.kube.Cached;
import dev.pilotlight.kube.Call;
import dev.pilotlight.kube.Informer;
import dev.pilotlight.kube.Names;
import dev.pilotlight.kube.Problem;
import dev.pilotlight.kube.Retries;
import dev.pilotlight.kube.Selection;
import dev.pilotlight.pool.peers.PeerReader;
import dev.pilotlight.pool.peers.PeerReport;
import dev.pilotlight.pool.peers.PoolPod;
import dev.pilotlight.pool.plan.Metadata;
import dev.pilotlight.pool.plan.Plan;
import dev.pilotlight.pool.plan.PlanView;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;

/**
 * Leads a pool while its sidecar holds the lease: reads the peers once a second, lets {@link Planner} decide, and writes the plan over
 * the version that it was made from. A leader that was frozen in mid-write finds another version and cannot mix its plan with ours.
 */
final class Leader implements AutoCloseable {
    private static final Duration PERIOD = Duration.ofSeconds(1);
    /** A refusal may end any time, but does so seldom. */
    private static final Duration DENIED = Duration.ofMinutes(1);

    private final ApiServer api;
    private final String namespace;
    private final String pool;
    private final String self;
    private final PoolPolicy policy;
    /** Where the pods decide their roles by themselves, nothing is written. */
    private final boolean observing;

    private final PeerReader reader;
    private final Informer<PlanView> plans;
    private final Supplier<Optional<Integer>> fencingTerm;
    private final Supplier<Instant> clock;
    private final RandomGenerator chance;
    private final Runnable onNews;
    private final Thread thread;
    private volatile Optional<Leading> leading = Optional.empty();
    private volatile Optional<Problem> problem = Optional.empty();
    private volatile boolean closed;
    private Retries retries = Retries.NONE;
    /** Not before then is the API server asked again for what it refused. */
    private Instant writeAt = Instant.MIN;

    /**
     * @param self the own pod's name
     * @param plans informer of the pool's ConfigMap
     * @param fencingTerm while the lease is held
     */
    Leader(
            ApiServer api,
            String namespace,
            String pool,
            String self,
            PoolPolicy policy,
            boolean observing,
            PeerReader reader,
            Informer<PlanView> plans,
            Supplier<Optional<Integer>> fencingTerm,
            Supplier<Instant> clock,
            RandomGenerator chance,
            Runnable onNews) {
        this.api = api;
        this.namespace = namespace;
        this.pool = pool;
        this.self = self;
        this.policy = policy;
        this.observing = observing;
        this.reader = reader;
        this.plans = plans;
        this.fencingTerm = fencingTerm;
        this.clock = clock;
        this.chance = chance;
        this.onNews = onNews;
        this.thread = Thread.ofVirtual().name("leader").unstarted(Guard.guarded("leader", () -> closed, this::run));
    }

    void start() {
        thread.start();
    }

    Optional<Leading> leading() {
        return leading.filter(
                it -> fencingTerm.get().filter(term -> term == it.term()).isPresent());
    }

    Optional<Problem> problem() {
        return problem;
    }

    private void run() {
        while (!closed) {
            fencingTerm.get().ifPresent(this::serve);
            sleep(PERIOD.dividedBy(4));
        }
    }

    /** As long as the fencing term is ours. */
    private void serve(int term) {
        Planner planner = Planner.begin(clock.get());
        Map<String, PeerReport> heard = new HashMap<>();
        try (Informer<PoolPod> pods = new Informer<>(
                        api,
                        Selection.labelled(Names.pods(namespace), Names.POOL + "=" + pool),
                        PoolPod::of,
                        clock,
                        chance,
                        () -> {})
                .start()) {
            Instant due = clock.get();
            while (!closed && holds(term)) {
                planner = look(term, planner, heard, pods.newest());
                due = due.plus(PERIOD);
                Instant now = clock.get();
                due = due.isBefore(now) ? now : due;
                sleep(Duration.between(now, due));
            }
        }
        leading = Optional.empty();
        problem = Optional.empty();
        onNews.run();
    }

    private boolean holds(int term) {
        return fencingTerm.get().filter(now -> now == term).isPresent();
    }

    private Planner look(int term, Planner planner, Map<String, PeerReport> heard, Cached<PoolPod> pods) {
        Cached<PlanView> plan = plans.newest();
        if (pods.heardAt().isEmpty() || plan.heardAt().isEmpty()) {
            // Nothing is decided on half of the facts.
            problem = pods.problem().or(plan::problem);
            return planner;
        }
        List<PoolPod> all =
                pods.items().values().stream().map(Cached.Item::value).toList();
        heard.keySet().retainAll(pods.items().keySet());
        heard.putAll(reader.read(all, clock.get()));
        List<Peer> peers = all.stream()
                .map(pod -> new Peer(
                        pod.name(), pod.running(), pod.terminating(), Optional.ofNullable(heard.get(pod.name()))))
                .toList();
        Optional<PlanView> there = plan.one();
        Optional<Plan> last = there.flatMap(PlanView::plan);
        Instant now = clock.get();
        Planner.Decision decision =
                observing ? planner.observe(peers, policy, now) : planner.look(peers, last, policy, now);
        leading = Optional.of(new Leading(
                term,
                now,
                all.size(),
                decision.demandPods(),
                decision.next().wish().pods()));
        onNews.run();
        if (observing) {
            problem = Optional.empty();
            return decision.next();
        }
        Optional<Planner.Change> due = decision.due(term, last);
        if (due.isEmpty()) {
            // Both were heard, and there is nothing to write: whatever failed before is over.
            problem = Optional.empty();
            return decision.next();
        }
        if (there.filter(PlanView::immutable).isPresent()) {
            // No write can change that; PoolMember says so.
            return planner;
        }
        return !now.isBefore(writeAt) && write(term, there, due.get(), all.size()) ? decision.next() : planner;
    }

    private boolean write(int term, Optional<PlanView> there, Planner.Change change, int pods) {
        String name = Names.ofPool(pool);
        Optional<Plan> last = there.flatMap(PlanView::plan);
        Optional<JsonObject> metadata = there.map(PlanView::metadata).or(this::unwritten);
        Plan plan = new Plan(
                metadata.orElse(new JsonObject().put("name", name)),
                last.map(Plan::generation).orElse(0L) + 1,
                term,
                self,
                pods,
                change.wanted(),
                change.active(),
                change.reason());
        String path = Names.configMaps(namespace);
        Call call =
                metadata.isPresent() ? Call.update(path + "/" + name, plan.object()) : Call.create(path, plan.object());
        if (!holds(term)) {
            return false;
        }
        Answer answer = api.send(call);
        if (answer.object().isPresent()) {
            plans.offer(answer.object().get());
            problem = Optional.empty();
            retries = retries.succeeded();
            return true;
        }
        if (answer.is(409)) {
            // The cache was behind: the newest is asked for, from the server's store and not its cache.
            api.send(Call.get(path + "/" + name)).object().ifPresent(plans::offer);
        } else {
            Problem why = Problem.of(call, answer);
            problem = Optional.of(why.so(
                    metadata.isEmpty() && !why.silent()
                            ? "there is no ConfigMap " + name + " in namespace " + namespace
                                    + " to write the pool's plan into; apply k8s/pool"
                            : "the pool's plan can not be written"));
            retries = why.silent() ? retries.succeeded() : retries.failed(answer);
            writeAt = why.silent()
                    ? Instant.MIN
                    : clock.get().plus(retries.pause(answer, Backoff.DEFAULT, DENIED, chance));
        }
        return false;
    }

    /** The metadata of a ConfigMap that is there and holds no plan yet, as k8s/ makes it. */
    private Optional<JsonObject> unwritten() {
        return api.send(Call.get(Names.configMaps(namespace) + "/" + Names.ofPool(pool)))
                .object()
                .map(Metadata::of);
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

    @Override
    public void close() {
        closed = true;
        thread.interrupt();
    }
}
