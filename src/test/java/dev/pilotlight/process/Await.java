package dev.pilotlight.process;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;

/** Looks again and again until something is so, or a deadline has passed: then it says what was seen last. */
public final class Await {
    private static final Duration PAUSE = Duration.ofMillis(50);

    private Await() {}

    public static <T> T until(String what, Duration within, Callable<T> look, Predicate<T> isSo) {
        long deadline = System.nanoTime() + within.toNanos();
        Object last;
        do {
            try {
                T seen = look.call();
                if (isSo.test(seen)) {
                    return seen;
                }
                last = seen;
            } catch (Hopeless now) {
                throw now;
            } catch (Exception failed) {
                last = failed;
            }
            LockSupport.parkNanos(PAUSE.toNanos());
        } while (System.nanoTime() < deadline);
        throw new AssertionError(what + ": not so within " + within.toSeconds() + " s; seen last: " + last);
    }

    public static void until(String what, Duration within, Callable<Boolean> isSo) {
        until(what, within, isSo, Boolean::booleanValue);
    }

    /** Further waiting is in vain. */
    public static final class Hopeless extends RuntimeException {
        private static final long serialVersionUID = 1;

        public Hopeless(String why) {
            super(why);
        }
    }
}
