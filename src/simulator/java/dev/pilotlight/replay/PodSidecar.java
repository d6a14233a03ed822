package dev.pilotlight.replay;

import dev.pilotlight.cluster.ClusterView;
import dev.pilotlight.engine.EngineReading;
import dev.pilotlight.engine.EngineReading.Answered;
import dev.pilotlight.engine.HealthAnswer;
import dev.pilotlight.engine.Model;
import dev.pilotlight.gpu.readings.GpuReading;
import dev.pilotlight.http.Cause;
import dev.pilotlight.lifecycle.Effect;
import dev.pilotlight.lifecycle.ProbeOutcome;
import dev.pilotlight.lifecycle.Round;
import dev.pilotlight.lifecycle.WarmUpOutcome;
import dev.pilotlight.loop.Memory;
import dev.pilotlight.loop.Observation;
import dev.pilotlight.loop.Picture;
import dev.pilotlight.loop.Policy;
import dev.pilotlight.loop.Polled;
import dev.pilotlight.loop.Tick;
import dev.pilotlight.loop.Turn;
import dev.pilotlight.pool.role.Role;
import dev.pilotlight.pool.role.RolePolicy;
import dev.pilotlight.signal.OwnTraffic;
import dev.pilotlight.simulator.Batch;
import dev.pilotlight.simulator.Request;
import dev.pilotlight.simulator.Served;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/** The product's machine beside one simulated engine: it reads the engine every second, and its warm-up requests run on it. */
final class PodSidecar {
    /** The simulated world begins here; a day and hour that mean nothing. */
    static final Instant EPOCH = Instant.parse("2026-01-05T00:00:00Z");

    private static final Duration TOOK = Duration.ofMillis(3);
    private static final int HISTOGRAMS_EVERY_SECONDS = 5;
    private static final Polled<GpuReading> NO_GPU =
            new Polled<>(new GpuReading.Absent(EPOCH, "the replay has no GPU to read"), Duration.ZERO);
    private static final HealthAnswer HEALTHY = new HealthAnswer.Healthy();

    private final Policy policy;
    private final Tick tick;
    private final Map<Request, String> warmUpShapes = new IdentityHashMap<>();
    private final List<Round.Timing> timings = new ArrayList<>();
    private final Map<Request, Integer> probes = new IdentityHashMap<>();
    private Effect.SendWarmUp warmUp;
    private Optional<WarmUpOutcome> warmedUp = Optional.empty();
    private Optional<ProbeOutcome> probed = Optional.empty();
    private Memory memory;
    private Picture picture;
    private long sent;
    private int polls;

    PodSidecar(Policy policy, long nowNanos) {
        this.policy = policy;
        this.tick = new Tick(policy);
        this.memory = Memory.begin(instant(nowNanos));
        this.picture = Picture.first(instant(nowNanos), policy);
    }

    static Instant instant(long nanos) {
        return EPOCH.plusNanos(nanos);
    }

    Picture picture() {
        return picture;
    }

    boolean isActive() {
        return picture.role().filter(Role.Active.class::isInstance).isPresent()
                || !(policy.role() instanceof RolePolicy.Managed);
    }

    /** As its metadata says, once that has held. */
    int deletionCost() {
        return policy.metadata().enabled()
                ? memory.metadata()
                        .desired()
                        .band()
                        .map(band -> band.cost(policy.metadata().costs()))
                        .orElse(0)
                : 0;
    }

    /** While the model loads nothing listens. */
    void seeNothing(ClusterView cluster, long nowNanos) {
        turn(new EngineReading.Unreachable(instant(nowNanos), Cause.REFUSED, "nothing listens"), cluster, nowNanos)
                .forEach(_ -> {});
    }

    /** Looks at the engine, and sends it what the machine asks for. */
    void see(Batch batch, double processStart, ClusterView cluster, long nowNanos) {
        boolean withHistograms = polls++ % HISTOGRAMS_EVERY_SECONDS == 1;
        Answered reading = new Answered(
                instant(nowNanos),
                Snapshots.of(batch, processStart, withHistograms),
                HEALTHY,
                Optional.of(new Model(
                        batch.profile().model(), OptionalInt.of(batch.profile().maxModelLen()))),
                "",
                OptionalDouble.empty(),
                EngineReading.Pause.UNKNOWN,
                "filtered");
        for (Effect effect : turn(reading, cluster, nowNanos)) {
            switch (effect) {
                case Effect.SendWarmUp wanted -> send(wanted, batch, nowNanos);
                case Effect.SendProbe wanted -> {
                    Request request = Request.of(8, 1);
                    probes.put(request, wanted.attempt());
                    sent++;
                    batch.submit(request, nowNanos);
                }
            }
        }
    }

    private List<Effect> turn(EngineReading reading, ClusterView cluster, long nowNanos) {
        Observation observation = new Observation(
                new Polled<>(reading, TOOK),
                NO_GPU,
                warmedUp,
                probed,
                Optional.empty(),
                new OwnTraffic(sent, warmUpShapes.size() + probes.size()),
                Optional.empty(),
                cluster);
        Turn turn = tick.advance(memory, observation, instant(nowNanos));
        memory = turn.memory();
        picture = turn.picture();
        return turn.effects();
    }

    private void send(Effect.SendWarmUp wanted, Batch batch, long nowNanos) {
        warmUp = wanted;
        timings.clear();
        for (var shape : wanted.shapes()) {
            for (int i = 0; i < shape.concurrency(); i++) {
                Request request = Request.of(shape.promptTokens(), shape.maxTokens());
                warmUpShapes.put(request, shape.name() + " " + i);
                sent++;
                batch.submit(request, nowNanos);
            }
        }
    }

    /** Takes an answer if it is one to the sidecar's own requests. */
    boolean takes(Served served) {
        Instant end = instant(served.endedNanos());
        String shape = warmUpShapes.remove(served.request());
        if (shape != null) {
            timings.add(new Round.Timing(
                    shape,
                    Duration.ofNanos(served.firstTokenNanos() - served.arrivedNanos()),
                    Duration.ofNanos(served.endedNanos() - served.arrivedNanos())));
            if (warmUpShapes.isEmpty()) {
                timings.sort(java.util.Comparator.comparing(Round.Timing::shape));
                warmedUp =
                        Optional.of(new WarmUpOutcome.Done(warmUp.attempt(), end, new Round(warmUp.round(), timings)));
            }
            return true;
        }
        Integer attempt = probes.remove(served.request());
        if (attempt != null) {
            probed = Optional.of(new ProbeOutcome.Answered(attempt, end));
            return true;
        }
        return false;
    }
}
