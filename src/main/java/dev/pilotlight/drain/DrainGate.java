package dev.pilotlight.drain;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** Lets the right callers order the drain, and holds their call until it has ended. */
public final class DrainGate {
    /** The API server may learn of a deletion a moment after the kubelet acts on it. */
    private static final Duration NEWS_TAKES = Duration.ofSeconds(2);
    /** What is left of the grace period for the engine itself to end. */
    private static final Duration MARGIN = Duration.ofSeconds(5);

    private static final Duration DEFAULT_DEADLINE = Duration.ofSeconds(25);
    private static final Duration LOOK_EVERY = Duration.ofMillis(20);
    private static final int MOST_WAITING = 16;

    private final Supplier<Instant> clock;
    private final Optional<String> token;
    private final Optional<Duration> deadline;
    private final Optional<Termination> termination;
    private final Consumer<DrainOrder> order;
    private final Supplier<Optional<Drain>> progress;
    private final Semaphore waiting = new Semaphore(MOST_WAITING);

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

        record TooMany() implements Answer {}
    }

    /** Blocks until the drain has ended or is denied. */
    public Answer call(Optional<String> shownToken, boolean loopback) throws InterruptedException {
        if (!waiting.tryAcquire()) {
            return new Answer.TooMany();
        }
        try {
            return switch (DrainRight.of(token, shownToken, termination.isPresent(), loopback)) {
                case DrainRight.Denied(String why) -> new Answer.Denied(why);
                case DrainRight.Granted(String by) -> drain(by, deadline.orElse(DEFAULT_DEADLINE));
                case DrainRight.AskApiServer _ -> ifTerminating(termination.orElseThrow());
            };
        } finally {
            waiting.release();
        }
    }

    private Answer ifTerminating(Termination asked) throws InterruptedException {
        Instant until = clock.get().plus(NEWS_TAKES);
        Termination.News news = asked.newest();
        while (!news.terminating() && clock.get().isBefore(until)) {
            Thread.sleep(LOOK_EVERY);
            news = asked.newest();
        }
        if (!news.terminating()) {
            return new Answer.Denied(news.why());
        }
        Duration allowed = deadline.or(() -> lessMargin(asked)).orElse(DEFAULT_DEADLINE);
        return drain("the deletion of the pod", allowed);
    }

    private static Optional<Duration> lessMargin(Termination asked) {
        return asked.newest()
                .gracePeriod()
                .map(grace -> grace.compareTo(MARGIN.multipliedBy(2)) > 0 ? grace.minus(MARGIN) : grace.dividedBy(2));
    }

    /** Does the same for a caller that needs no right: the process' own end. */
    public Answer drain(String by) throws InterruptedException {
        return drain(by, deadline.orElse(DEFAULT_DEADLINE));
    }

    private Answer drain(String by, Duration allowed) throws InterruptedException {
        Instant now = clock.get();
        order.accept(new DrainOrder(now, now.plus(allowed), by));
        Instant hopeless = now.plus(allowed).plus(MARGIN);
        Optional<Drain> seen = progress.get();
        while (seen.flatMap(Drain::ended).isEmpty() && clock.get().isBefore(hopeless)) {
            Thread.sleep(LOOK_EVERY);
            seen = progress.get();
        }
        return seen.<Answer>map(Answer.Drained::new).orElse(new Answer.Denied("the loop does not turn"));
    }
}
