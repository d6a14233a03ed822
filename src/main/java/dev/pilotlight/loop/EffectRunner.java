package dev.pilotlight.loop;

import dev.pilotlight.cluster.Cluster;
import dev.pilotlight.guard.Guard;
import dev.pilotlight.lifecycle.Effect;
import dev.pilotlight.lifecycle.ProbeOutcome;
import dev.pilotlight.lifecycle.Refusal;
import dev.pilotlight.lifecycle.WarmUp;
import dev.pilotlight.lifecycle.WarmUpOutcome;
import dev.pilotlight.pod.metadata.PatchOutcome;
import dev.pilotlight.pod.metadata.PatchPod;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Runs the effects, each on a virtual thread of its own; what came of them is for the next tick. At most one of a kind is out: a step that
 * asks for the next one has given up the last, so that is broken off, and what came of it is told to nobody.
 */
final class EffectRunner {
    private static final Duration AFTER_A_BUG = Duration.ofMinutes(1);

    private final EffectSlot<Effect.SendWarmUp, WarmUpOutcome> warmUp;
    private final EffectSlot<Effect.SendProbe, ProbeOutcome> probe;
    private final EffectSlot<PatchPod, PatchOutcome> patch;

    EffectRunner(WarmUp engine, Cluster cluster, Supplier<Instant> clock, Runnable onNews) {
        this(engine::round, engine::probe, wanted -> cluster.patch(wanted.patch(), wanted.attempt()), clock, onNews);
    }

    EffectRunner(
            Function<Effect.SendWarmUp, WarmUpOutcome> round,
            Function<Effect.SendProbe, ProbeOutcome> probe,
            Function<PatchPod, PatchOutcome> patch,
            Supplier<Instant> clock,
            Runnable onNews) {
        this.warmUp = new EffectSlot<>(
                "warm-up",
                round,
                (wanted, bug) ->
                        new WarmUpOutcome.Lost(wanted.attempt(), clock.get(), "the request failed here: " + bug),
                onNews);
        this.probe = new EffectSlot<>(
                "probe",
                probe,
                (wanted, bug) -> new ProbeOutcome.Refused(
                        wanted.attempt(), clock.get(), Refusal.BROKEN, "the request failed here: " + bug),
                onNews);
        this.patch = new EffectSlot<>(
                "patch",
                patch,
                (wanted, bug) -> new PatchOutcome.Failed(
                        wanted.attempt(), clock.get().plus(AFTER_A_BUG), false, "the patch failed here: " + bug),
                onNews);
    }

    void run(Effect effect) {
        switch (effect) {
            case Effect.SendWarmUp wanted -> warmUp.start(wanted);
            case Effect.SendProbe wanted -> probe.start(wanted);
        }
    }

    void run(PatchPod wanted) {
        patch.start(wanted);
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

    /** One kind of effect; started and looked at by the loop alone. */
    private static final class EffectSlot<E, O> {
        private final String name;
        private final Function<E, O> how;
        private final BiFunction<E, RuntimeException, O> failed;
        private final Runnable onNews;
        private Run<O> newest;
        private Optional<O> last = Optional.empty();

        EffectSlot(String name, Function<E, O> how, BiFunction<E, RuntimeException, O> failed, Runnable onNews) {
            this.name = name;
            this.how = how;
            this.failed = failed;
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
            run.thread = Thread.ofVirtual().name(name).unstarted(Guard.once(name, () -> {
                run.outcome = outcome(wanted);
                onNews.run();
            }));
            newest = run;
            run.thread.start();
        }

        /** Something comes of it in any case: whoever waits for it would wait for good. */
        private O outcome(E wanted) {
            try {
                return how.apply(wanted);
            } catch (RuntimeException bug) {
                Guard.failed(name, bug);
                return failed.apply(wanted, bug);
            }
        }

        Optional<O> last() {
            return newest == null || newest.outcome == null ? last : Optional.of(newest.outcome);
        }
    }
}
