package dev.pilotlight.loop;

import dev.pilotlight.engine.EngineReading.Answered;
import dev.pilotlight.engine.EngineTrack;
import dev.pilotlight.lifecycle.Phase;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * How long the engine's last start took, as watched from here; empty stages were not watched from their beginning.
 *
 * @param load until a model was listed
 * @param warmUp from then until ready
 * @param longestLoad of all starts seen from here; zero when none was
 */
public record ColdStart(Optional<Duration> load, Optional<Duration> warmUp, Duration longestLoad) {
    /** No engine loads for longer: a start before that is not the process' own. */
    private static final Duration A_DAY = Duration.ofDays(1);

    public static final ColdStart UNKNOWN = new ColdStart(Optional.empty(), Optional.empty(), Duration.ZERO);

    public Optional<Duration> total() {
        return load.isPresent() && warmUp.isPresent() ? Optional.of(load.get().plus(warmUp.get())) : Optional.empty();
    }

    ColdStart advance(Phase before, Phase after, EngineTrack engine, Instant now) {
        if (before == after) {
            return this;
        }
        return switch (after) {
            case Phase.Warming _ when before instanceof Phase.Starting -> loaded(load(engine, now));
            case Phase.Ready _
            when before instanceof Phase.Warming warming ->
                new ColdStart(load, Optional.of(Duration.between(warming.since(), now)), longestLoad);
            case Phase.Starting _,
                    Phase.Warming _,
                    Phase.Ready _,
                    Phase.Suspended _,
                    Phase.Draining _,
                    Phase.Failed _ -> this;
        };
    }

    private ColdStart loaded(Optional<Duration> took) {
        Duration longest = took.filter(it -> it.compareTo(longestLoad) > 0).orElse(longestLoad);
        return new ColdStart(took, Optional.empty(), longest);
    }

    /** From the process' own start where its page says it, else from when the wait for it began. */
    private static Optional<Duration> load(EngineTrack engine, Instant now) {
        if (!engine.sawItStart()) {
            return Optional.empty();
        }
        OptionalDouble start = engine.latest() instanceof Answered answered
                ? answered.snapshot().processStart()
                : OptionalDouble.empty();
        Optional<Duration> ofProcess = start.isPresent()
                ? Optional.of(Duration.between(Instant.ofEpochMilli(Math.round(start.getAsDouble() * 1000)), now))
                        .filter(took -> took.compareTo(A_DAY) < 0)
                : Optional.empty();
        Duration took = ofProcess.orElse(Duration.between(engine.goneSince(), now));
        return took.isNegative() ? Optional.empty() : Optional.of(took);
    }
}
