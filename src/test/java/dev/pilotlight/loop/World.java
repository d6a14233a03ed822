package dev.pilotlight.loop;

import dev.pilotlight.cluster.ClusterView;
import dev.pilotlight.drain.DrainOrder;
import dev.pilotlight.drain.DrainPolicy;
import dev.pilotlight.engine.CacheConfig;
import dev.pilotlight.engine.EngineReading;
import dev.pilotlight.engine.EngineReading.Pause;
import dev.pilotlight.engine.EngineSnapshot;
import dev.pilotlight.engine.HealthAnswer;
import dev.pilotlight.engine.Latencies;
import dev.pilotlight.engine.Model;
import dev.pilotlight.engine.Part;
import dev.pilotlight.engine.Rank;
import dev.pilotlight.engine.ServerState;
import dev.pilotlight.engine.Sleep;
import dev.pilotlight.engine.Together;
import dev.pilotlight.gpu.faults.GpuPolicy;
import dev.pilotlight.gpu.readings.GpuReading;
import dev.pilotlight.http.Cause;
import dev.pilotlight.lifecycle.Effect;
import dev.pilotlight.lifecycle.LivenessPolicy;
import dev.pilotlight.lifecycle.ProbeOutcome;
import dev.pilotlight.lifecycle.Refusal;
import dev.pilotlight.lifecycle.Round;
import dev.pilotlight.lifecycle.Shape;
import dev.pilotlight.lifecycle.WarmUpOutcome;
import dev.pilotlight.lifecycle.WarmUpPolicy;
import dev.pilotlight.pod.metadata.MetadataPolicy;
import dev.pilotlight.pod.metadata.PatchOutcome;
import dev.pilotlight.pod.metadata.PatchPod;
import dev.pilotlight.pool.role.RolePolicy;
import dev.pilotlight.signal.OwnTraffic;
import dev.pilotlight.signal.SignalPolicy;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/** A world for the machine to live in: an engine by hand, second by second, and the very {@code Tick} of the product. */
final class World {
    static final Instant START = Instant.parse("2026-11-24T12:00:00Z");
    static final Duration PROBE_TIMEOUT = Duration.ofSeconds(30);

    /** What a poll finds. */
    enum Engine {
        REFUSED,
        SERVING,
        SILENT,
        GARBLED,
        /** It accepts connections and the handshake fails. */
        OTHER_CERTIFICATE,
        /** Its name is not resolved. */
        NO_NAME
    }

    /** A rank's state as its page shows it. */
    static final class RankState {
        double running;
        double waiting;
        double tokens;
        double successes;
        OptionalDouble kvCacheUse = OptionalDouble.empty();
        boolean hangs;
    }

    static Policy policy(LivenessPolicy liveness, WarmUpPolicy warmUp) {
        return policy(liveness, warmUp, OptionalInt.of(8));
    }

    private static Policy policy(LivenessPolicy liveness, WarmUpPolicy warmUp, OptionalInt slots) {
        return new Policy(
                liveness,
                warmUp,
                new SignalPolicy(
                        0.7, slots, Optional.empty(), Optional.empty(), Duration.ofSeconds(60), Optional.empty()),
                new DrainPolicy(Duration.ofSeconds(5)),
                GpuPolicy.DEFAULT,
                Duration.ofSeconds(10),
                Duration.ofSeconds(25),
                new RolePolicy.Observe(Duration.ofSeconds(60)),
                MetadataPolicy.DEFAULT);
    }

    static final LivenessPolicy LIVENESS = new LivenessPolicy(
            Duration.ofSeconds(10), Duration.ofSeconds(60), Duration.ofSeconds(60), Optional.empty());
    static final WarmUpPolicy WARM_UP =
            new WarmUpPolicy(Shape.DEFAULT, 0.15, 8, Duration.ofMinutes(3), Duration.ofSeconds(2), false);

    final Tick tick;
    final List<Effect> asked = new ArrayList<>();
    Instant now = START;
    Memory memory = Memory.begin(START);
    Picture picture;

    Engine engine = Engine.REFUSED;
    int health = 200;
    /** How long our requests take where the engine is overloaded. */
    Optional<Duration> late = Optional.empty();
    /** The body of a /health that is not well. */
    String healthSays = "";

