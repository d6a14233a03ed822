package dev.pilotlight.signal;

import dev.pilotlight.engine.EngineReading.Answered;
import dev.pilotlight.engine.EngineTrack;
import dev.pilotlight.signal.Load.Learned;
import java.util.Optional;

/**
 * From the engine's readings to the signals: what has been learned, and what the engine's process says now.
 *
 * @param load the meter of the process that answers; none while nothing does
 * @param learned of the processes before it
 */
public record SignalMeter(Optional<Load> load, Learned learned, Optional<Signals> signals) {
    public static final SignalMeter EMPTY = new SignalMeter(Optional.empty(), Learned.NOTHING, Optional.empty());

    public SignalMeter advance(EngineTrack engine, OwnTraffic own, SignalPolicy policy) {
        if (engine.numbers().isEmpty()) {
            return load.isEmpty() ? this : new SignalMeter(Optional.empty(), known(), Optional.empty());
        }
        Answered answered = engine.numbers().get();
        Load next = load.filter(known -> !engine.replaced())
                .map(known -> known.advance(answered.at(), answered.snapshot(), own, policy))
                .orElseGet(() -> Load.begin(answered.at(), answered.snapshot(), own, known()));
        return load.isPresent() && load.get() == next
                ? this
                : new SignalMeter(Optional.of(next), learned, Optional.of(next.signals(policy)));
    }

    private Learned known() {
        return load.map(Load::learned).orElse(learned).afterRestart();
    }
}
