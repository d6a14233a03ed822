package dev.pilotlight.loop;

import dev.pilotlight.lifecycle.Effect;
import dev.pilotlight.lifecycle.ProbeOutcome;
import dev.pilotlight.lifecycle.WarmUp;
import dev.pilotlight.lifecycle.WarmUpOutcome;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;

/**
 * Does the deeds, each on a virtual thread of its own; what came of them is for the next tick. At most one of a kind is out: a step asks
 * for the next only after it saw the outcome of the last, and a new process of the engine breaks off what went to the old one.
 */
final class EffectRunner {
    private final WarmUp warmUp;
    private final Runnable onNews;
    private final AtomicReference<WarmUpOutcome> warmedUp = new AtomicReference<>();
    private final AtomicReference<ProbeOutcome> probed = new AtomicReference<>();

    EffectRunner(WarmUp warmUp, Runnable onNews) {
        this.warmUp = warmUp;
        this.onNews = onNews;
    }

    void run(Effect effect) {
        switch (effect) {
            case Effect.SendWarmUp wanted -> start("warm-up-" + wanted.attempt(), warmedUp, () -> warmUp.round(wanted));
            case Effect.SendProbe wanted -> start("probe-" + wanted.attempt(), probed, () -> warmUp.probe(wanted));
        }
    }

    private <T> void start(String name, AtomicReference<T> outcome, Supplier<T> deed) {
        Thread.ofVirtual().name(name).start(() -> {
            outcome.set(deed.get());
            onNews.run();
        });
    }

    Optional<WarmUpOutcome> warmedUp() {
        return Optional.ofNullable(warmedUp.get());
    }

    Optional<ProbeOutcome> probed() {
        return Optional.ofNullable(probed.get());
    }
}
