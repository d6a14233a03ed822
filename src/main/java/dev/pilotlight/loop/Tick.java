package dev.pilotlight.loop;

import dev.pilotlight.cluster.ClusterView;
import dev.pilotlight.drain.Drain;
import dev.pilotlight.engine.EngineReading;
import dev.pilotlight.engine.EngineTrack;
import dev.pilotlight.engine.Model;
import dev.pilotlight.gpu.readings.GpuReading;
import dev.pilotlight.lifecycle.Condition;
import dev.pilotlight.lifecycle.Effect;
import dev.pilotlight.lifecycle.Evidence;
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
        EngineState was = memory.engine();
        EngineTrack engine = was.track().advance(observation.engine().reading());
        OwnTraffic own = memory.own().toThis(engine, observation.own());
        boolean isNewEngine = engine.replaced()
                || engine.refusedSince().isPresent()
                        && was.track().refusedSince().isEmpty();
        GpuTrack gpu = memory.gpu().advance(observation.gpu().reading(), isNewEngine, policy.gpu());
        boolean wasWarm = was.wasWarm() && !engine.replaced();

        Progress.Turn polled = was.progress()
                .advance(
                        engine,
                        own,
                        observation.probe(),
                        isWatched(was.phase(), engine),
                        model(engine),
                        was.phase() instanceof Phase.Draining
                                ? policy.liveness().whileDraining()
                                : policy.liveness(),
                        now);
        ClusterView cluster = observation.cluster();
        Rejections rejections = was.rejections().advance(engine);
        Map<Condition, String> found = Judgement.of(new Evidence(
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
                Inputs.Past.of(wasWarm, servedOthers(engine, own), engine.wasSeenToBegin()),
                observation.warmUp(),
                drain.isPresent(),
                found,
                gpu.failure(),
                was.coldStart().longestLoad(),
                memory.own().effects());
        Step step = lifecycle.step(was.phase(), inputs, now);
        List<Effect> effects = new ArrayList<>(step.effects());
        polled.probe().ifPresent(effects::add);
        RoleTrack role = memory.pool()
                .role()
                .advance(
                        step.phase(),
                        engine,
                        own,
                        isIdleKnown(engine, polled.progress(), now),
                        policy.role(),
                        cluster.roleInputs(),
                        now);
        ColdStart coldStart = was.coldStart().advance(was.phase(), step.phase(), engine, now);
        SignalMeter signal = memory.signal()
                .advance(
                        engine,
                        own,
                        signalPolicy(cluster, observation.gpu().reading()),
                        outlook(step.phase(), role, cluster, coldStart));
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
                new EngineState(
                        engine,
                        step.phase(),
                        wasWarm || step.phase() instanceof Phase.Ready,
                        polled.progress(),
                        was.conditions().advance(withPhase(found, step.phase()), now),
                        rejections,
                        rounds(was, observation, step.phase()),
                        coldStart),
                memory.own().advance(engine, observation.own(), effects.size()),
                gpu,
                new PoolState(role, cluster, memory.pool().conditions().advance(cluster, metadata.trouble(), now)),
                metadata,
                signal,
                drain,
                memory.polls().advance(was.track(), engine, memory.gpu(), gpu, observation));
        return new Turn(
                next,
                Picture.of(next, now, policy),
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

    /** The slot limit from the pod's own arguments, unless it is set; unless either says it, what vLLM takes on these GPUs. */
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
    private static List<Round> rounds(EngineState was, Observation observation, Phase after) {
        if (after instanceof Phase.Warming warming) {
            return warming.rounds();
        }
        if (was.phase() instanceof Phase.Warming warming
                && after instanceof Phase.Ready
                && observation.warmUp().orElse(null) instanceof WarmUpOutcome.Done done
                && done.attempt() == warming.attempt()) {
            return Stream.concat(warming.rounds().stream(), Stream.of(done.round()))
                    .toList();
        }
        return was.rounds();
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

    private static boolean servedOthers(EngineTrack engine, OwnTraffic own) {
        OptionalDouble successes =
                engine.numbers().map(numbers -> numbers.snapshot().successes()).orElse(OptionalDouble.empty());
        return successes.isPresent() && successes.getAsDouble() - engine.inherited() > own.sent();
    }
}
