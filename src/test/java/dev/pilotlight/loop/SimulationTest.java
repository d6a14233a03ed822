package dev.pilotlight.loop;

import static java.util.Map.entry;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.drain.DrainOrder;
import dev.pilotlight.engine.EngineReading.Pause;
import dev.pilotlight.engine.Model;
import dev.pilotlight.gpu.readings.Device;
import dev.pilotlight.gpu.readings.GpuReading;
import dev.pilotlight.gpu.readings.Scope;
import dev.pilotlight.health.HealthRules;
import dev.pilotlight.lifecycle.Effect;
import dev.pilotlight.lifecycle.Phase;
import dev.pilotlight.lifecycle.Refusal;
import dev.pilotlight.loop.World.Engine;
import dev.pilotlight.signal.Signals;
import java.lang.reflect.RecordComponent;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Random;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** A hundred thousand seconds of an engine that does everything engines do, at random: what must hold after each of them. */
class SimulationTest {
    private static final int LIVES = 20;
    private static final int SECONDS = 5_000;
    private static final Scope OURS = new Scope.Ours("one GPU");

    /** Longer than a lost request takes to be told, and than it takes until the next reading. */
    private static final Duration VERDICTS_TAKE = World.PROBE_TIMEOUT.plusSeconds(10);

    /**
     * What is looked at after a second.
     *
     * @param before the picture of the second before
     * @param after the picture now
     * @param now the time
     * @param refusedFor how long the engine has refused without a break
     * @param soundFor how long the engine has served, well and with sound GPUs, without a break
     * @param hadServed whether the engine's process has finished a request
     * @param drainAsked whether a drain was ordered
     * @param asked effects asked for in this second
     * @param besideAnother those of them that went out while another of their kind was out
     */
    private record Moment(
            Picture before,
            Picture after,
            Instant now,
            Duration refusedFor,
            Duration soundFor,
            boolean hadServed,
            boolean drainAsked,
            List<Effect> asked,
            List<Effect> besideAnother) {
        boolean ready() {
            return HealthRules.ready(after, now).up();
        }

        boolean live() {
            return HealthRules.engine(after).up();
        }

        boolean liveBefore() {
            return HealthRules.engine(before).up();
        }

        long rounds() {
            return asked.stream().filter(Effect.SendWarmUp.class::isInstance).count();
        }

        long probes() {
            return asked.stream().filter(Effect.SendProbe.class::isInstance).count();
        }

        boolean enters(Class<? extends Phase> phase) {
            return phase.isInstance(after.phase()) && !phase.isInstance(before.phase());
        }

        Stream<OptionalDouble> numbers() {
            return after.freshSignals(now).stream()
                    .flatMap(signals -> Stream.concat(
                            Stream.of(
                                    signals.load(),
                                    signals.demandPods(),
                                    signals.ttft().mean(),
                                    signals.ttft().p95(),
                                    signals.itl().mean(),
                                    signals.itl().p95()),
                            signals.pressures().byResource().values().stream().map(OptionalDouble::of)));
        }
    }

