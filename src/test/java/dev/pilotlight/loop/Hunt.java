package dev.pilotlight.loop;

import dev.pilotlight.cluster.ClusterView;
import dev.pilotlight.engine.EngineReading;
import dev.pilotlight.engine.EngineReading.Pause;
import dev.pilotlight.engine.Part;
import dev.pilotlight.engine.Together;
import dev.pilotlight.gpu.readings.GpuReading;
import dev.pilotlight.lifecycle.Effect;
import dev.pilotlight.lifecycle.ProbeOutcome;
import dev.pilotlight.lifecycle.Refusal;
import dev.pilotlight.lifecycle.Round;
import dev.pilotlight.lifecycle.WarmUpOutcome;
import dev.pilotlight.loop.HuntedEngine.Core;
import dev.pilotlight.loop.HuntedEngine.Door;
import dev.pilotlight.loop.HuntedEngine.Request;
import dev.pilotlight.signal.OwnTraffic;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;

/** The very {@code Tick} of the product beside a {@link HuntedEngine}, and a seeded life full of what befalls sound engines. */
final class Hunt {
    private static final Duration ROUND_AT_MOST = Duration.ofSeconds(150);
    /** Below the five minutes that a step may take. */
    private static final int LONGEST_STEP = 270;

    final Random random;
    final HuntedEngine engine;
    /** Another server of the same pod, read together with it; none in most lives. */
    final Optional<HuntedEngine> other;

    private List<Part> parts = List.of(Part.begin("a:1", World.START), Part.begin("b:1", World.START));
    Instant now = World.START;
    Picture picture;
    /** ClusterConditions of the machine, the network and the operators; none while a fault is looked for without them. */
    private boolean isTroubled = true;

    private final Tick tick = new Tick(World.policy(World.LIVENESS, World.WARM_UP));
    private Memory memory = Memory.begin(World.START);
    private EngineReading reading = new EngineReading.NotYet(World.START);
    private long sent;
    private Optional<Warming> warming = Optional.empty();
    private Optional<Probing> probing = Optional.empty();
    private Optional<WarmUpOutcome> warmedUp = Optional.empty();
    private Optional<ProbeOutcome> probed = Optional.empty();
    private final List<Undoing> undoings = new ArrayList<>();
    private double arrivals = 0.2;
    private double silence;
    private double longPrompts;

    private record Warming(Effect.SendWarmUp asked, Instant at, List<Request> requests) {}

    private record Probing(Effect.SendProbe asked, Instant at, Request request, Optional<Refusal> refusal) {}

    private record Undoing(Instant at, Runnable how) {}

    Hunt(long seed) {
        this(seed, new Random(seed * 31 + 7).nextInt(4) == 0);
    }

    /** @param isOfTwo whether the pod has two servers */
    Hunt(long seed, boolean isOfTwo) {
        random = new Random(seed);
        engine = new HuntedEngine(random.nextInt(4) == 0 ? 2 : 1);
        other = isOfTwo ? Optional.of(new HuntedEngine(1)) : Optional.empty();
        engine.slots = 1 + random.nextInt(16);
        engine.tellsItsStart = random.nextBoolean();
        engine.pause = random.nextInt(3) == 0 ? Pause.NONE : Pause.UNKNOWN;
        // A server that was started so stays so.
        engine.isBlind = random.nextInt(8) == 0;
        engine.countsNothing = random.nextInt(12) == 0;
        engine.refusesOurKey = random.nextInt(10) == 0;
        engine.mostQueued = random.nextInt(5) == 0 ? OptionalInt.of(random.nextInt(20)) : OptionalInt.empty();
    }

    void second() {
        now = now.plusSeconds(1);
        undoings.removeIf(undoing -> {
            boolean isDue = !undoing.at().isAfter(now);
            if (isDue) {
                undoing.how().run();
            }
            return isDue;
        });
        arrive();
        if (isTroubled) {
            befall();
        }
        second(engine);
        other.ifPresent(this::second);
        outcomes();
        turn();
    }

    private void second(HuntedEngine each) {
        each.second(now);
    }

    /** From now on no new trouble, and little traffic: a request stays for 15 s, and what is too much for one slot never ends. */
    void calms() {
        isTroubled = false;
        arrivals = Math.min(0.2, 0.02 * engine.slots);
        engine.cores.forEach(core -> core.waiting.clear());
    }

