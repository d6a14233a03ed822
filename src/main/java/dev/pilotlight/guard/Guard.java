package dev.pilotlight.guard;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.IntConsumer;
import org.jboss.logging.Logger;

/**
 * What every thread of ours runs under. A failure is logged once for each distinct cause, and after a pause the thread goes on. After what
 * leaves the process in an unknown state (no memory, a class that cannot be loaded) the process ends, and the kubelet starts it again: a
 * process that answers its probes and does nothing else would not be.
 */
public final class Guard {
    /** EX_SOFTWARE of sysexits.h. */
    public static final int EXIT_CODE = 70;

    private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(30);
    private static final int MOST_CAUSES = 64;

    private static final Logger LOG = Logger.getLogger("pilotlight");
    private static final Guard PROCESS = new Guard(FIRST_PAUSE, Runtime.getRuntime()::halt);

    private final Duration firstPause;
    private final IntConsumer exit;
    private final Set<String> logged = ConcurrentHashMap.newKeySet();

    Guard(Duration firstPause, IntConsumer exit) {
        this.firstPause = firstPause;
        this.exit = exit;
    }

    /**
     * What a thread is to run: the work, again and again until it returns.
     *
     * @param name of the thread, for people
     * @param over whether the thread is to end: a failure is not followed by another attempt then
     */
    public static Runnable guarded(String name, BooleanSupplier over, Runnable work) {
        return () -> PROCESS.run(name, over, work);
    }

    /** The same of work that is done once. */
    public static Runnable once(String name, Runnable work) {
        return guarded(name, () -> true, work);
    }

    /** Notes a failure in what the thread goes on with by itself; does not return from an error that ends the process. */
    public static void failed(String name, Throwable failure) {
        PROCESS.note(name, failure);
    }

    void run(String name, BooleanSupplier over, Runnable work) {
        int failures = 0;
        while (true) {
            try {
                work.run();
                return;
            } catch (Throwable failure) {
                note(name, failure);
                if (over.getAsBoolean()) {
                    return;
                }
                failures = Math.min(failures + 1, 10);
                pause(failures);
            }
        }
    }

    private void pause(int failures) {
        long nanos = firstPause.toNanos() << failures - 1;
        LockSupport.parkNanos(Math.min(nanos, LONGEST_PAUSE.toNanos()));
    }

    void note(String name, Throwable failure) {
        if (endsTheProcess(failure)) {
            end(name, failure);
            return;
        }
        if (logged.size() < MOST_CAUSES && logged.add(name + cause(failure))) {
            LOG.errorf(failure, "%s failed and goes on; please report this", name);
        }
    }

    /** A stack that was too deep is that of one input; other errors are of the process. */
    private static boolean endsTheProcess(Throwable failure) {
        return failure instanceof Error && !(failure instanceof StackOverflowError);
    }

    private static String cause(Throwable failure) {
        StackTraceElement[] stack = failure.getStackTrace();
        return failure.getClass().getName() + (stack.length == 0 ? "" : stack[0]);
    }

    /** Without the log and without shutdown hooks: both may need what there is no more of. */
    private void end(String name, Throwable error) {
        try {
            System.err.println("pilotlight ends with exit code " + EXIT_CODE + ": " + name + " cannot go on after "
                    + error + "; the kubelet starts it again");
        } finally {
            exit.accept(EXIT_CODE);
        }
    }
}
