package dev.pilotlight.loop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.health.HealthRules;
import dev.pilotlight.loop.World.Engine;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Engines that load for long and are slow at first, each by a seed: ready when they are warm, and never before. */
class ColdStartTest {
    private static final int STARTS = 50;
    private static final Duration POLL = Duration.ofSeconds(1);

    @TestFactory
    Stream<DynamicTest> isReadyAfterTheSecondSteadyRoundAndNeverEarlier() {
        return Stream.iterate(20261125L, seed -> seed + 1)
                .limit(STARTS)
                .map(seed -> DynamicTest.dynamicTest("with seed " + seed, () -> start(new Random(seed))));
    }

    private static void start(Random random) {
        World world = new World();
        world.processStart =
                random.nextBoolean() ? OptionalDouble.empty() : OptionalDouble.of(World.START.getEpochSecond());
        world.firstTokens = firstTokens(random);
        int load = 5 + random.nextInt(900);
        world.engine = Engine.REFUSED;
        world.seconds(load).serve();

        int needed = roundsNeeded(world.firstTokens);
        double warm = world.firstTokens.subList(0, needed).stream()
                .mapToDouble(Double::doubleValue)
                .sum();
        int seconds = 0;
        while (!HealthRules.ready(world.picture, world.now).up()) {
            world.seconds(1);
            assertThat(HealthRules.engine(world.picture).up()).isTrue();
            assertThat(++seconds).isLessThan(180);
        }
        // The first second finds the model and asks for the first round.
        assertThat((double) seconds - 1)
                .as("seconds until ready; rounds of %s, of which %d are needed", world.firstTokens, needed)
                .isGreaterThanOrEqualTo(warm);
        assertThat(world.picture.state().rounds()).hasSize(needed);
        ColdStart measured = world.picture.state().coldStart();
        Duration loaded = Duration.ofSeconds(load);
        assertThat(measured.load().orElseThrow()).isBetween(loaded.minus(POLL), loaded.plus(POLL));
        // In this world a round's end is seen at the next whole second, and only then the next is asked for.
        Duration warmUp = Duration.ofMillis(Math.round(warm * 1000));
        assertThat(measured.warmUp().orElseThrow()).isBetween(warmUp, warmUp.plus(POLL.multipliedBy(needed)));
        assertThat(measured.warmUp().orElseThrow()).isEqualTo(Duration.ofSeconds(seconds - 1));
    }

    /** One to three slow rounds, the first of 20 s, then half a second give or take 5 %. */
    private static List<Double> firstTokens(Random random) {
        List<Double> times = new ArrayList<>(List.of(20.0));
        for (int slow = random.nextInt(3); slow > 0; slow--) {
            times.add(2 + 15 * random.nextDouble());
        }
        for (int steady = 0; steady < 8; steady++) {
            times.add(0.5 * (0.95 + 0.1 * random.nextDouble()));
        }
        return times;
    }

    /** The rule of docs/configuration.md, written once more: two in a row within 15 %, 20 ms never counting. */
    private static int roundsNeeded(List<Double> times) {
        for (int i = 1; i < 8; i++) {
            double before = times.get(i - 1);
            double now = times.get(i);
            if (Math.abs(now - before) <= Math.max(0.15 * Math.max(now, before), 0.02)) {
                return i + 1;
            }
        }
        return 8;
    }
}