    /** Whether every trouble is over. */
    boolean isCalm() {
        return undoings.isEmpty();
    }

    /** This process stands still while the engine goes on. */
    void freeze(int seconds) {
        for (int i = 0; i < seconds; i++) {
            now = now.plusSeconds(1);
            arrive();
            second(engine);
            other.ifPresent(this::second);
        }
    }

    private void arrive() {
        arrive(engine);
        other.ifPresent(this::arrive);
    }

    private void arrive(HuntedEngine engine) {
        for (Core core : engine.cores) {
            if (engine.door == Door.REFUSES
                    || engine.answersErrors
                    || engine.mostQueued.isPresent() && core.waiting.size() > engine.mostQueued.getAsInt()) {
                continue;
            }
            int come = (int) (arrivals + random.nextDouble());
            for (int i = 0; i < come && core.waiting.size() < 3_000; i++) {
                double prompt = random.nextDouble() < longPrompts
                        ? 20_000 + random.nextInt(400_000)
                        : 50 + random.nextInt(3_000);
                core.waiting.add(new Request(prompt, 1 + random.nextInt(random.nextInt(10) == 0 ? 4_000 : 400)));
            }
            // Clients hang up.
            if (random.nextInt(300) == 0) {
                core.waiting.forEach(it -> it.isGone |= random.nextBoolean());
                core.running.forEach(it -> it.isGone |= random.nextInt(4) == 0);
            }
            // The first request of its shape: a kernel is compiled.
            if (isTroubled
                    && !core.running.isEmpty()
                    && now.isAfter(core.stepUntil.plusSeconds(5))
                    && random.nextInt(4_000) == 0) {
                core.stepUntil = now.plusSeconds(5 + random.nextInt(LONGEST_STEP));
            }
        }
    }

    private void later(int seconds, Runnable how) {
        undoings.add(new Undoing(now.plusSeconds(seconds), how));
    }

    private void befall() {
        int lasts = 5 + random.nextInt(random.nextInt(4) == 0 ? 1_800 : 200);
        switch (random.nextInt(2_500)) {
            case 0, 1, 2, 3, 4, 5 -> arrivals = random.nextInt(3) == 0 ? 0 : Math.exp(random.nextDouble() * 6 - 4);
            case 6 -> {
                longPrompts = 0.3;
                later(lasts, () -> longPrompts = 0);
            }
            case 7, 8 -> {
                engine.pace = 0.01 + random.nextDouble() * 0.1;
                silence = 0.9 * random.nextDouble();
                later(lasts, () -> {
                    engine.pace = 1;
                    silence = 0;
                });
            }
            case 9, 10 -> {
                if (!engine.isBlind) {
                    engine.isBlind = true;
                    later(lasts * 3, () -> engine.isBlind = false);
                }
            }
            case 11, 12 -> stands(random.nextBoolean() ? Door.TLS : Door.NO_NAME, lasts * 4);
            // All stands still, and goes on: a node out of memory, a volume that hangs.
            case 13 -> stands(Door.SILENT, 5 + random.nextInt(200));
            case 14 -> order(lasts);
            case 15 -> order(lasts);
            case 16 -> restart(20 + random.nextInt(1_200));
            case 17 -> {
                engine.refusesOurKey = true;
                later(lasts * 5, () -> engine.refusesOurKey = false);
            }
            case 18 -> {
                engine.mostQueued = OptionalInt.of(random.nextInt(20));
                later(lasts * 3, () -> engine.mostQueued = OptionalInt.empty());
            }
            case 19, 20 -> freeze(1 + random.nextInt(150));
            // A gateway that says 502, 503 or 500 in its place.
            case 21, 22 -> {
                engine.gateway = OptionalInt.of(new int[] {500, 502, 503, 503, 504}[random.nextInt(5)]);
                engine.gatewayTakesAll = random.nextBoolean();
                later(lasts, () -> engine.gateway = OptionalInt.empty());
            }
            // A model is swapped for another: ours is unknown until the list is read again.
            case 23 -> engine.served = engine.served.equals("tiny") ? "other" : "tiny";
            // A process takes the place of another, and nobody sees it refuse.
            case 24 -> engine.begin();
            // Asleep for an hour, behind a gateway or not.
            case 25 -> {
                engine.asleep = true;
                later(lasts * 10, () -> engine.asleep = false);
                if (random.nextBoolean()) {
                    engine.gateway = OptionalInt.of(503);
                    later(lasts, () -> engine.gateway = OptionalInt.empty());
                }
            }
            // Of two servers one alone.
            case 26, 27, 28 -> other.ifPresent(it -> beset(it, lasts));
            default -> {}
        }
    }