    private static final Map<String, Predicate<Moment>> INVARIANTS = Map.ofEntries(
            entry(
                    "never ready on a stale or refusing engine",
                    it -> !it.ready()
                            || it.after().engineIsFresh(it.now())
                                    && it.refusedFor().isZero()),
            entry(
                    "an engine that loads for half an hour is never called dead",
                    it -> it.live()
                            || it.refusedFor().isZero()
                            || it.refusedFor().compareTo(Duration.ofMinutes(29)) > 0
                            || it.after().gpu().failure().isPresent()),
            entry(
                    "no verdict falls on an engine that is sound",
                    it -> it.live() || !it.liveBefore() || it.soundFor().compareTo(VERDICTS_TAKE) < 0),
            entry(
                    "draining is final for the process that it was ordered for",
                    it -> !(it.before().phase() instanceof Phase.Draining)
                            || it.after().phase() instanceof Phase.Draining
                            || it.after()
                                    .engine()
                                    .firstSeen()
                                    .filter(it.before()
                                            .drain()
                                            .orElseThrow()
                                            .order()
                                            .at()::isBefore)
                                    .isPresent()),
            entry(
                    "an order to drain is obeyed at once",
                    it -> !it.drainAsked() || it.after().phase() instanceof Phase.Draining && !it.ready()),
            entry(
                    "no drain goes on beyond its deadline",
                    it -> it.after().drain().isEmpty()
                            || it.after().drain().get().ended().isPresent()
                            || it.now()
                                    .isBefore(it.after().drain().get().order().deadline())),
            entry(
                    "only a ready pod has a role",
                    it -> it.after().role().isPresent() == (it.after().phase() instanceof Phase.Ready)),
            entry(
                    "no signal from a stale source",
                    it -> it.after().freshSignals(it.now()).isEmpty()
                            || it.refusedFor().isZero()
                                    && it.after().freshNumbers(it.now()).isPresent()),
            entry("no rate is negative or endless, whatever the counters do", it -> it.numbers()
                    .filter(OptionalDouble::isPresent)
                    .allMatch(it2 -> it2.getAsDouble() >= 0 && Double.isFinite(it2.getAsDouble()))),
            entry(
                    "a warm-up begins with one round, asked for once",
                    it -> it.rounds() <= 1 && (!it.enters(Phase.Warming.class) || it.rounds() == 1)),
            entry(
                    "a round goes out only while warming",
                    it -> it.rounds() == 0 || it.after().phase() instanceof Phase.Warming),
            entry(
                    "a round goes out beside another only where that was given up",
                    it -> it.rounds() == 0
                            || it.besideAnother().stream().noneMatch(Effect.SendWarmUp.class::isInstance)
                            || it.after().phase().since().equals(it.now())),
            entry(
                    "at most one probe is waited for",
                    it -> it.probes() <= 1
                            && (it.probes() == 0
                                    || it.besideAnother().stream().noneMatch(Effect.SendProbe.class::isInstance)
                                    || it.before().progress().out().isEmpty())),
            entry(
                    "a probe goes out only to an engine that should answer",
                    it -> it.probes() == 0
                            || it.before().phase() instanceof Phase.Ready
                            || it.before().phase() instanceof Phase.Draining
                            || it.before().phase() instanceof Phase.Failed
                            || !(it.before().phase() instanceof Phase.Suspended)
                                    && it.after().engine().deadSince().isPresent()),
            entry(
                    "ready only after a steady warm-up, or beside an engine that has served",
                    it -> !it.enters(Phase.Ready.class)
                            || it.before().phase() instanceof Phase.Warming warming
                                    && !warming.rounds().isEmpty()
                            || it.hadServed()
                                    && (!(it.before().phase() instanceof Phase.Warming)
                                            || it.after().engine().replaced())));

    @TestFactory
    Stream<DynamicTest> livesManyLives() {
        return Stream.iterate(20261124L, seed -> seed + 1)
                .limit(LIVES)
                .map(seed -> DynamicTest.dynamicTest("holds all invariants with seed " + seed, () -> live(seed)));
    }

    private static void live(long seed) {
        Random random = new Random(seed);
        World world = new World();
        Duration refusedFor = Duration.ZERO;
        Duration soundFor = Duration.ZERO;
        for (int second = 0; second < SECONDS; second++) {
            disturb(world, random, second);
            Picture before = world.picture;
            int askedBefore = world.asked.size();
            world.second();
            refusedFor = world.engine == Engine.REFUSED ? refusedFor.plusSeconds(1) : Duration.ZERO;
            soundFor = isSound(world) ? soundFor.plusSeconds(1) : Duration.ZERO;
            Moment moment = new Moment(
                    before,
                    world.picture,
                    world.now,
                    refusedFor,
                    soundFor,
                    world.ranks.stream().anyMatch(rank -> rank.successes > 0),
                    world.drain.isPresent(),
                    List.copyOf(world.asked.subList(askedBefore, world.asked.size())),
                    List.copyOf(world.besideAnother));
            int at = second;
            INVARIANTS.forEach((name, holds) -> assertThat(holds.test(moment))
                    .as(
                            "%s (seed %d, second %d): %s -> %s",
                            name, seed, at, before.phase(), moment.after().phase())
                    .isTrue());
        }
    }

