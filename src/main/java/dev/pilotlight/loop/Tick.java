package dev.pilotlight.loop;

import dev.pilotlight.engine.EngineReading;
import dev.pilotlight.engine.EngineTrack;
import dev.pilotlight.lifecycle.Lifecycle;
import dev.pilotlight.lifecycle.Phase;
import dev.pilotlight.lifecycle.Seen;
import dev.pilotlight.lifecycle.Step;
import dev.pilotlight.pool.RoleTrack;
import dev.pilotlight.signal.OwnTraffic;
import dev.pilotlight.signal.SignalMeter;
import dev.pilotlight.signal.Signals;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalDouble;

/** One turn of the machine: total, deterministic, without I/O. The replay bench and the simulation tests call this very function. */
public final class Tick {
    private final Policy policy;
    private final Lifecycle lifecycle;

    public Tick(Policy policy) {
        this.policy = policy;
        this.lifecycle = new Lifecycle(policy.lifecycle());
    }

    public Turn advance(Memory memory, Observation observation, Instant now) {
        EngineTrack engine = memory.engine().advance(observation.engine().reading());
        boolean isNews =
                engine != memory.engine() && engine.latest() != memory.engine().latest();
        long sentBefore =
                engine.replaced() ? observation.own().sent() - observation.own().inFlight() : memory.sentBefore();
        OwnTraffic own = new OwnTraffic(
                observation.own().sent() - sentBefore, observation.own().inFlight());

        Step step = lifecycle.step(
                memory.phase(),
                new Seen(engine, servedOthers(engine, own), observation.warmUp(), observation.drainAsked()),
                now);
        RoleTrack role = memory.role().advance(step.phase(), engine, own, policy.standbyAfter(), now);
        SignalMeter signal = memory.signal().advance(engine, own, policy.signal());
        ColdStart coldStart = memory.coldStart().advance(memory.phase(), step.phase(), engine, now);
        PollTally polls = isNews
                ? memory.polls()
                        .add(
                                "engine",
                                outcome(engine.latest()),
                                observation.engine().took())
                : memory.polls();

        Memory next = new Memory(engine, step.phase(), role, signal, coldStart, polls, sentBefore);
        return new Turn(next, picture(next, now, policy), step.effects());
    }

    static Picture picture(Memory memory, Instant now, Policy policy) {
        return new Picture(
                now,
                memory.engine(),
                memory.phase(),
                memory.role().role(),
                signals(memory),
                memory.coldStart(),
                memory.polls(),
                policy.staleAfter());
    }

    /** A load is a promise about a pod that takes traffic: none is made before it is ready. */
    private static Optional<Signals> signals(Memory memory) {
        return memory.signal().signals().map(known -> switch (memory.phase()) {
            case Phase.Ready _, Phase.Draining _ -> known;
            case Phase.Starting _, Phase.Warming _, Phase.Suspended _, Phase.Failed _ -> known.withoutLoad();
        });
    }

    private static boolean servedOthers(EngineTrack engine, OwnTraffic own) {
        OptionalDouble successes =
                engine.numbers().map(numbers -> numbers.snapshot().successes()).orElse(OptionalDouble.empty());
        return successes.isPresent() && successes.getAsDouble() > own.sent();
    }

    private static String outcome(EngineReading reading) {
        return switch (reading) {
            case EngineReading.NotYet _ -> "none";
            case EngineReading.Answered _ -> "answered";
            case EngineReading.Unreadable _ -> "unreadable";
            case EngineReading.Unreachable _ -> "unreachable";
        };
    }
}
