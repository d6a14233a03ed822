package dev.pilotlight.loop;

import dev.pilotlight.cluster.ClusterView;
import dev.pilotlight.drain.Drain;
import dev.pilotlight.engine.EngineReading;
import dev.pilotlight.engine.EngineTrack;
import dev.pilotlight.engine.Model;
import dev.pilotlight.gpu.readings.Device;
import dev.pilotlight.gpu.readings.GpuReading;
import dev.pilotlight.http.Cause;
import dev.pilotlight.lifecycle.Condition;
import dev.pilotlight.lifecycle.Effect;
import dev.pilotlight.lifecycle.Inputs;
import dev.pilotlight.lifecycle.Judgement;
import dev.pilotlight.lifecycle.Lifecycle;
import dev.pilotlight.lifecycle.Phase;
import dev.pilotlight.lifecycle.Progress;
import dev.pilotlight.lifecycle.Rejections;
import dev.pilotlight.lifecycle.Round;
import dev.pilotlight.lifecycle.Step;
import dev.pilotlight.lifecycle.WarmUpOutcome;
import dev.pilotlight.pod.OwnPod;
import dev.pilotlight.pod.metadata.DesiredMetadata;
import dev.pilotlight.pod.metadata.MetadataTrack;
import dev.pilotlight.pod.metadata.PatchPod;
import dev.pilotlight.pool.role.Role;
import dev.pilotlight.pool.role.RoleTrack;
import dev.pilotlight.signal.Outlook;
import dev.pilotlight.signal.OwnTraffic;
import dev.pilotlight.signal.SignalMeter;
import dev.pilotlight.signal.SignalPolicy;
import dev.pilotlight.signal.Signals;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.stream.Stream;

/** One turn of the machine: total, deterministic, without I/O. The replay bench and the simulation tests call this very function. */
public final class Tick {
    private final Policy policy;
    private final Lifecycle lifecycle;

    public Tick(Policy policy) {
        this.policy = policy;
        this.lifecycle = new Lifecycle(policy.liveness(), policy.warmUp());
    }

    public Turn advance(Memory memory, Observation observation, Instant now) {
        EngineTrack engine = memory.engine().advance(observation.engine().reading());
        // Those that ended since may be in the counters of the new process: they are ours, and no traffic.
        long sentBefore = engine.replaced() ? memory.sentEnded() : memory.sentBefore();
        OwnTraffic own = new OwnTraffic(
                observation.own().sent() - sentBefore, observation.own().inFlight());
        boolean isNewEngine = engine.replaced()
                || engine.refusedSince().isPresent()
                        && memory.engine().refusedSince().isEmpty();
        GpuTrack gpu = memory.gpu().advance(observation.gpu().reading(), isNewEngine, policy.gpu());
        boolean wasWarm = memory.wasWarm() && !engine.replaced();

        Progress.Turn polled = memory.progress()
                .advance(
                        engine,
                        own,
                        observation.probe(),
                        isWatched(memory.phase(), engine),
                        model(engine),
                        memory.phase() instanceof Phase.Draining
                                ? policy.liveness().whileDraining()
                                : policy.liveness(),
                        now);
        ClusterView cluster = observation.cluster();
        Rejections rejections = memory.rejections().advance(engine);
        Map<Condition, String> found = Judgement.of(new Judgement.Evidence(
                engine,
                polled.progress(),
                rejections,
                cluster.ownPod().flatMap(OwnPod::vllm).map(vllm -> vllm.arguments()
                        .ranks()),
                own,
                warmedAt(observation),
                policy.liveness(),
                policy.staleAfter(),
                now));
        Optional<String> hopeless = Judgement.hopeless(found, polled.progress(), policy.liveness(), now)
                .or(gpu::failure);
        Optional<Drain> drain = memory.drain()
                .or(() -> observation.drain().map(Drain::begin))
                .filter(going -> !isOver(going, engine, observation.cluster()))
                .map(going -> going.advance(engine, own, hopeless, policy.drain(), now));
        Inputs inputs = new Inputs(
                engine,
                wasWarm || servedOthers(engine, own),
                observation.warmUp(),
                drain.isPresent(),
                found,
                gpu.failure(),
                memory.coldStart().longestLoad(),
                memory.effectsSoFar());
        Step step = lifecycle.step(memory.phase(), inputs, now);
        List<Effect> effects = new ArrayList<>(step.effects());
        polled.probe().ifPresent(effects::add);
        RoleTrack role = memory.role()
                .advance(
                        step.phase(),
                        engine,
                        own,
                        isIdleKnown(engine, polled.progress(), now),
                        policy.role(),
                        cluster.roleInputs(),
                        now);
        ColdStart coldStart = memory.coldStart().advance(memory.phase(), step.phase(), engine, now);
        SignalMeter signal = memory.signal()
                .advance(
                        engine,
                        own,
                        signalPolicy(cluster, observation.gpu().reading()),
                        outlook(step.phase(), role, cluster, coldStart));
        int effectsSoFar = memory.effectsSoFar() + effects.size();
        MetadataTrack metadata = memory.metadata()
                .advance(
                        new DesiredMetadata.Inputs(
                                step.phase(),
                                role.role().filter(_ -> !cluster.isLeaving()),
                                load(step.phase(), signal, now),
                                role.isOnTraffic(policy.role(), now),
                                coldStart.total()),
                        cluster.ownPod().filter(_ -> !(engine.latest() instanceof EngineReading.NotYet)),
                        observation.patch(),
                        policy.metadata(),
                        now);

        Memory next = new Memory(
                engine,
                gpu,
                step.phase(),
                wasWarm || step.phase() instanceof Phase.Ready,
                polled.progress(),
                memory.conditions().advance(withPhase(found, step.phase()), now),
                rejections,
                rounds(memory, observation, step.phase()),
                role,
                signal,
                coldStart,
                drain,
                metadata,
                cluster,
                memory.clusterConditions().advance(cluster, metadata.trouble(), now),
                polls(memory, engine, gpu, observation),
                sentBefore,
                tellsWhichProcess(engine.latest())
                        ? observation.own().sent() - observation.own().inFlight()
                        : memory.sentEnded(),
                effectsSoFar);
        return new Turn(
                next,
                picture(next, now, policy),
                effects,
                metadata.due().map(patch -> new PatchPod(metadata.attempts(), patch)));
    }