    private static boolean isSound(World world) {
        boolean gpuIsSound = !(world.gpu instanceof GpuReading.Devices seen)
                || seen.devices().getFirst().state() instanceof Device.Working;
        return world.engine == Engine.SERVING
                && world.lists
                && world.health < 500
                && !world.hangs
                && world.ranks.stream().noneMatch(rank -> rank.hangs)
                && world.pause != Pause.PAUSED
                && world.pause != Pause.ASLEEP
                && gpuIsSound;
    }

    /** Now and then something happens; most seconds go by in peace. */
    private static void disturb(World world, Random random, int second) {
        world.ranks.forEach(rank -> {
            if (random.nextInt(5) == 0) {
                rank.running = random.nextInt(9);
                rank.waiting = random.nextInt(4) == 0 ? random.nextInt(50) : 0;
                rank.successes += random.nextInt(3);
            }
        });
        switch (random.nextInt(600)) {
            case 0, 1, 2, 3, 4, 5 -> world.serve();
            case 6 -> world.engine = Engine.REFUSED;
            case 7 -> {
                world.engine = Engine.REFUSED;
                world.restart();
            }
            case 8 -> world.restart();
            case 9 -> world.health = 503;
            case 10, 11, 12 -> world.health = 200;
            case 13 -> world.hangs = true;
            case 14, 15 -> world.hangs = false;
            case 16 -> world.pause = Pause.values()[random.nextInt(Pause.values().length)];
            case 17, 18 -> world.pause = Pause.NONE;
            case 19 -> world.engine = Engine.GARBLED;
            case 20 -> world.engine = Engine.SILENT;
            case 21 -> world.lists = random.nextBoolean();
            case 22 -> world.lists = true;
            case 23 -> world.rank().tokens = 0;
            case 24 -> world.processStart = random.nextBoolean() ? OptionalDouble.empty() : OptionalDouble.of(second);
            case 25 -> world.warmUpFails = random.nextBoolean() ? Optional.of("500") : Optional.empty();
            case 26 -> world.firstTokens = List.of(random.nextDouble() * 30);
            case 27 -> world.gpu = new GpuReading.Failed(world.now, "seed");
            case 30, 31 -> world.gpu = Gpus.one(world.now, OURS, new Device.Working());
            case 32 -> world.gpu = Gpus.one(world.now, OURS, new Device.Lost("a seed"));
            case 33 -> world.gpu = Gpus.one(world.now, OURS, new Device.ResetRequired("a seed"));
            case 34 -> world.gpu = Gpus.one(world.now, new Scope.Unscoped("a seed"), new Device.Lost("a seed"));
            case 35 -> world.ranks.get(random.nextInt(world.ranks.size())).hangs = random.nextInt(3) == 0;
            case 36 -> world.freeze(1 + random.nextInt(120));
            case 28 ->
                world.refusal = random.nextBoolean()
                        ? Optional.of(Refusal.values()[random.nextInt(Refusal.values().length)])
                        : Optional.empty();
            case 29 -> {
                if (random.nextInt(40) == 0) {
                    world.drain = Optional.of(new DrainOrder(world.now, world.now.plusSeconds(60), "a seed"));
                }
            }
            default -> {}
        }
    }

