package dev.pilotlight.signal;

import dev.pilotlight.engine.EngineReading.Answered;
import dev.pilotlight.engine.EngineTrack;
import java.util.Optional;

/** From the engine's readings to the signals: what has been learned of this process, and what it says now. */
public record SignalMeter(Optional<Load> load, Optional<Signals> signals) {
    public static final SignalMeter EMPTY = new SignalMeter(Optional.empty(), Optional.empty());

    public SignalMeter advance(EngineTrack engine, OwnTraffic own, SignalPolicy policy) {
        if (engine.numbers().isEmpty()) {
            return EMPTY;
        }
        Answered answered = engine.numbers().get();
        Load next = load.filter(known -> !engine.replaced())
                .map(known -> known.advance(answered.at(), answered.snapshot(), own))
                .orElseGet(() -> Load.begin(answered.at(), answered.snapshot(), own));
        return load.isPresent() && load.get() == next
                ? this
                : new SignalMeter(Optional.of(next), Optional.of(next.signals(answered.snapshot(), policy)));
    }
}
