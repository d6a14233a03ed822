package dev.pilotlight.lifecycle;

import dev.pilotlight.engine.CacheConfig;
import dev.pilotlight.engine.EngineReading;
import dev.pilotlight.engine.EngineReading.Answered;
import dev.pilotlight.engine.EngineReading.Pause;
import dev.pilotlight.engine.EngineReading.Unreachable;
import dev.pilotlight.engine.EngineReading.Unreadable;
import dev.pilotlight.engine.EngineSnapshot;
import dev.pilotlight.engine.EngineTrack;
import dev.pilotlight.engine.HealthAnswer;
import dev.pilotlight.engine.Latencies;
import dev.pilotlight.engine.Model;
import dev.pilotlight.engine.Rank;
import dev.pilotlight.engine.Sleep;
import dev.pilotlight.http.Cause;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/** What a poll may have learned in some second, and the track of several. */
final class Readings {
    static final Instant START = Instant.parse("2026-11-30T12:00:00Z");
    static final Model MODEL = new Model("tiny", OptionalInt.empty());
    static final OptionalDouble NONE = OptionalDouble.empty();

    private Readings() {}

    static Instant at(long second) {
        return START.plusSeconds(second);
    }

    static Rank rank(String name, double running, double waiting, OptionalDouble tokens) {
        return new Rank(name, running, waiting, NONE, NONE, tokens, NONE, NONE, NONE, NONE, NONE);
    }

    /** With seven tokens so far. */
    static Rank rank(String name, double running) {
        return rank(name, running, 0, OptionalDouble.of(7));
    }

    /** @param inFlight requests at the API server, where it tracks them */
    static Answered page(long second, HealthAnswer health, OptionalDouble inFlight, Rank... ranks) {
        return page(second, health, Pause.NONE, Optional.of(MODEL), inFlight, ranks);
    }

    static Answered page(
            long second,
            HealthAnswer health,
            Pause pause,
            Optional<Model> model,
            OptionalDouble inFlight,
            Rank... ranks) {
        EngineSnapshot snapshot = new EngineSnapshot(
                List.of(ranks), List.of("tiny"), NONE, CacheConfig.UNKNOWN, Sleep.AWAKE, Latencies.NONE);
        return new Answered(at(second), snapshot, health, model, "", inFlight, pause, "whole");
    }

    static Answered page(long second, Rank... ranks) {
        return page(second, new HealthAnswer.Healthy(), NONE, ranks);
    }

    static Unreachable silent(long second) {
        return new Unreachable(at(second), Cause.TIMED_OUT, "no answer");
    }

    static Unreachable refused(long second) {
        return new Unreachable(at(second), Cause.REFUSED, "refused");
    }

    /** It answers, and has no page to read. */
    static Unreadable unreadable(long second) {
        return unreadable(second, Optional.of(MODEL));
    }

    static Unreadable unreadable(long second, Optional<Model> model) {
        return new Unreadable(at(second), new HealthAnswer.Healthy(), model, Pause.NONE, "no page");
    }

    /** Of an engine that was not looked at before. */
    static EngineTrack track(EngineReading... readings) {
        EngineTrack track = EngineTrack.begin(START.minusSeconds(600));
        for (EngineReading reading : readings) {
            track = track.advance(reading);
        }
        return track;
    }
}