    double weightUpdates;
    double sleepOperations;
    OptionalDouble rejections = OptionalDouble.empty();
    OptionalDouble webSockets = OptionalDouble.empty();
    OptionalDouble pinned = OptionalDouble.empty();
    /** What {@code /load} says, where it is tracked. */
    OptionalDouble load = OptionalDouble.empty();

    boolean lists = true;
    boolean hangs;
    /** Whether the list of models has a name in it. */
    boolean namesItsModel = true;

    /** Whether none of the API's endpoints is there. */
    boolean hasNoEndpoint;

    /** What a poll finds at another server of the same pod, which has the last rank; none where there is but one. */
    Optional<Engine> second = Optional.empty();

    int secondHealth = 200;
    private List<Part> parts = List.of(Part.begin("127.0.0.1:8000", START), Part.begin("127.0.0.1:8001", START));

    /** The URL leads to two servers, by turns. */
    boolean alternates;

    /** Whether requests are answered beside a page that cannot be read. */
    boolean garbledAnswers;

    Pause pause = Pause.UNKNOWN;
    Sleep sleep = Sleep.UNKNOWN;
    OptionalDouble processStart = OptionalDouble.of(1000);
    List<RankState> ranks = new ArrayList<>(List.of(new RankState()));
    GpuReading gpu = new GpuReading.Absent(START, "there is none");
    Optional<DrainOrder> drain = Optional.empty();
    /** Seconds to the first token of each warm-up round to come; the last stays. */
    List<Double> firstTokens = new ArrayList<>(List.of(0.5));

    Optional<String> warmUpFails = Optional.empty();
    /** How requests for one token are refused; empty when they are not. */
    Optional<Refusal> refusal = Optional.empty();

    /** What the API server says; nothing outside a cluster. */
    ClusterView cluster = ClusterView.NONE;

    final List<PatchPod> patches = new ArrayList<>();
    Optional<PatchOutcome> patched = Optional.empty();
    /** What went out in the newest second while another of its kind was out. */
    final List<Effect> besideAnother = new ArrayList<>();

    private Optional<WarmUpOutcome> warmedUp = Optional.empty();
    private Optional<ProbeOutcome> probed = Optional.empty();
    private Optional<Due<WarmUpOutcome>> warmUpOut = Optional.empty();
    private Optional<Due<ProbeOutcome>> probeOut = Optional.empty();
    private long sent;
    private int round;
    private boolean frozen;
    private EngineReading last = new EngineReading.NotYet(START);

    private record Due<T>(Instant at, T outcome) {}

    World() {
        this(LIVENESS, WARM_UP);
    }

    World(LivenessPolicy liveness, WarmUpPolicy warmUp) {
        this(policy(liveness, warmUp));
    }

    /** @param slots of the engine, as they are set */
    World(OptionalInt slots) {
        this(policy(LIVENESS, WARM_UP, slots));
    }

    private World(Policy policy) {
        tick = new Tick(policy);
        picture = Picture.first(START, policy);
    }

    RankState rank() {
        return ranks.getFirst();
    }

    /** A new process takes the place of the old one: its counters begin at zero. */
    World restart() {
        processStart = OptionalDouble.of(processStart.orElse(0) + 1);
        for (RankState rank : ranks) {
            rank.running = rank.waiting = rank.tokens = rank.successes = 0;
        }
        hangs = false;
        return this;
    }

    World serve() {
        engine = Engine.SERVING;
        health = 200;
        return this;
    }

    World seconds(int count) {
        for (int i = 0; i < count; i++) {
            second();
        }
        return this;
    }

    /** Until ready, a minute at most. */
    World ready() {
        serve();
        for (int i = 0; i < 60 && !picture.phase().word().equals("ready"); i++) {
            second();
        }
        return this;
    }

    /** The sidecar stands still, and the engine goes on: a frozen node, a throttled container. */
    World freeze(int seconds) {
        now = now.plusSeconds(seconds);
        frozen = true;
        runEffects();
        turn();
        frozen = false;
        return this;
    }

    void second() {
        now = now.plusSeconds(1);
        for (RankState rank : ranks) {
            boolean serves =
                    rank == ranks.getLast() ? second.orElse(engine) == Engine.SERVING : engine == Engine.SERVING;
            if (serves && !hangs && !rank.hangs && pause != Pause.PAUSED && rank.running > 0) {
                rank.tokens += rank.running * 30;
            }
        }
        processStart = alternates ? OptionalDouble.of(processStart.getAsDouble() == 1000 ? 2000 : 1000) : processStart;
        runEffects();
        turn();
    }

