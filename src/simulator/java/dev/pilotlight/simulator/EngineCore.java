package dev.pilotlight.simulator;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;

/** Lets the batches of an engine run in real time: one thread that sleeps until the next step ends, and tells the waiting handlers. */
final class EngineCore implements AutoCloseable {
    /** What a rank waits for before it hangs. */
    enum Hang {
        NEVER,
        NOW,
        WHEN_BUSY,
        WHEN_IDLE
    }

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition news = lock.newCondition();
    private final Condition goesOn = lock.newCondition();
    private final List<Batch> batches = new ArrayList<>();
    private final Hang[] hangs;
    private final List<Ticket> tickets = new ArrayList<>();
    private final double speed;
    private final long origin = System.nanoTime();
    private boolean dead;
    private Batch.Gate gate = Batch.Gate.OPEN;
    private Sleep sleep = Sleep.AWAKE;

    EngineCore(Profile profile, int ranks, double speed) {
        this.speed = speed;
        this.hangs = new Hang[ranks];
        for (int i = 0; i < ranks; i++) {
            batches.add(new Batch(profile));
            hangs[i] = Hang.NEVER;
        }
        Thread.ofPlatform().daemon().name("simulated-engine-core").start(this::run);
    }

    private long now() {
        return (long) ((System.nanoTime() - origin) * speed);
    }

    private void run() {
        lock.lock();
        try {
            while (!dead) {
                long next = Long.MAX_VALUE;
                for (int i = 0; i < batches.size(); i++) {
                    Batch batch = batches.get(i);
                    batch.advanceTo(now());
                    hangIfDue(i);
                    next = Math.min(next, batch.nextEventNanos());
                }
                tell();
                if (next == Long.MAX_VALUE) {
                    news.await();
                } else {
                    news.awaitNanos(Math.max(1, (long) ((next - now()) / speed)));
                }
            }
        } catch (InterruptedException _) {
            dead = true; // nobody interrupts this thread but the end of the machine
        } finally {
            tickets.forEach(ticket -> ticket.tell(0, Finish.ERROR));
            tickets.clear();
            goesOn.signalAll();
            lock.unlock();
        }
    }

    private void tell() {
        tickets.removeIf(ticket -> {
            Sequence sequence = ticket.sequence;
            boolean ended = sequence.stage == Sequence.Stage.ENDED;
            ticket.tell(batches.get(ticket.rank).generated(sequence), ended ? sequence.finish : null);
            return ended;
        });
    }

    private void hangIfDue(int rank) {
        Batch batch = batches.get(rank);
        boolean due =
                switch (hangs[rank]) {
                    case NEVER -> false;
                    case NOW -> true;
                    case WHEN_BUSY -> batch.running() > 0;
                    case WHEN_IDLE -> batch.running() + batch.waiting() == 0;
                };
        if (due && !batch.isHung()) {
            batch.hang(now());
        }
    }

    /** Hands a request to a rank, or to the least busy one if {@code rank} is negative; null when the core is dead. */
    Ticket submit(int rank, Request request) {
        return with(engines -> {
            if (dead) {
                return null;
            }
            int chosen = rank >= 0 ? rank : leastBusy();
            Ticket ticket = new Ticket(chosen, engines.get(chosen).submit(request, now()));
            tickets.add(ticket);
            return ticket;
        });
    }

    private int leastBusy() {
        int best = 0;
        for (int i = 1; i < batches.size(); i++) {
            if (busy(i) < busy(best)) {
                best = i;
            }
        }
        return best;
    }

    /** vLLM's own measure: a waiting request weighs four running ones. */
    private int busy(int rank) {
        return batches.get(rank).running() + 4 * batches.get(rank).waiting();
    }

    void abort(Ticket ticket) {
        with(engines -> {
            engines.get(ticket.rank).abort(ticket.sequence, now());
            return null;
        });
    }

    /** Reads or changes the batches while the time stands still, then looks again at what is due. */
    <T> T with(Function<List<Batch>, T> action) {
        lock.lock();
        try {
            T result = action.apply(batches);
            news.signal();
            return result;
        } finally {
            lock.unlock();
        }
    }

    /** Arms a hang of one rank, or of all if {@code rank} is negative. */
    void hang(int rank, Hang hang) {
        with(engines -> {
            for (int i = 0; i < engines.size(); i++) {
                if (rank < 0 || rank == i) {
                    hangs[i] = hang;
                    if (hang == Hang.NOW) {
                        hangIfDue(i);
                    }
                }
            }
            return null;
        });
    }

    /** Ends every hang. */
    void unhang() {
        with(engines -> {
            for (int i = 0; i < engines.size(); i++) {
                hangs[i] = Hang.NEVER;
                if (engines.get(i).isHung()) {
                    engines.get(i).unhang(now());
                }
            }
            goesOn.signalAll();
            return null;
        });
    }

    /** Waits as long as any rank hangs: what an answer that needs a round trip to the engine core does. */
    void roundTrip() throws InterruptedException {
        lock.lock();
        try {
            while (!dead && batches.stream().anyMatch(Batch::isHung)) {
                goesOn.await();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Pauses or resumes: {@code abort} ends all that is in flight first. */
    void setGate(Batch.Gate wanted, boolean abort) {
        with(engines -> {
            gate = wanted;
            for (Batch engine : engines) {
                if (abort) {
                    engine.abortAll(now());
                }
                engine.setGate(wanted, now());
            }
            return null;
        });
    }

    /** Puts the engines to sleep or wakes them: asleep they take nothing up. */
    void setSleep(Sleep wanted) {
        setGate(wanted == Sleep.AWAKE ? Batch.Gate.OPEN : Batch.Gate.FROZEN, wanted != Sleep.AWAKE);
        with(_ -> sleep = wanted);
    }

    /** Waits until nothing is in flight but what the gate holds back. */
    void awaitDrained() throws InterruptedException {
        while (!with(engines -> dead || engines.stream().allMatch(Batch::isDrained))) {
            Thread.sleep(5);
        }
    }

    Batch.Gate gate() {
        return with(_ -> gate);
    }

    Sleep sleep() {
        return with(_ -> sleep);
    }

    /** Requests in flight, also those that no gauge shows. */
    int inFlight() {
        return with(_ -> tickets.size());
    }

    boolean isDead() {
        return with(_ -> dead);
    }

    /** The engine core ends: everything in flight fails, the numbers stand still. */
    @Override
    public void close() {
        with(_ -> dead = true);
    }
}
