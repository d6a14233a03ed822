package dev.pilotlight.loop;

import dev.pilotlight.guard.Guard;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BiFunction;
import java.util.function.Function;

/**
 * Reads one source again and again on a thread of its own, never two polls at once, and leaves the newest reading for the loop. A
 * poll that takes longer than the period puts the next one off; none is made up for.
 */
final class Poller<R> {
    private final Duration usual;
    private volatile Duration period;
    private final String name;
    private final Function<Instant, R> source;
    private final BiFunction<Instant, RuntimeException, R> failed;
    private final SteadyClock clock;
    private final R first;
    private final AtomicReference<Polled<R>> newest;
    private final Runnable onNews;
    private final Thread thread;
    private volatile Instant beganAt;
    private volatile Instant finishedAt;
    private volatile boolean stopped;

    /** @param failed the reading where the source threw, which it never should */
    Poller(
            String name,
            Thread.Builder thread,
            Duration period,
            Function<Instant, R> source,
            BiFunction<Instant, RuntimeException, R> failed,
            R first,
            SteadyClock clock,
            Runnable onNews) {
        this.name = name;
        this.usual = period;
        this.period = period;
        this.source = source;
        this.clock = clock;
        this.first = first;
        this.newest = new AtomicReference<>(new Polled<>(first, Duration.ZERO));
        this.onNews = onNews;
        this.failed = failed;
        this.beganAt = clock.now();
        this.finishedAt = beganAt;
        this.thread = thread.unstarted(Guard.guarded(name, () -> stopped, this::run));
    }

    /** A machine on which the process itself took long to start tells nothing of its source. */
    void start() {
        beganAt = clock.now();
        thread.start();
    }

    Polled<R> newest() {
        return newest.get();
    }

    /** From now on, thrice as many polls. */
    void hurry() {
        period = usual.dividedBy(3);
        LockSupport.unpark(thread);
    }

    /** As many as before {@link #hurry}. */
    void rest() {
        period = usual;
    }

    private void run() {
        Instant due = clock.now();
        while (!Thread.currentThread().isInterrupted()) {
            Instant began = clock.now();
            beganAt = began;
            R reading = read(began);
            Instant ended = clock.now();
            finishedAt = ended;
            newest.set(new Polled<>(reading, Duration.between(began, ended)));
            onNews.run();
            due = (due.isAfter(began) ? began : due).plus(period);
            due = due.isAfter(ended) ? due : ended;
            LockSupport.parkNanos(Duration.between(ended, due).toNanos());
        }
    }

    private R read(Instant now) {
        try {
            return source.apply(now);
        } catch (RuntimeException bug) {
            Guard.failed(name, bug);
            return failed.apply(now, bug);
        }
    }

    /** Whether the thread was there, and is there no more. */
    boolean hasEnded() {
        return thread.getState() == Thread.State.TERMINATED;
    }

    /** When the newest poll ended. */
    Instant finishedAt() {
        return finishedAt;
    }

    /** Since when the poll under way has been, where it takes longer than this. */
    Optional<Instant> hangsSince(Duration longerThan, Instant now) {
        Instant began = beganAt;
        boolean isUnderWay =
                finishedAt.isBefore(began) || newest.get().reading() == first && thread.getState() != Thread.State.NEW;
        return isUnderWay && Duration.between(began, now).compareTo(longerThan) > 0
                ? Optional.of(began)
                : Optional.empty();
    }

    /** Ends the polling; a poll that hangs is left behind. */
    void stop() {
        stopped = true;
        thread.interrupt();
    }
}
