package dev.pilotlight.loop;

import dev.pilotlight.cluster.Cluster;
import dev.pilotlight.lifecycle.Effect;
import dev.pilotlight.lifecycle.ProbeOutcome;
import dev.pilotlight.lifecycle.WarmUp;
import dev.pilotlight.lifecycle.WarmUpOutcome;
import dev.pilotlight.pod.PatchOutcome;
import java.util.Optional;
import java.util.function.Function;

/**
 * Does the deeds, each on a virtual thread of its own; what came of them is for the next tick. At most one of a kind is out: a step that
 * asks for the next one has given up the last, so that is broken off, and what came of it is told to nobody.
 */
final class EffectRunner {
    private final Deed<Effect.SendWarmUp, WarmUpOutcome> warmUp;
    private final Deed<Effect.SendProbe, ProbeOutcome> probe;
    private final Deed<Effect.PatchPod, PatchOutcome> patch;

    EffectRunner(WarmUp engine, Cluster cluster, Runnable onNews) {
        this(engine::round, engine::probe, wanted -> cluster.patch(wanted.patch(), wanted.attempt()), onNews);
    }

    EffectRunner(
            Function<Effect.SendWarmUp, WarmUpOutcome> round,
            Function<Effect.SendProbe, ProbeOutcome> probe,
            Function<Effect.PatchPod, PatchOutcome> patch,
            Runnable onNews) {
        this.warmUp = new Deed<>("warm-up", round, onNews);
        this.probe = new Deed<>("probe", probe, onNews);
        this.patch = new Deed<>("patch", patch, onNews);
    }

    void run(Effect effect) {
        switch (effect) {
            case Effect.SendWarmUp wanted -> warmUp.start(wanted);
            case Effect.SendProbe wanted -> probe.start(wanted);
            case Effect.PatchPod wanted -> patch.start(wanted);
        }
    }

    Optional<WarmUpOutcome> warmedUp() {
        return warmUp.last();
    }

    Optional<ProbeOutcome> probed() {
        return probe.last();
    }

    Optional<PatchOutcome> patched() {
        return patch.last();
    }

    /** One kind of deed; started and looked at by the loop alone. */
    private static final class Deed<E, O> {
        private final String name;
        private final Function<E, O> how;
        private final Runnable onNews;
        private Run<O> newest;
        private Optional<O> last = Optional.empty();

        Deed(String name, Function<E, O> how, Runnable onNews) {
            this.name = name;
            this.how = how;
            this.onNews = onNews;
        }

        /** Has a place for its own outcome, so that a late one never hides that of its successor. */
        private static final class Run<O> {
            private Thread thread;
            private volatile O outcome;
        }

        void start(E wanted) {
            last = last();
            if (newest != null) {
                newest.thread.interrupt();
            }
            Run<O> run = new Run<>();
            run.thread = Thread.ofVirtual().name(name).unstarted(() -> {
                run.outcome = how.apply(wanted);
                onNews.run();
            });
            newest = run;
            run.thread.start();
        }

        Optional<O> last() {
            return newest == null || newest.outcome == null ? last : Optional.of(newest.outcome);
        }
    }
}
