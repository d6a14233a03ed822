package dev.pilotlight.drain;

import dev.pilotlight.drain.Termination.News;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** Lets the right callers order the drain, and holds their call until it has ended. */
public final class DrainGate {
    /** The API server may learn of a deletion a moment after the kubelet acts on it. */
    private static final Duration NEWS_TAKES = Duration.ofSeconds(2);

    private static final Duration DEFAULT_DEADLINE = Duration.ofSeconds(25);
    /** Of a pod that nobody tells us of: what injection gives. A shorter one is the kubelet's to enforce. */
    private static final Duration INJECTED_GRACE = Duration.ofSeconds(330);

    private static final String SIGTERM = "SIGTERM";
    private static final String ONLY_THE_HOOK =
            "without that only the exec hook of docs/probes.md may order a drain, from inside the pod";
    private static final Duration LOOK_EVERY = Duration.ofMillis(20);
    private static final BooleanSupplier NOBODY = () -> false;

    private final Supplier<Instant> clock;
    private final Optional<String> token;
    private final Optional<Duration> deadline;
    private final Optional<Termination> termination;
    private final Consumer<DrainOrder> order;
    private final Supplier<Optional<Drain>> progress;
    private final Supplier<Optional<String>> verdict;
    private final AtomicReference<Refusals> refusals = new AtomicReference<>(Refusals.NONE);
    private volatile boolean told;

    /** @param verdict why the engine's liveness is DOWN; empty while it is UP */
    public DrainGate(
            Supplier<Instant> clock,
            Optional<String> token,
            Optional<Duration> deadline,
            Optional<Termination> termination,
            Consumer<DrainOrder> order,
            Supplier<Optional<Drain>> progress,
            Supplier<Optional<String>> verdict) {
        this.clock = clock;
        this.token = token;
        this.deadline = deadline;
        this.termination = termination;
        this.order = order;
        this.progress = progress;
        this.verdict = verdict;
    }

    /** How a call ended. */
    public sealed interface Answer {
        record Drained(Drain drain) implements Answer {}

        /** The kubelet restarts the engine's container by the verdict: there is nothing to wait for, and the pod does not leave. */
        record Restarted(String why) implements Answer {}

        /** @param news whether it is to be said: the first one for this reason in a while */
        record Denied(Refusal refusal, String why, boolean news) implements Answer {}
    }

    /** The drains that were refused so far. */
    public Refusals refusals() {
        return refusals.get();
    }

    /**
     * Blocks until the drain has ended or is denied.
     *
     * @param onWait runs when the right is proved, before the long wait
     * @param hungUp whether the caller waits no more
     */
    public Answer call(Caller caller, Runnable onWait, BooleanSupplier hungUp) throws InterruptedException {
        return switch (DrainRight.of(caller, token, termination.isPresent())) {
            case DrainRight.Denied(Refusal refusal, String why) -> denied(refusal, why);
            case DrainRight.Granted(String by) -> {
                Optional<String> down = verdict.get().filter(_ -> progress.get().isEmpty() && !isKnownToEnd());
                yield down.isPresent()
                        ? new Answer.Restarted(down.get())
                        : drain(by, deadline.orElseGet(() -> GracePeriod.forDrain(grace())), onWait, hungUp);
            }
            case DrainRight.AskApiServer _ -> ifTerminating(termination.orElseThrow(), onWait, hungUp);
        };
    }

    private boolean isKnownToEnd() {
        return termination.filter(it -> it.newest() instanceof News.Terminating).isPresent();
    }

    private Duration grace() {
        return termination.flatMap(Termination::grace).orElse(INJECTED_GRACE);
    }

    private Answer denied(Refusal refusal, String why) {
        Instant now = clock.get();
        Refusals before = refusals.getAndUpdate(it -> it.add(refusal, now));
        return new Answer.Denied(refusal, why, before.isNews(refusal, now));
    }

    private Answer ifTerminating(Termination asked, Runnable onWait, BooleanSupplier hungUp)
            throws InterruptedException {
        Instant until = clock.get().plus(NEWS_TAKES);
        News news = asked.newest();
        while (!(news instanceof News.Terminating) && clock.get().isBefore(until)) {
            Thread.sleep(LOOK_EVERY);
            news = asked.newest();
        }
        return switch (news) {
            case News.Terminating now ->
                drain(
                        "the deletion of the pod",
                        deadline.orElseGet(() -> GracePeriod.forDrain(now.grace())),
                        onWait,
                        hungUp);
            case News.Staying staying -> denied(Refusal.STAYS, staying.why() + "; " + ONLY_THE_HOOK);
            case News.Unheard unheard -> denied(Refusal.UNHEARD, unheard.why() + "; " + ONLY_THE_HOOK);
        };
    }

    /**
     * SIGTERM, which needs no right: drains with the time that is left. In a pod that stays only this container is stopped, and comes
     * back in a moment: the engine serves on, and nobody has to leave.
     */
    public Answer leave() throws InterruptedException {
        told = true;
        if (progress.get().isPresent() || termination.isEmpty()) {
            return drain(SIGTERM, deadline.orElse(DEFAULT_DEADLINE), NOBODY);
        }
        return switch (termination.get().newest()) {
            case News.Terminating now -> {
                Duration left = GracePeriod.forDrain(now.grace(), now.endsAt(), clock.get());
                yield drain(
                        SIGTERM, deadline.filter(set -> set.compareTo(left) < 0).orElse(left), NOBODY);
            }
            case News.Staying staying ->
                new Answer.Denied(Refusal.STAYS, staying.why() + ": only the sidecar stops", false);
            case News.Unheard _ -> drain(SIGTERM, deadline.orElse(DEFAULT_DEADLINE), NOBODY);
        };
    }

    /** Whether this process was told to end. */
    public boolean isTold() {
        return told;
    }

    private Answer drain(String by, Duration allowed, Runnable onWait, BooleanSupplier hungUp)
            throws InterruptedException {
        onWait.run();
        return drain(by, allowed, hungUp);
    }

    private Answer drain(String by, Duration allowed, BooleanSupplier hungUp) throws InterruptedException {
        Instant now = clock.get();
        order.accept(new DrainOrder(now, now.plus(allowed), by));
        Optional<Drain> seen = progress.get();
        while (seen.flatMap(Drain::ended).isEmpty()
                && !hungUp.getAsBoolean()
                && clock.get().isBefore(hopeless(seen, now.plus(allowed)))) {
            Thread.sleep(LOOK_EVERY);
            seen = progress.get();
        }
        return seen.<Answer>map(Answer.Drained::new).orElseGet(() -> denied(Refusal.STUCK, "the loop does not turn"));
    }

    /** The first order stands, and with it its deadline: whoever comes later waits for that. */
    private static Instant hopeless(Optional<Drain> seen, Instant deadline) {
        return seen.map(drain -> drain.order().deadline()).orElse(deadline).plus(GracePeriod.MARGIN);
    }
}
