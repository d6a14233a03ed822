package dev.pilotlight.drain;

import dev.pilotlight.drain.Termination.News;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** Lets the right callers order the drain, and holds their call until it has ended. */
public final class DrainGate {
    /** The API server may learn of a deletion a moment after the kubelet acts on it. */
    private static final Duration NEWS_TAKES = Duration.ofSeconds(2);

    private static final Duration DEFAULT_DEADLINE = Duration.ofSeconds(25);
    private static final String SIGTERM = "SIGTERM";
    private static final Duration LOOK_EVERY = Duration.ofMillis(20);

    private final Supplier<Instant> clock;
    private final Optional<String> token;
    private final Optional<Duration> deadline;
    private final Optional<Termination> termination;
    private final Consumer<DrainOrder> order;
    private final Supplier<Optional<Drain>> progress;

    public DrainGate(
            Supplier<Instant> clock,
            Optional<String> token,
            Optional<Duration> deadline,
            Optional<Termination> termination,
            Consumer<DrainOrder> order,
            Supplier<Optional<Drain>> progress) {
        this.clock = clock;
        this.token = token;
        this.deadline = deadline;
        this.termination = termination;
        this.order = order;
        this.progress = progress;
    }

    /** How a call ended. */
    public sealed interface Answer {
        record Drained(Drain drain) implements Answer {}

        record Denied(String why) implements Answer {}
    }

    /**
     * Blocks until the drain has ended or is denied.
     *
     * @param onWait runs when the right is proved, before the long wait
     */
    public Answer call(Optional<String> shownToken, boolean loopback, Runnable onWait) throws InterruptedException {
        return switch (DrainRight.of(token, shownToken, termination.isPresent(), loopback)) {
            case DrainRight.Denied(String why) -> new Answer.Denied(why);
            case DrainRight.Granted(String by) -> drain(by, deadline.orElse(DEFAULT_DEADLINE), onWait);
            case DrainRight.AskApiServer _ -> ifTerminating(termination.orElseThrow(), onWait);
        };
    }

    private Answer ifTerminating(Termination asked, Runnable onWait) throws InterruptedException {
        Instant until = clock.get().plus(NEWS_TAKES);
        News news = asked.newest();
        while (!(news instanceof News.Terminating) && clock.get().isBefore(until)) {
            Thread.sleep(LOOK_EVERY);
            news = asked.newest();
        }
        return switch (news) {
            case News.Terminating now ->
                drain("the deletion of the pod", deadline.orElseGet(() -> GracePeriod.forDrain(now.grace())), onWait);
            case News.Staying staying -> new Answer.Denied(staying.why());
            case News.Unheard unheard -> new Answer.Denied(unheard.why());
        };
    }

    /**
     * SIGTERM, which needs no right: drains with the time that is left. In a pod that stays only this container is stopped, and comes
     * back in a moment: the engine serves on, and nobody has to leave.
     */
    public Answer leave() throws InterruptedException {
        if (progress.get().isPresent() || termination.isEmpty()) {
            return drain(SIGTERM, deadline.orElse(DEFAULT_DEADLINE));
        }
        return switch (termination.get().newest()) {
            case News.Terminating now -> {
                Duration left = GracePeriod.forDrain(now.grace(), now.endsAt(), clock.get());
                yield drain(
                        SIGTERM, deadline.filter(set -> set.compareTo(left) < 0).orElse(left));
            }
            case News.Staying staying -> new Answer.Denied(staying.why() + ": only the sidecar stops");
            case News.Unheard _ -> drain(SIGTERM, deadline.orElse(DEFAULT_DEADLINE));
        };
    }

    private Answer drain(String by, Duration allowed, Runnable onWait) throws InterruptedException {
        onWait.run();
        return drain(by, allowed);
    }

    private Answer drain(String by, Duration allowed) throws InterruptedException {
        Instant now = clock.get();
        order.accept(new DrainOrder(now, now.plus(allowed), by));
        Optional<Drain> seen = progress.get();
        while (seen.flatMap(Drain::ended).isEmpty() && clock.get().isBefore(hopeless(seen, now.plus(allowed)))) {
            Thread.sleep(LOOK_EVERY);
            seen = progress.get();
        }
        return seen.<Answer>map(Answer.Drained::new).orElse(new Answer.Denied("the loop does not turn"));
    }

    /** The first order stands, and with it its deadline: whoever comes later waits for that. */
    private static Instant hopeless(Optional<Drain> seen, Instant deadline) {
        return seen.map(drain -> drain.order().deadline()).orElse(deadline).plus(GracePeriod.MARGIN);
    }
}
