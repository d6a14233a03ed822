package dev.pilotlight.signal;

import dev.pilotlight.engine.EngineReading.Answered;
import dev.pilotlight.engine.EngineTrack;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * From the engine's readings to the signals: what is learned, and what the engine's process says now.
 *
 * @param load the meter of the process that answers; none while nothing does
 * @param forecast of the load, whatever process serves
 */
public record SignalMeter(Optional<Load> load, Forecast forecast, Optional<Signals> signals) {
    public static final SignalMeter EMPTY = new SignalMeter(Optional.empty(), Forecast.NONE, Optional.empty());

    /** Until a cold start was measured, the forecast is tried at this horizon, and not published. */
    private static final Duration USUAL_COLD_START = Duration.ofMinutes(5);

    public SignalMeter advance(EngineTrack engine, OwnTraffic own, SignalPolicy policy, Outlook outlook) {
        if (engine.numbers().isEmpty()) {
            return load.isEmpty() ? this : new SignalMeter(Optional.empty(), forecast, Optional.empty());
        }
        Answered answered = engine.numbers().get();
        Load next = load.filter(known -> !engine.replaced())
                .map(known -> engine.recounted() || known.listsOtherModels(answered.snapshot())
                        ? known.recounted(answered.at(), answered.snapshot(), own)
                        : known.advance(answered.at(), answered.snapshot(), own, policy))
                .orElseGet(() -> Load.begin(answered.at(), answered.snapshot(), own, policy));
        return load.isPresent() && load.get() == next ? this : with(next, policy, outlook);
    }

    private SignalMeter with(Load next, SignalPolicy policy, Outlook outlook) {
        Signals now = next.signals(policy);
        if (!now.isFinite()) {
            return fresh(next, policy);
        }
        Optional<Duration> horizon = policy.forecastHorizon().or(outlook::coldStart);
        Forecast ahead = forecast.advance(
                next.at(),
                outlook.takesTraffic() ? now.load() : OptionalDouble.empty(),
                outlook.pods(),
                horizon.orElse(USUAL_COLD_START));
        OptionalDouble expected = horizon.isPresent() ? ahead.ahead(now.load().orElse(0)) : OptionalDouble.empty();
        return new SignalMeter(Optional.of(next), ahead, Optional.of(now.withForecast(expected)));
    }

    /** A meter that comes to what is no number would never come to one again: what it has learned is given up. */
    private SignalMeter fresh(Load next, SignalPolicy policy) {
        Load fresh = Load.begin(next.at(), next.last(), next.own(), policy);
        return new SignalMeter(
                Optional.of(fresh), forecast, Optional.of(fresh.signals(policy)).filter(Signals::isFinite));
    }
}
