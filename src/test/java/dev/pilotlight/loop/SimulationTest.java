package dev.pilotlight.loop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.drain.DrainOrder;
import dev.pilotlight.engine.EngineReading.Pause;
import dev.pilotlight.gpu.GpuReading;
import dev.pilotlight.health.HealthRules;
import dev.pilotlight.lifecycle.Effect;
import dev.pilotlight.lifecycle.Phase;
import dev.pilotlight.loop.World.Engine;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Random;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** A hundred thousand seconds of an engine that does everything engines do, at random: what must hold after each of them. */
class SimulationTest {
    private static final int LIVES = 20;
    private static final int SECONDS = 5_000;

    /**
     * What is looked at after a second.
     *
     * @param before the picture of the second before
     * @param after the picture now
     * @param now the time
     * @param refusedFor how long the engine has refused without a break
     * @param asked effects asked for in this second
     * @param warmUpWasOut whether a round was out before it
     * @param probeWasOut whether a probe was out before it
     */
    private record Moment(
            Picture before,
            Picture after,
            Instant now,
            Duration refusedFor,
            List<Effect> asked,
            boolean warmUpWasOut,
            boolean probeWasOut) {
        boolean ready() {
            return HealthRules.ready(after, now).up();
        }

        boolean live() {
            return HealthRules.engine(after).up();
        }
    }

    private static final Map<String, Predicate<Moment>> INVARIANTS = Map.of(
            "never ready on a stale or refusing engine",
                    it -> !it.ready()
                            || it.after().engineIsFresh(it.now())
                                    && it.refusedFor().isZero(),
            "an engine that loads for half an hour is never called dead",
                    it -> it.live()
                            || it.refusedFor().isZero()
                            || it.refusedFor().compareTo(Duration.ofMinutes(29)) > 0,
            "draining is final",
                    it -> !(it.before().phase() instanceof Phase.Draining)
                            || it.after().phase() instanceof Phase.Draining,
            "only a ready pod has a role",
                    it -> it.after().role().isPresent() == (it.after().phase() instanceof Phase.Ready),
            "no signal from a stale source",
                    it -> it.after().freshSignals(it.now()).isEmpty()
                            || it.after().engine().refusedSince().isEmpty()
                                    && Duration.between(
                                                            it.after()
                                                                    .freshSignals(it.now())
                                                                    .get()
                                                                    .at(),
                                                            it.now())
                                                    .compareTo(it.after().staleAfter())
                                            <= 0,
            "a load is finite and not negative",
                    it -> it.after()
                            .freshSignals(it.now())
                            .map(signals -> signals.load().orElse(0))
                            .filter(load -> !(load >= 0 && Double.isFinite(load)))
                            .isEmpty(),
            "at most one round out, and asked for on entry or after an outcome",
                    it -> !(it.warmUpWasOut() && it.asked().stream().anyMatch(Effect.SendWarmUp.class::isInstance))
                            || it.after().engine().replaced()
                            || !it.before().phase().equals(it.after().phase()),
            "at most one probe out",
                    it -> it.asked().stream()
                                    .filter(Effect.SendProbe.class::isInstance)
                                    .count()
                            <= (it.probeWasOut() ? it.after().progress().attempts() > 0 ? 1 : 0 : 1),
            "ready only after a warm-up, or beside an engine that has served",
                    it -> !(it.after().phase() instanceof Phase.Ready)
                            || it.before().phase() instanceof Phase.Ready
                            || it.before().phase() instanceof Phase.Warming
                            || it.before().phase() instanceof Phase.Suspended
                            || it.before().phase() instanceof Phase.Starting);

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
        for (int second = 0; second < SECONDS; second++) {
            disturb(world, random, second);
            Picture before = world.picture;
            int askedBefore = world.asked.size();
            boolean warmUpWasOut = world.warmUpIsOut();
            boolean probeWasOut = world.probeIsOut();
            world.second();
            refusedFor = world.engine == Engine.REFUSED ? refusedFor.plusSeconds(1) : Duration.ZERO;
            Moment moment = new Moment(
                    before,
                    world.picture,
                    world.now,
                    refusedFor,
                    List.copyOf(world.asked.subList(askedBefore, world.asked.size())),
                    warmUpWasOut,
                    probeWasOut);
            int at = second;
            INVARIANTS.forEach((name, holds) -> assertThat(holds.test(moment))
                    .as(
                            "%s (seed %d, second %d): %s -> %s",
                            name, seed, at, before.phase(), moment.after().phase())
                    .isTrue());
        }
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
            case 28 -> world.probesAreRefused = random.nextBoolean();
            case 29 -> {
                if (random.nextInt(40) == 0) {
                    world.drain = Optional.of(new DrainOrder(world.now, world.now.plusSeconds(60), "a seed"));
                }
            }
            default -> {}
        }
    }

    /** A check that cannot fail checks nothing. */
    @Test
    void noticesWhatIsWrong() {
        World world = new World().seconds(2).ready();
        Picture ready = world.picture;
        Instant later = world.now.plusSeconds(3600);
        Picture first = new World().picture;
        Moment stale = new Moment(ready, ready, later, Duration.ofSeconds(5), List.of(), false, false);
        world.drain = Optional.of(new DrainOrder(world.now, world.now.plusSeconds(60), "a test"));
        world.seconds(1);
        Moment undrained = new Moment(world.picture, ready, world.now, Duration.ZERO, List.of(), false, false);
        World failed = new World();
        failed.seconds(31 * 60);
        Moment dead =
                new Moment(failed.picture, failed.picture, failed.now, Duration.ofMinutes(5), List.of(), false, false);

        assertThat(INVARIANTS.get("draining is final").test(undrained)).isFalse();
        assertThat(INVARIANTS
                        .get("an engine that loads for half an hour is never called dead")
                        .test(dead))
                .isFalse();
        assertThat(INVARIANTS.get("never ready on a stale or refusing engine").test(stale))
                .as("HealthRules refuses by itself; a picture that is fresh beside a refusing engine is caught")
                .isTrue();
        Moment refusing = new Moment(ready, ready, ready.at(), Duration.ofSeconds(5), List.of(), false, false);
        assertThat(INVARIANTS.get("never ready on a stale or refusing engine").test(refusing))
                .isFalse();
        Effect.SendProbe probe = new Effect.SendProbe(
                1, new dev.pilotlight.engine.Model("tiny", java.util.OptionalInt.empty()), Optional.empty());
        Moment two = new Moment(first, first, world.now, Duration.ZERO, List.of(probe, probe), false, false);
        assertThat(INVARIANTS.get("at most one probe out").test(two)).isFalse();
    }
}
