package dev.pilotlight.node;

import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/** One of several that run beside each other, each in a namespace of its own: most of their time is the kubelet's waiting. */
final class Scenario<T> {
    private final FutureTask<T> task;

    private Scenario(FutureTask<T> task) {
        this.task = task;
    }

    /** Begins it on a platform thread, which joins the network of the thread that starts it. */
    static <T> Scenario<T> begin(String name, Callable<T> course) {
        FutureTask<T> task = new FutureTask<>(course);
        Thread.ofPlatform().daemon().name(name).start(task);
        return new Scenario<>(task);
    }

    /** Its end; fails as it failed. */
    T end() throws Exception {
        try {
            return task.get();
        } catch (ExecutionException failed) {
            switch (failed.getCause()) {
                case Error error -> throw error;
                case Exception exception -> throw exception;
                default -> throw failed;
            }
        }
    }
}