    private void beset(HuntedEngine one, int seconds) {
        switch (random.nextInt(5)) {
            case 0 -> {
                one.door = Door.REFUSES;
                later(seconds, () -> {
                    one.begin();
                    one.door = Door.OPEN;
                });
            }
            case 1 -> {
                one.door = Door.SILENT;
                one.cores.getFirst().stepUntil = now.plusSeconds(Math.min(seconds, LONGEST_STEP));
                later(Math.min(seconds, LONGEST_STEP), () -> one.door = Door.OPEN);
            }
            case 2 -> {
                one.isBlind = true;
                later(seconds, () -> one.isBlind = false);
            }
            // It really hangs, or dies: the other serves on.
            case 3 -> {
                one.cores.getFirst().hangs = true;
                later(seconds, () -> one.cores.getFirst().hangs = false);
            }
            default -> {
                one.isDead = true;
                later(seconds, () -> one.isDead = false);
            }
        }
    }

    private void stands(Door how, int seconds) {
        if (engine.door == Door.OPEN) {
            engine.door = how;
            if (how == Door.SILENT) {
                engine.cores.stream()
                        .filter(core -> now.isAfter(core.stepUntil))
                        .forEach(core -> core.stepUntil = now.plusSeconds(seconds));
            }
            later(seconds, () -> engine.door = engine.door == how ? Door.OPEN : engine.door);
        }
    }

    private void order(int seconds) {
        switch (random.nextInt(4)) {
            case 0 -> {
                if (engine.pause == Pause.NONE) {
                    engine.pause = Pause.PAUSED;
                    later(seconds, () -> engine.pause = Pause.NONE);
                }
            }
            case 1 -> {
                // Sleep shows on the page alone.
                if (!engine.isBlind) {
                    engine.asleep = true;
                    later(seconds, () -> engine.asleep = false);
                }
            }
            case 2 -> {
                if (!engine.isBlind) {
                    engine.weightUpdates = 1;
                    later(seconds, () -> engine.weightUpdates = 0);
                }
            }
            default -> {
                engine.heldBy = Optional.of(
                        random.nextBoolean()
                                ? "{\"error\":\"The model is currently scaling. Please try again later.\"}"
                                : "{\"error\":\"Service is in faulted state, cannot process requests.\"}");
                later(seconds, () -> engine.heldBy = Optional.empty());
            }
        }
    }

    void restart(int seconds) {
        engine.door = Door.REFUSES;
        later(seconds, () -> {
            engine.begin();
            engine.door = Door.OPEN;
        });
    }

    private void outcomes() {
        warming.filter(it -> it.requests().stream().allMatch(request -> request.endedAt.isPresent()))
                .ifPresent(it -> {
                    List<Round.Timing> timings = it.asked().shapes().stream()
                            .map(shape -> new Round.Timing(
                                    shape.name(),
                                    Duration.ofMillis(100 + random.nextInt(80)),
                                    Duration.between(it.at(), now)))
                            .toList();
                    endWarmUp(new WarmUpOutcome.Done(
                            it.asked().attempt(), now, new Round(it.asked().round(), timings)));
                });
        warming.filter(it ->
                        engine.door == Door.REFUSES || !now.isBefore(it.at().plus(ROUND_AT_MOST)))
                .ifPresent(it -> endWarmUp(new WarmUpOutcome.Lost(it.asked().attempt(), now, "no answer")));
        probing.ifPresent(it -> {
            boolean isSilent = engine.door == Door.SILENT || random.nextDouble() < silence;
            if (it.refusal().isPresent() && !isSilent) {
                endProbe(new ProbeOutcome.Refused(
                        it.asked().attempt(), now, it.refusal().get(), "refused"));
            } else if (it.request().endedAt.isPresent() && !isSilent) {
                endProbe(new ProbeOutcome.Answered(it.asked().attempt(), now));
            } else if (!now.isBefore(it.at().plus(World.waitsFor(it.asked())))) {
                endProbe(new ProbeOutcome.TimedOut(it.asked().attempt(), now));
            }
        });
    }

