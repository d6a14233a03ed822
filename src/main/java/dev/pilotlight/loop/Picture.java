package dev.pilotlight.loop;

import dev.pilotlight.cluster.ClusterView;
import dev.pilotlight.drain.Drain;
import dev.pilotlight.engine.EngineReading;
import dev.pilotlight.engine.EngineReading.Answered;
import dev.pilotlight.engine.EngineTrack;
import dev.pilotlight.gpu.readings.Device;
import dev.pilotlight.lifecycle.Conditions;
import dev.pilotlight.lifecycle.Phase;
import dev.pilotlight.lifecycle.Progress;
import dev.pilotlight.lifecycle.Rejections;
import dev.pilotlight.lifecycle.Round;
import dev.pilotlight.pool.role.Role;
import dev.pilotlight.pool.role.RoleTrack;
import dev.pilotlight.signal.Signals;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * All that is shown to the outside, from one tick: probes, metrics and the API read this and nothing else.
 *
 * @param at of the tick
 * @param conditions that stand: what is held against the engine, or said of it
 * @param rejections requests that the engine turned away
 * @param rounds of the warm-up under way, or of the last one
 * @param markTrouble why the pod's labels can not be written; empty when they can
 * @param signals from the newest numbers; ask {@link #freshSignals} before publishing them
 */
public record Picture(
        Instant at,
        EngineTrack engine,
        GpuTrack gpu,
        Phase phase,
        Progress progress,
        Conditions conditions,
        Rejections rejections,
        List<Round> rounds,
        RoleTrack roles,
        Optional<Signals> signals,
        ColdStart coldStart,
        Optional<Drain> drain,
        ClusterView cluster,
        Optional<String> markTrouble,
        PollTally polls,
        Duration staleAfter,
        Duration gpuStaleAfter) {

    public static Picture first(Instant now, Policy policy) {
        return Tick.picture(Memory.begin(now), now, policy);
    }

    /** What the pod should do; only a ready one has a role. */
    public Optional<Role> role() {
        return roles.role();
    }

    /** How long ago the engine answered anything; empty when it never did. */
    public Optional<Duration> engineAge(Instant now) {
        return engine.answeredAt().map(answered -> age(answered, now));
    }

    /** Whether the newest poll got an answer, and is not stale. */
    public boolean engineAnswers(Instant now) {
        return switch (engine.latest()) {
            case EngineReading.Answered _, EngineReading.Unreadable _ -> engineIsFresh(now);
            case EngineReading.NotYet _, EngineReading.Unreachable _ -> false;
        };
    }

    /** Whether the engine answered lately enough to go by. */
    public boolean engineIsFresh(Instant now) {
        return engineAge(now).filter(age -> age.compareTo(staleAfter) <= 0).isPresent();
    }

    /** This pod's GPUs, unless they were not read lately. */
    public List<Device> freshGpus(Instant now) {
        return gpu.ours(now, gpuStaleAfter);
    }

    /** How long ago the GPUs were read with success; empty when they never were. */
    public Optional<Duration> gpuAge(Instant now) {
        return gpu.devices().map(seen -> age(seen.at(), now));
    }

    /** The signals, unless their source is stale or gone. */
    public Optional<Signals> freshSignals(Instant now) {
        return signals.filter(known -> age(known.at(), now).compareTo(staleAfter) <= 0);
    }

    /** The numbers that the engine gave last, unless they are stale or it is gone. */
    public Optional<Answered> freshNumbers(Instant now) {
        return engine.numbers().filter(numbers -> age(numbers.at(), now).compareTo(staleAfter) <= 0);
    }

    /** Why there are no fresh signals, for people. */
    public String whyNoSignals() {
        return switch (engine.latest()) {
            case EngineReading.NotYet _ -> "the engine was not asked yet";
            case EngineReading.Answered _ -> "the phase is " + phase.word() + ": a load is published when ready";
            case EngineReading.Unreadable unreadable -> unreadable.why();
            case EngineReading.Unreachable unreachable -> unreachable.why();
        };
    }

    private static Duration age(Instant then, Instant now) {
        Duration age = Duration.between(then, now);
        return age.isNegative() ? Duration.ZERO : age;
    }
}
