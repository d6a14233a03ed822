package dev.pilotlight.loop;

import dev.pilotlight.lifecycle.Effect;
import dev.pilotlight.lifecycle.WarmUp;
import dev.pilotlight.lifecycle.WarmUpOutcome;
import dev.pilotlight.signal.OwnTraffic;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;

/** Does the deeds, each on a virtual thread of its own, at most one of a kind at a time; what came of them is for the next tick. */
final class EffectRunner {
    private final WarmUp warmUp;
    private final SteadyClock clock;
    private final Runnable onNews;
    private final AtomicInteger inFlight = new AtomicInteger();
    private final AtomicLong sent = new AtomicLong();
    private final AtomicReference<Instant> lastEnd = new AtomicReference<>(Instant.MIN);
    private final AtomicReference<WarmUpOutcome> warmedUp = new AtomicReference<>();

    EffectRunner(WarmUp warmUp, SteadyClock clock, Runnable onNews) {
        this.warmUp = warmUp;
        this.clock = clock;
        this.onNews = onNews;
    }

    void run(Effect effect) {
        switch (effect) {
            case Effect.SendWarmUp wanted -> sendWarmUp(wanted);
        }
    }

    /** A new attempt is asked for only after the last one ended, or after the process that it went to is gone: then it is lost. */
    private void sendWarmUp(Effect.SendWarmUp wanted) {
        sent.incrementAndGet();
        inFlight.incrementAndGet();
        Thread.ofVirtual().name("warm-up-" + wanted.attempt()).start(() -> {
            WarmUpOutcome outcome = warmUp.send(wanted, clock::now);
            lastEnd.set(outcome.at());
            inFlight.decrementAndGet();
            warmedUp.set(outcome);
            onNews.run();
        });
    }

    Optional<WarmUpOutcome> warmedUp() {
        return Optional.ofNullable(warmedUp.get());
    }

    /** Own requests as the engine saw them at {@code reading}: one that ended since then was still in flight. */
    OwnTraffic own(Instant reading) {
        int now = inFlight.get();
        return new OwnTraffic(sent.get(), now == 0 && lastEnd.get().isAfter(reading) ? 1 : now);
    }
}