    /** A drain is final for the process that it was ordered for; another one that answers after it shows that the pod stays. */
    private static boolean isOver(Drain drain, EngineTrack engine, ClusterView cluster) {
        return drain.ended().isPresent()
                && engine.refusedSince().isEmpty()
                && engine.firstSeen().filter(drain.order().at()::isBefore).isPresent()
                && !cluster.isLeaving();
    }

    /** A standby of a managed pool is kept off traffic, and its load says nothing of it; the plan says how many share it. */
    private static Outlook outlook(Phase phase, RoleTrack role, ClusterView cluster, ColdStart coldStart) {
        boolean isOffTraffic = cluster.poolPlan().isPresent()
                && role.role().filter(Role.Standby.class::isInstance).isPresent();
        return new Outlook(
                phase instanceof Phase.Ready && !isOffTraffic,
                cluster.poolPlan()
                        .map(plan -> OptionalInt.of(Math.max(1, plan.active().size())))
                        .orElse(OptionalInt.empty()),
                coldStart.total());
    }

    /** The batch limit from the pod's own arguments, unless it is set; unless either says it, what vLLM takes on these GPUs. */
    private SignalPolicy signalPolicy(ClusterView cluster, GpuReading gpus) {
        SignalPolicy set = policy.signal().assuming(AssumedBatch.of(gpus));
        return cluster.ownPod()
                .flatMap(OwnPod::vllm)
                .map(vllm -> set.orSlots(vllm.arguments().maxNumSeqs()))
                .orElse(set);
    }

    private OptionalDouble load(Phase phase, SignalMeter signal, Instant now) {
        return phase instanceof Phase.Ready
                ? signal.signals()
                        .filter(known -> Duration.between(known.at(), now).compareTo(policy.staleAfter()) <= 0)
                        .map(Signals::load)
                        .orElse(OptionalDouble.empty())
                : OptionalDouble.empty();
    }

    /** Kept beyond the warm-up, with the round that ended it, for people to look at. */
    private static List<Round> rounds(Memory memory, Observation observation, Phase after) {
        if (after instanceof Phase.Warming warming) {
            return warming.rounds();
        }
        if (memory.phase() instanceof Phase.Warming warming
                && after instanceof Phase.Ready
                && observation.warmUp().orElse(null) instanceof WarmUpOutcome.Done done
                && done.attempt() == warming.attempt()) {
            return Stream.concat(warming.rounds().stream(), Stream.of(done.round()))
                    .toList();
        }
        return memory.rounds();
    }

    /** Standing still is news only of an engine that should be moving, or that was found not to; and of one that calls itself dead. */
    private static boolean isWatched(Phase phase, EngineTrack engine) {
        boolean saysThatItIsDead = engine.deadSince().isPresent();
        return switch (phase) {
            case Phase.Ready _ -> true;
            case Phase.Failed failed -> saysThatItIsDead || Lifecycle.isWatched(failed);
            // Whether what is in flight can end at all, and whether gauges that stand are only old ones.
            case Phase.Draining _ -> true;
            case Phase.Starting _, Phase.Warming _ -> saysThatItIsDead;
            case Phase.Suspended _ -> false;
        };
    }

    /** When a whole round of warm-up requests was answered last. */
    private static Optional<Instant> warmedAt(Observation observation) {
        return observation.warmUp().filter(WarmUpOutcome.Done.class::isInstance).map(WarmUpOutcome::at);
    }