    private void runEffects() {
        warmUpOut.filter(due -> !due.at().isAfter(now)).ifPresent(due -> {
            warmedUp = Optional.of(due.outcome());
            warmUpOut = Optional.empty();
        });
        probeOut.filter(due -> !due.at().isAfter(now)).ifPresent(due -> {
            probed = Optional.of(due.outcome());
            probeOut = Optional.empty();
        });
    }

    private void turn() {
        besideAnother.clear();
        OwnTraffic own = new OwnTraffic(sent, (warmUpOut.isPresent() ? 1 : 0) + (probeOut.isPresent() ? 1 : 0));
        Turn turn = tick.advance(
                memory,
                new Observation(
                        new Polled<>(newest(), Duration.ofMillis(3)),
                        new Polled<>(gpu, Duration.ZERO),
                        warmedUp,
                        probed,
                        patched,
                        own,
                        drain,
                        cluster),
                now);
        // As the loop does: the order has been carried out.
        drain = drain.filter(
                _ -> memory.drain().isEmpty() || turn.memory().drain().isPresent());
        memory = turn.memory();
        picture = turn.picture();
        turn.effects().forEach(this::send);
        turn.patch().ifPresent(patches::add);
    }

    private EngineReading newest() {
        last = frozen ? last : reading();
        return last;
    }

    private EngineReading reading() {
        if (second.isEmpty()) {
            return reading(engine, HealthAnswer.of(health, healthSays), shown(0, ranks.size()));
        }
        parts = List.of(
                parts.get(0).advance(reading(engine, HealthAnswer.of(health, healthSays), shown(0, ranks.size() - 1))),
                parts.get(1)
                        .advance(reading(
                                second.get(),
                                HealthAnswer.of(secondHealth, ""),
                                shown(ranks.size() - 1, ranks.size()))));
        return Together.read(now, parts, Duration.ofSeconds(10));
    }

    private EngineReading reading(Engine state, HealthAnswer answer, List<Rank> page) {
        Optional<Model> model =
                lists ? Optional.of(new Model(namesItsModel ? "tiny" : "", OptionalInt.of(2048))) : Optional.empty();
        return switch (state) {
            case REFUSED -> new EngineReading.Unreachable(now, Cause.REFUSED, "nothing listens");
            case OTHER_CERTIFICATE ->
                new EngineReading.Unreachable(now, Cause.TLS, "the certificate of engine:8000 has expired");
            case NO_NAME -> new EngineReading.Unreachable(now, Cause.NAME, "the name engine is not known here");
            case SILENT -> new EngineReading.Unreachable(now, Cause.TIMED_OUT, "no answer");
            case GARBLED -> new EngineReading.Unreadable(now, answer, model, pause, "garbled");
            case SERVING ->
                new EngineReading.Answered(
                        now, snapshot(page), answer, model, lists ? "" : "lists no model", load, pause, "whole");
        };
    }

    private List<Rank> shown(int from, int to) {
        List<Rank> shown = new ArrayList<>();
        for (int i = from; i < to; i++) {
            RankState rank = ranks.get(i);
            shown.add(new Rank(
                    Integer.toString(i),
                    rank.running,
                    rank.waiting,
                    rank.kvCacheUse,
                    counted(rank.tokens),
                    counted(rank.tokens),
                    counted(rank.successes),
                    OptionalDouble.empty(),
                    OptionalDouble.empty(),
                    OptionalDouble.empty(),
                    OptionalDouble.empty()));
        }
        return shown;
    }

    /** Of two servers by turns each counts its own. */
    private OptionalDouble counted(double count) {
        return OptionalDouble.of(alternates && processStart.orElse(0) == 2000 ? count / 2 : count);
    }

    private EngineSnapshot snapshot(List<Rank> shown) {
        return new EngineSnapshot(
                shown,
                List.of("tiny"),
                processStart,
                CacheConfig.UNKNOWN,
                sleep,
                Latencies.NONE,
                new ServerState(
                        OptionalDouble.of(weightUpdates),
                        rejections,
                        webSockets,
                        pinned,
                        OptionalDouble.of(sleepOperations)),
                Optional.empty());
    }

