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
import dev.pilotlight.pod.metadata.MetadataTrack;
import dev.pilotlight.pool.role.Role;
import dev.pilotlight.pool.role.RoleTrack;
import dev.pilotlight.signal.Signals;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Function;

/**
 * All that is shown to the outside, from one tick: probes, metrics and the API read this and nothing else. The groups are those of the
 * memory; below are the parts of them that are asked for most.
 *
 * @param state of the engine
 * @param signals from the newest numbers; ask {@link #freshSignals} before publishing them
 */
public record Picture(
        Freshness freshness,
        EngineState state,
        GpuTrack gpu,
        PoolState pool,
        MetadataTrack metadata,
        Optional<Signals> signals,
        Optional<Drain> drain,
        PollTally polls) {

    public static Picture first(Instant now, Policy policy) {
        return of(Memory.begin(now), now, policy);
    }

    static Picture of(Memory memory, Instant now, Policy policy) {
        return new Picture(
                new Freshness(now, policy.staleAfter(), policy.gpuStaleAfter()),
                memory.engine(),
                memory.gpu(),
                memory.pool(),
                memory.metadata(),
                published(memory, policy),
                memory.drain(),
                memory.polls());
    }

    /** A load is a promise about a pod that takes traffic: none is made before it is ready. */
    private static Optional<Signals> published(Memory memory, Policy policy) {
        return memory.signal()
                .signals()
                .map(known -> withGpus(known, memory.gpu(), policy.gpuStaleAfter()))
                .map(known -> switch (memory.engine().phase()) {
                    case Phase.Ready _, Phase.Draining _ -> known;
                    case Phase.Starting _, Phase.Warming _, Phase.Suspended _, Phase.Failed _ -> known.withoutLoad();
                });
    }

    /** The busiest and the fullest of our GPUs; absent when they were not read lately. */
    private static Signals withGpus(Signals signals, GpuTrack gpu, Duration staleAfter) {
        List<Device> ours = gpu.ours(signals.at(), staleAfter);
        if (ours.isEmpty()) {
            return signals;
        }
        return signals.withGpu(
                most(ours, device -> device.gauges().utilizationRatio()),
                most(ours, device -> device.gauges().memoryUsedRatio()));
    }

    private static OptionalDouble most(List<Device> of, Function<Device, OptionalDouble> gauge) {
        return of.stream()
                .map(gauge)
                .filter(OptionalDouble::isPresent)
                .mapToDouble(OptionalDouble::getAsDouble)
                .max();
    }

    public Instant at() {
        return freshness.at();
    }

    public EngineTrack engine() {
        return state.track();
    }

    public Phase phase() {
        return state.phase();
    }

    public Progress progress() {
        return state.progress();
    }

    public Conditions conditions() {
        return state.conditions();
    }

    public RoleTrack roles() {
        return pool.role();
    }

    public ClusterView cluster() {
        return pool.cluster();
    }

    /** What the pod should do; only a ready one has a role. */
    public Optional<Role> role() {
        return pool.role().role();
    }

    /** How long ago the engine answered anything; empty when it never did. */
    public Optional<Duration> engineAge(Instant now) {
        return engine().answeredAt().map(answered -> age(answered, now));
    }

    /** Whether the newest poll got an answer, and is not stale. */
    public boolean engineAnswers(Instant now) {
        return switch (engine().latest()) {
            case EngineReading.Answered _, EngineReading.Unreadable _ -> engineIsFresh(now);
            case EngineReading.NotYet _, EngineReading.Unreachable _ -> false;
        };
    }

    /** Whether the engine answered lately enough to go by. */
    public boolean engineIsFresh(Instant now) {
        return engineAge(now)
                .filter(age -> age.compareTo(freshness.engine()) <= 0)
                .isPresent();
    }

    /** This pod's GPUs, unless they were not read lately. */
    public List<Device> freshGpus(Instant now) {
        return gpu.ours(now, freshness.gpu());
    }

    /** How long ago the GPUs were read with success; empty when they never were. */
    public Optional<Duration> gpuAge(Instant now) {
        return gpu.devices().map(seen -> age(seen.at(), now));
    }

    /** The signals, unless their source is stale or gone. */
    public Optional<Signals> freshSignals(Instant now) {
        return signals.filter(known -> age(known.at(), now).compareTo(freshness.engine()) <= 0);
    }

    /** The numbers that the engine gave last, unless they are stale or it is gone. */
    public Optional<Answered> freshNumbers(Instant now) {
        return engine().numbers().filter(numbers -> age(numbers.at(), now).compareTo(freshness.engine()) <= 0);
    }

    /** Why there are no fresh signals, for people. */
    public String whyNoSignals(Instant now) {
        return switch (engine().latest()) {
            case EngineReading.NotYet _ -> "the engine was not asked yet";
            case EngineReading.Answered answered
            when age(answered.at(), now).compareTo(freshness.engine()) > 0 ->
                "its last metrics page is of " + answered.at() + ", and no poll has ended since";
            case EngineReading.Answered _
            when phase() instanceof Phase.Ready -> "none can be computed from the newest metrics page";
            case EngineReading.Answered _ -> "the phase is " + phase().word() + ": a load is published when ready";
            case EngineReading.Unreadable unreadable -> unreadable.why();
            case EngineReading.Unreachable unreachable -> unreachable.why();
        };
    }

    private static Duration age(Instant then, Instant now) {
        Duration age = Duration.between(then, now);
        return age.isNegative() ? Duration.ZERO : age;
    }
}