    /** What the phase itself knows. */
    private static Map<Condition, String> withPhase(Map<Condition, String> found, Phase phase) {
        Map<Condition, String> all = new EnumMap<>(Condition.class);
        all.putAll(found);
        switch (phase) {
            case Phase.Failed failed -> all.putIfAbsent(failed.condition(), failed.reason());
            case Phase.Suspended suspended -> all.put(Condition.SUSPENDED, "the engine is " + suspended.how());
            case Phase.Starting _, Phase.Warming _, Phase.Ready _, Phase.Draining _ -> {}
        }
        return all;
    }

    /** No sight is no evidence of idleness: the page was read lately, and what we ask is answered. */
    private boolean isIdleKnown(EngineTrack engine, Progress progress, Instant now) {
        return progress.isAnswering()
                && engine.numbers()
                        .filter(numbers -> Duration.between(numbers.at(), now).compareTo(policy.staleAfter()) <= 0)
                        .isPresent();
    }

    /** The model that the engine listed last; it may be silent by now. */
    private static Optional<Model> model(EngineTrack engine) {
        return engine.numbers().flatMap(EngineReading.Answered::model).or(() -> switch (engine.latest()) {
            case EngineReading.Unreadable unreadable -> unreadable.model();
            case EngineReading.Answered _, EngineReading.NotYet _, EngineReading.Unreachable _ -> Optional.empty();
        });
    }

    private static PollTally polls(Memory memory, EngineTrack engine, GpuTrack gpu, Observation observation) {
        PollTally polls = memory.polls();
        if (engine.latest() != memory.engine().latest()) {
            polls = polls.add(
                    "engine", outcome(engine.latest()), observation.engine().took());
        }
        // The reading that stands there before the first poll took no time, and is none.
        if (gpu.latest() != memory.gpu().latest() && !observation.gpu().took().isZero()) {
            polls = polls.add("gpu", outcome(gpu.latest()), observation.gpu().took());
        }
        return polls;
    }

    static Picture picture(Memory memory, Instant now, Policy policy) {
        return new Picture(
                now,
                memory.engine(),
                memory.gpu(),
                memory.phase(),
                memory.progress(),
                memory.conditions(),
                memory.rejections(),
                memory.rounds(),
                memory.role(),
                signals(memory, policy),
                memory.coldStart(),
                memory.drain(),
                memory.cluster(),
                memory.metadata().trouble(),
                memory.polls(),
                policy.staleAfter(),
                policy.gpuStaleAfter());
    }

    /** The busiest and the fullest of our GPUs; absent when they were not read lately. */
    private static Signals withGpus(Signals signals, GpuTrack gpu, Duration staleAfter) {
        List<Device> ours = gpu.ours(signals.at(), staleAfter);
        return signals.withGpu(
                ours.stream()
                        .map(device -> device.gauges().utilizationRatio())
                        .filter(OptionalDouble::isPresent)
                        .mapToDouble(OptionalDouble::getAsDouble)
                        .max(),
                ours.stream()
                        .map(device -> device.gauges().memoryUsedRatio())
                        .filter(OptionalDouble::isPresent)
                        .mapToDouble(OptionalDouble::getAsDouble)
                        .max());
    }

    /** A load is a promise about a pod that takes traffic: none is made before it is ready. */
    private static Optional<Signals> signals(Memory memory, Policy policy) {
        return memory.signal()
                .signals()
                .map(known -> withGpus(known, memory.gpu(), policy.gpuStaleAfter()))
                .map(known -> switch (memory.phase()) {
                    case Phase.Ready _, Phase.Draining _ -> known;
                    case Phase.Starting _, Phase.Warming _, Phase.Suspended _, Phase.Failed _ -> known.withoutLoad();
                });
    }

    /** A poll that only got no answer in time tells nothing: the process may be another by then. */
    private static boolean tellsWhichProcess(EngineReading reading) {
        return switch (reading) {
            case EngineReading.Answered _, EngineReading.Unreadable _ -> true;
            case EngineReading.Unreachable unreachable -> unreachable.cause() == Cause.REFUSED;
            case EngineReading.NotYet _ -> false;
        };
    }

    private static boolean servedOthers(EngineTrack engine, OwnTraffic own) {
        OptionalDouble successes =
                engine.numbers().map(numbers -> numbers.snapshot().successes()).orElse(OptionalDouble.empty());
        return successes.isPresent() && successes.getAsDouble() - engine.inherited() > own.sent();
    }

    private static String outcome(EngineReading reading) {
        return switch (reading) {
            case EngineReading.NotYet _ -> "none";
            case EngineReading.Answered _ -> "answered";
            case EngineReading.Unreadable _ -> "unreadable";
            case EngineReading.Unreachable _ -> "unreachable";
        };
    }

    private static String outcome(GpuReading reading) {
        return switch (reading) {
            case GpuReading.Devices _ -> "answered";
            case GpuReading.Absent _ -> "absent";
            case GpuReading.Failed _ -> "failed";
        };
    }
}
