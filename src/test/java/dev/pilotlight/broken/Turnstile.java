package dev.pilotlight.broken;

import java.util.concurrent.locks.ReentrantLock;

/** Locks in every way that there is. */
public final class Turnstile {
    private final ReentrantLock lock = new ReentrantLock();
    private int passed;

    public synchronized int guarded() {
        return passed;
    }

    public void inside() {
        synchronized (lock) {
            passed++;
        }
    }

    public void locked() {
        lock.lock();
        lock.unlock();
    }
}