    private boolean answersRequests() {
        return (engine == Engine.SERVING || engine == Engine.GARBLED && garbledAnswers)
                && !hangs
                && pause != Pause.PAUSED
                && pause != Pause.ASLEEP
                && sleep != Sleep.ASLEEP;
    }

    private void send(Effect effect) {
        asked.add(effect);
        boolean isAnotherOut =
                switch (effect) {
                    case Effect.SendWarmUp _ -> warmUpOut.isPresent();
                    case Effect.SendProbe _ -> probeOut.isPresent();
                };
        if (isAnotherOut) {
            besideAnother.add(effect);
        }
        switch (effect) {
            case Effect.SendWarmUp wanted -> warmUp(wanted);
            case Effect.SendProbe wanted -> probe(wanted);
        }
    }

    private void warmUp(Effect.SendWarmUp wanted) {
        sent += wanted.shapes().size();
        double first = firstTokens.get(Math.min(round, firstTokens.size() - 1));
        round++;
        Instant end = now.plusMillis(Math.round(first * 1000));
        if (hasNoEndpoint) {
            warmUpOut = Optional.of(
                    new Due<>(end, new WarmUpOutcome.Unsupported(wanted.attempt(), end, "the server has none")));
            return;
        }
        if (warmUpFails.isPresent() || !answersRequests()) {
            warmUpOut = Optional.of(new Due<>(
                    end, new WarmUpOutcome.Lost(wanted.attempt(), end, warmUpFails.orElse("nobody answers"))));
            return;
        }
        rank().successes += wanted.shapes().size();
        rank().tokens += 8;
        List<Round.Timing> timings = wanted.shapes().stream()
                .map(shape -> new Round.Timing(
                        shape.name(), Duration.ofMillis(Math.round(first * 1000)), Duration.ofSeconds(1)))
                .toList();
        warmUpOut = Optional.of(
                new Due<>(end, new WarmUpOutcome.Done(wanted.attempt(), end, new Round(wanted.round(), timings))));
    }

    private void probe(Effect.SendProbe wanted) {
        sent++;
        if (refusal.isPresent()) {
            probeOut = Optional.of(new Due<>(
                    now.plusSeconds(1),
                    new ProbeOutcome.Refused(
                            wanted.attempt(), now.plusSeconds(1), refusal.get(), "answered " + refusal.get())));
        } else if (to(wanted) == ranks.getLast()
                && second.filter(it -> it != Engine.SERVING).isPresent()) {
            probeOut = Optional.of(new Due<>(
                    now, new ProbeOutcome.Refused(wanted.attempt(), now, Refusal.BROKEN, "nothing listens there")));
        } else if (late.filter(it -> it.compareTo(waitsFor(wanted)) <= 0).isPresent()) {
            Instant end = now.plus(late.get());
            probeOut = Optional.of(new Due<>(end, new ProbeOutcome.Answered(wanted.attempt(), end)));
        } else if (late.isEmpty() && answersRequests() && !to(wanted).hangs) {
            RankState rank = to(wanted);
            rank.tokens++;
            rank.successes++;
            probeOut = Optional.of(
                    new Due<>(now.plusSeconds(1), new ProbeOutcome.Answered(wanted.attempt(), now.plusSeconds(1))));
        } else {
            Instant end = now.plus(waitsFor(wanted));
            probeOut = Optional.of(new Due<>(end, new ProbeOutcome.TimedOut(wanted.attempt(), end)));
        }
    }

    static Duration waitsFor(Effect.SendProbe wanted) {
        return wanted.patience().compareTo(PROBE_TIMEOUT) > 0 ? wanted.patience() : PROBE_TIMEOUT;
    }

    private RankState to(Effect.SendProbe wanted) {
        return ranks.get(wanted.rank()
                .map(label -> Integer.parseInt(label.substring(label.indexOf('/') + 1)))
                .orElse(0));
    }

    long probes() {
        return asked.stream().filter(Effect.SendProbe.class::isInstance).count();
    }

    long warmUps() {
        return asked.stream().filter(Effect.SendWarmUp.class::isInstance).count();
    }

    boolean probeIsOut() {
        return probeOut.isPresent();
    }
}
