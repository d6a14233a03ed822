package dev.pilotlight.replay;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntConsumer;

/** Runs many policies through a scenario, each on a thread of its own; the order and the results do not depend on the threads. */
final class Bench {
    private Bench() {}

    static List<Outcome> run(Scenario scenario, List<Contender> contenders) {
        return run(scenario, contenders, _ -> {});
    }

    /** @param done hears how many are over */
    static List<Outcome> run(Scenario scenario, List<Contender> contenders, IntConsumer done) {
        try (ExecutorService threads =
                Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors())) {
            List<Future<Outcome>> running = contenders.stream()
                    .map(contender -> threads.submit(() -> Replay.run(scenario, contender)))
                    .toList();
            List<Outcome> outcomes = new ArrayList<>();
            for (Future<Outcome> one : running) {
                outcomes.add(one.get());
                done.accept(outcomes.size());
            }
            return outcomes;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof IllegalArgumentException wrong
                    ? wrong
                    : new IllegalStateException(e.getCause());
        }
    }
}