    /** A check that cannot fail checks nothing: for each a moment that breaks it, and nothing but it need be wrong. */
    @TestFactory
    Stream<DynamicTest> noticesWhatIsWrong() {
        World world = new World().seconds(2).ready();
        Picture ready = world.picture;
        Instant now = ready.at();
        Picture first = new World().picture;
        Effect.SendProbe probe =
                new Effect.SendProbe(1, new Model("tiny", OptionalInt.empty()), Optional.empty(), Duration.ZERO);
        Effect.SendWarmUp round = new Effect.SendWarmUp(
                1, 1, new Model("tiny", OptionalInt.empty()), List.of(), List.of(), now.plusSeconds(60));
        World late = new World().seconds(31 * 60);
        Picture failed = late.picture;
        Phase warmingNow = new Phase.Warming(now, 1, now, Optional.empty(), List.of(), 0, "");
        Phase warmingLong = new Phase.Warming(now.minusSeconds(9), 1, now, Optional.empty(), List.of(), 0, "");
        world.drain = Optional.of(new DrainOrder(now, now.plusSeconds(60), "a test"));
        world.rank().running = 1;
        world.seconds(1);
        Picture draining = world.picture;
        Duration none = Duration.ZERO;
        Duration minutes = Duration.ofMinutes(5);

        Map<String, Moment> broken = Map.ofEntries(
                entry(
                        "never ready on a stale or refusing engine",
                        new Moment(ready, ready, now, minutes, none, false, false, List.of(), List.of())),
                entry(
                        "an engine that loads for half an hour is never called dead",
                        new Moment(failed, failed, late.now, minutes, none, false, false, List.of(), List.of())),
                entry(
                        "no verdict falls on an engine that is sound",
                        new Moment(ready, failed, late.now, none, minutes, false, false, List.of(), List.of())),
                entry(
                        "draining is final for the process that it was ordered for",
                        new Moment(draining, ready, now, none, none, false, false, List.of(), List.of())),
                entry(
                        "an order to drain is obeyed at once",
                        new Moment(ready, ready, now, none, none, false, true, List.of(), List.of())),
                entry(
                        "no drain goes on beyond its deadline",
                        new Moment(
                                draining,
                                draining,
                                now.plusSeconds(99),
                                none,
                                none,
                                false,
                                true,
                                List.of(),
                                List.of())),
                entry(
                        "only a ready pod has a role",
                        new Moment(
                                ready, with(ready, warmingNow), now, none, none, false, false, List.of(), List.of())),
                entry(
                        "no signal from a stale source",
                        new Moment(ready, ready, now, minutes, none, false, false, List.of(), List.of())),
                entry(
                        "no rate is negative or endless, whatever the counters do",
                        new Moment(ready, withLoad(ready, -0.1), now, none, none, false, false, List.of(), List.of())),
                entry(
                        "a warm-up begins with one round, asked for once",
                        new Moment(
                                first, with(first, warmingNow), now, none, none, false, false, List.of(), List.of())),
                entry(
                        "a round goes out only while warming",
                        new Moment(ready, ready, now, none, none, false, false, List.of(round), List.of())),
                entry(
                        "a round goes out beside another only where that was given up",
                        new Moment(
                                with(first, warmingLong),
                                with(first, warmingLong),
                                now,
                                none,
                                none,
                                false,
                                false,
                                List.of(round),
                                List.of(round))),
                entry(
                        "at most one probe is waited for",
                        new Moment(ready, ready, now, none, none, false, false, List.of(probe, probe), List.of())),
                entry(
                        "a probe goes out only to an engine that should answer",
                        new Moment(first, ready, now, none, none, false, false, List.of(probe), List.of())),
                entry(
                        "ready only after a steady warm-up, or beside an engine that has served",
                        new Moment(draining, ready, now, none, none, false, false, List.of(), List.of())));
        assertThat(broken.keySet()).isEqualTo(INVARIANTS.keySet());
        return INVARIANTS.entrySet().stream()
                .map(it -> DynamicTest.dynamicTest(
                        it.getKey(), () -> assertThat(it.getValue().test(broken.get(it.getKey())))
                                .isFalse()));
    }

    private static Picture with(Picture it, Phase phase) {
        return with(it, "state", with(it.state(), "phase", phase));
    }

    private static Picture withLoad(Picture it, double load) {
        Signals wrong = with(it.signals().orElseThrow(), "load", OptionalDouble.of(load));
        return with(it, "signals", Optional.of(wrong));
    }

    /** The same but for one component. */
    @SuppressWarnings("unchecked")
    private static <R extends Record> R with(R it, String component, Object value) {
        RecordComponent[] components = it.getClass().getRecordComponents();
        Class<?>[] types =
                Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
        Object[] values = new Object[components.length];
        assertThat(components).extracting(RecordComponent::getName).contains(component);
        try {
            for (int i = 0; i < components.length; i++) {
                values[i] = components[i].getName().equals(component)
                        ? value
                        : components[i].getAccessor().invoke(it);
            }
            return (R) it.getClass().getDeclaredConstructor(types).newInstance(values);
        } catch (ReflectiveOperationException impossible) {
            throw new AssertionError(impossible);
        }
    }
}