    private void endWarmUp(WarmUpOutcome outcome) {
        warming.orElseThrow().requests().forEach(request -> request.isGone = request.endedAt.isEmpty());
        warmedUp = Optional.of(outcome);
        warming = Optional.empty();
    }

    private void endProbe(ProbeOutcome outcome) {
        probing.orElseThrow().request().isGone =
                probing.orElseThrow().request().endedAt.isEmpty();
        probed = Optional.of(outcome);
        probing = Optional.empty();
    }

    private void turn() {
        if (random.nextDouble() >= silence) {
            reading = read();
        } else if (random.nextInt(4) == 0) {
            // A poll that ran into its deadline; in between the last one stands.
            reading = new EngineReading.Unreachable(now, dev.pilotlight.http.Cause.TIMED_OUT, "no answer");
        }
        int inFlight = warming.map(it -> it.requests().size()).orElse(0) + (probing.isPresent() ? 1 : 0);
        Turn turn = tick.advance(
                memory,
                new Observation(
                        new Polled<>(reading, Duration.ofMillis(3)),
                        new Polled<>(new GpuReading.Absent(now, "none"), Duration.ZERO),
                        warmedUp,
                        probed,
                        Optional.empty(),
                        new OwnTraffic(sent, inFlight),
                        Optional.empty(),
                        ClusterView.NONE),
                now);
        memory = turn.memory();
        picture = turn.picture();
        turn.effects().forEach(this::send);
    }

    private EngineReading read() {
        if (other.isEmpty()) {
            return engine.reading(now);
        }
        parts = List.of(
                parts.get(0).advance(engine.reading(now)),
                parts.get(1).advance(other.get().reading(now)));
        return Together.read(now, parts, Duration.ofSeconds(10));
    }

    private HuntedEngine at(Optional<String> rank) {
        return rank.filter(label -> label.startsWith("b:1/"))
                .flatMap(_ -> other)
                .orElse(engine);
    }

    private void send(Effect effect) {
        switch (effect) {
            case Effect.SendWarmUp wanted -> {
                List<Request> requests = new ArrayList<>();
                wanted.shapes().forEach(shape -> requests.add(new Request(shape.promptTokens(), shape.maxTokens())));
                sent += requests.size();
                engine.cores.getFirst().waiting.addAll(requests);
                warming = Optional.of(new Warming(wanted, now, requests));
            }
            case Effect.SendProbe wanted -> {
                sent++;
                Request request = new Request(4, 1);
                HuntedEngine asked = at(wanted.rank());
                Core to = asked.cores.get(wanted.rank()
                        .map(label -> Integer.parseInt(label.substring(label.indexOf('/') + 1)))
                        .orElse(0));
                Optional<Refusal> refusal = refusal(asked, to, wanted.model().name());
                if (refusal.isEmpty()) {
                    to.waiting.add(request);
                }
                probing = Optional.of(new Probing(wanted, now, request, refusal));
            }
        }
    }

    private static Optional<Refusal> refusal(HuntedEngine engine, Core to, String model) {
        if (engine.isDead || engine.gateway.isPresent() && engine.gatewayTakesAll) {
            return Optional.of(Refusal.ERROR);
        }
        if (!model.equals(engine.served) && engine.door == Door.OPEN) {
            engine.listed = engine.served;
            return Optional.of(Refusal.UNSUPPORTED);
        }
        if (engine.door == Door.REFUSES || engine.door == Door.TLS || engine.door == Door.NO_NAME) {
            return Optional.of(Refusal.BROKEN);
        }
        if (engine.heldBy.isPresent()
                || engine.mostQueued.isPresent() && to.waiting.size() > engine.mostQueued.getAsInt()) {
            return Optional.of(Refusal.BUSY);
        }
        return engine.refusesOurKey
                ? Optional.of(Refusal.KEY)
                : engine.answersErrors ? Optional.of(Refusal.ERROR) : Optional.empty();
    }
}
