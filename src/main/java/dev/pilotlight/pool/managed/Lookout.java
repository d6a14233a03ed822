package dev.pilotlight.pool.managed;

import dev.pilotlight.guard.Guard;
import dev.pilotlight.kube.ApiServer;
import dev.pilotlight.kube.ApiServer.Answer;
import dev.pilotlight.kube.Call;
import dev.pilotlight.kube.Names;
import dev.pilotlight.pool.peers.PoolPod;
import dev.pilotlight.pool.plan.NamedPods;
import dev.pilotlight.pool.plan.NamedPods.Sample;
import dev.pilotlight.pool.plan.NamedPods.State;
import dev.pilotlight.pool.plan.Plan;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;

/**
 * A pod off traffic looks after those in front of it, whoever leads: now and then it asks the API server for a few of the pods that the plan
 * names. One that serves is enough, so in a sound pool it is one call for each standby in a sixth of {@code orphan-after}.
 */
final class Lookout implements AutoCloseable {
    /** Of a large plan a few by chance: if one in twenty serves, that shows soon. */
    private static final int SAMPLE = 5;
    /** All pods of a pool together look no more often than this. */
    private static final Duration APART = Duration.ofMillis(50);

    private static final Duration LOOK_EVERY = Duration.ofMillis(250);

    private final ApiServer api;
    private final String pods;
    private final String self;
    private final Duration orphanAfter;
    private final Supplier<Optional<Plan>> plan;
    private final Supplier<Instant> clock;
    private final RandomGenerator chance;
    private final Runnable onNews;
    private final Thread thread;
    private Optional<Plan> last = Optional.empty();
    private volatile NamedPods named;
    private volatile boolean closed;

    Lookout(
            ApiServer api,
            String namespace,
            String self,
            Duration orphanAfter,
            Supplier<Optional<Plan>> plan,
            Supplier<Instant> clock,
            RandomGenerator chance,
            Runnable onNews) {
        this.api = api;
        this.pods = Names.pods(namespace);
        this.self = self;
        this.orphanAfter = orphanAfter;
        this.plan = plan;
        this.clock = clock;
        this.chance = chance;
        this.onNews = onNews;
        this.named = NamedPods.begin(clock.get());
        this.thread = Thread.ofVirtual().name("lookout").unstarted(Guard.guarded("lookout", () -> closed, this::run));
    }

    void start() {
        thread.start();
    }

    State state() {
        return named.state();
    }

    private void run() {
        while (!closed) {
            State before = named.state();
            step();
            if (named.state() != before) {
                onNews.run();
            }
            try {
                Thread.sleep(LOOK_EVERY);
            } catch (InterruptedException stop) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }

    /** Does what is due. */
    void step() {
        Optional<Plan> newest = plan.get();
        Instant now = clock.get();
        boolean isOther = !newest.map(Plan::active).equals(last.map(Plan::active));
        last = newest;
        if (newest.isEmpty()) {
            named = NamedPods.begin(now);
            return;
        }
        if (newest.get().active().contains(self)) {
            named = NamedPods.own(now, pause(newest.get()));
            return;
        }
        NamedPods known = isOther ? named.replanned(now) : named;
        if (now.isBefore(known.askAt())) {
            named = known;
            return;
        }
        named = known.advance(look(newest.get()), orphanAfter, pause(newest.get()), clock.get());
    }

    private Duration pause(Plan of) {
        Duration fair = APART.multipliedBy(of.pods());
        Duration usual = orphanAfter.dividedBy(6);
        return fair.compareTo(usual) > 0 ? fair : usual;
    }

    private Sample look(Plan at) {
        List<String> names = new ArrayList<>(at.active());
        Collections.shuffle(names, Random.from(chance));
        boolean isBlind = false;
        for (String name : names.subList(0, Math.min(SAMPLE, names.size()))) {
            Answer answer = api.send(Call.get(pods + "/" + name));
            if (answer.object().filter(PoolPod::isServing).isPresent()) {
                return Sample.SERVING;
            }
            isBlind |= answer.object().isEmpty() && !answer.is(404);
        }
        return isBlind ? Sample.NOTHING : Sample.NONE;
    }

    @Override
    public void close() {
        closed = true;
        thread.interrupt();
    }
}
