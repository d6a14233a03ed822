package dev.pilotlight.loop;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;

/**
 * Reads one source again and again on a thread of its own, never two polls at once, and leaves the newest reading for the loop. A
 * poll that takes longer than the period puts the next one off; none is made up for.
 */
final class Poller<R> {
    private volatile Duration period;
    private final Function<Instant, R> source;
    private final SteadyClock clock;
    private final AtomicReference<Polled<R>> newest;
    private final Runnable onNews;
    private final Thread thread;

    Poller(
            Thread.Builder thread,
            Duration period,
            Function<Instant, R> source,
            R first,
            SteadyClock clock,
            Runnable onNews) {
        this.period = period;
        this.source = source;
        this.clock = clock;
        this.newest = new AtomicReference<>(new Polled<>(first, Duration.ZERO));
        this.onNews = onNews;
        this.thread = thread.unstarted(this::run);
    }

    void start() {
        thread.start();
    }

    Polled<R> newest() {
        return newest.get();
    }

    /** From now on, thrice as many polls. */
    void hurry() {
        period = period.dividedBy(3);
        LockSupport.unpark(thread);
    }

    private void run() {
        Instant due = clock.now();
        while (!Thread.currentThread().isInterrupted()) {
            Instant began = clock.now();
            R reading = source.apply(began);
            Instant ended = clock.now();
            newest.set(new Polled<>(reading, Duration.between(began, ended)));
            onNews.run();
            due = (due.isAfter(began) ? began : due).plus(period);
            due = due.isAfter(ended) ? due : ended;
            LockSupport.parkNanos(Duration.between(ended, due).toNanos());
        }
    }

    /** Ends the polling; a poll that hangs is left behind. */
    void stop() {
        thread.interrupt();
    }
}
