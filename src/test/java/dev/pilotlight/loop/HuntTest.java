package dev.pilotlight.loop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.health.HealthRules;
import dev.pilotlight.lifecycle.Condition;
import dev.pilotlight.lifecycle.Phase;
import dev.pilotlight.loop.HuntedEngine.Core;
import dev.pilotlight.loop.HuntedEngine.Door;
import dev.pilotlight.loop.HuntedEngine.Request;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * The hunt for wrong verdicts, in virtual time: a sound engine in every trouble that is not its own is never called dead, and one that
 * really hangs is found within the time that docs/probes.md gives, or it is said that it cannot be judged. {@code make hunt HOURS=200}.
 */
class HuntTest {
    private static final double HOURS = Double.parseDouble(System.getProperty("hunt.hours", "8"));
    private static final int HOURS_OF_A_LIFE = 2;
    /** One seed alone, to look at what it found; all of them where it is 0. */
    private static final long SEED = Long.getLong("hunt.seed", 0);

    /** What the table says, and a few seconds for polls and probes: `stuck-after` + `canary-timeout`, or two heartbeats. */
    private static final int NOT_READY_WITHIN = 60 + 30 + 15;

    private static final int DOWN_WITHIN = 5 * 60 + 30 + 15;

    private static final Set<Condition> SAYS_THAT_IT_CANNOT_JUDGE = EnumSet.of(
            Condition.PAGE_UNREADABLE,
            Condition.KEY_REFUSED,
            Condition.TURNED_AWAY,
            Condition.TLS_FAILED,
            Condition.NAME_UNKNOWN);

    @Test
    void callsNoSoundEngineDead() {
        Map<String, Integer> seconds = new LinkedHashMap<>();
        int lives = (int) Math.max(1, HOURS / HOURS_OF_A_LIFE);
        for (long seed = Math.max(1, SEED); seed <= (SEED > 0 ? SEED : lives); seed++) {
            Hunt hunt = new Hunt(seed);
            for (int second = 0; second < HOURS_OF_A_LIFE * 3_600; second++) {
                hunt.second();
                assertThat(HealthRules.engine(hunt.picture).up())
                        .as("seed %d, second %d: %s, %s", seed, second, hunt.picture.phase(), hunt.engine)
                        .isTrue();
                seconds.merge(hunt.picture.phase().word(), 1, Integer::sum);
                if (hunt.picture.phase() instanceof Phase.Failed failed) {
                    seconds.merge("failed, " + failed.condition().word(), 1, Integer::sum);
                }
            }
        }
        System.out.printf(
                "hunt: %d lives of %d h beside sound engines, 0 called dead; seconds by phase %s%n",
                lives, HOURS_OF_A_LIFE, seconds);
        assertThat(seconds.getOrDefault("ready", 0))
                .as("the hunt is of engines that serve")
                .isGreaterThan(SEED > 0 ? -1 : lives * HOURS_OF_A_LIFE * 3_600 / 4);
    }

    /** What really breaks. */
    private enum Fault {
        CORE_STOPPED_UNDER_LOAD,
        CORE_STOPPED_IDLE,
        ALL_STOPPED,
        CORE_GONE,
        EVERY_REQUEST_500,
        NONE_TAKEN
    }

    @Test
    void findsWhatReallyHangs() {
        Map<Fault, int[]> tally = new EnumMap<>(Fault.class);
        int faults = (int) Math.max(24, HOURS * 6);
        for (long seed = Math.max(1, SEED); seed <= (SEED > 0 ? SEED : faults); seed++) {
            Fault fault = Fault.values()[(int) (seed % Fault.values().length)];
            int[] counts = tally.computeIfAbsent(fault, _ -> new int[5]);
            breaks(seed, fault, counts);
        }
        tally.forEach((fault, counts) -> System.out.printf(
                "hunt: %-24s %3d broken: %3d not ready after %d s at most, %3d down after %d s at most, %d cannot be judged and said%n",
                fault, counts[0], counts[0] - counts[4], counts[1], counts[2], counts[3], counts[4]));
    }

    private static void breaks(long seed, Fault fault, int[] counts) {
        Hunt hunt = new Hunt(10_000 + seed, false);
        Random random = new Random(seed);
        int before = 600 + random.nextInt(1_200);
        for (int second = 0;
                second < before || !hunt.isCalm() || !(hunt.picture.phase() instanceof Phase.Ready);
                second++) {
            // The troubles end before the fault; what the server was started with stays.
            if (second == before / 2) {
                hunt.calms();
            }
            hunt.second();
            assertThat(second)
                    .as("seed %d is ready some time: %s", seed, hunt.picture.phase())
                    .isLessThan(20_000);
        }
        begin(hunt, fault);
        counts[0]++;
        int notReady = -1;
        int down = -1;
        for (int second = 1; second <= DOWN_WITHIN + 60 && down < 0; second++) {
            hunt.second();
            boolean isReady = HealthRules.ready(hunt.picture, hunt.now).up();
            notReady = notReady < 0 && !isReady ? second : notReady;
            down = HealthRules.engine(hunt.picture).up() ? -1 : second;
        }
        boolean isSaid = SAYS_THAT_IT_CANNOT_JUDGE.stream().anyMatch(hunt.picture.conditions()::has);
        boolean isKilled = fault != Fault.EVERY_REQUEST_500 && fault != Fault.NONE_TAKEN;
        // Ranks are asked by turns.
        int turns = 30 * (hunt.engine.cores.size() - 1);
        int within = turns + (fault == Fault.NONE_TAKEN ? 2 * 60 + 15 : NOT_READY_WITHIN);
        if (isSaid && (notReady < 0 || notReady > within || isKilled && down < 0)) {
            counts[4]++;
            return;
        }
        assertThat(notReady)
                .as("seed %d, %s: not ready, %s %s", seed, fault, hunt.picture.conditions(), hunt.picture.progress())
                .isBetween(1, within);
        counts[1] = Math.max(counts[1], notReady);
        if (isKilled) {
            assertThat(down)
                    .as(
                            "seed %d, %s: down, %s %s %s",
                            seed, fault, hunt.picture.phase(), hunt.picture.conditions(), hunt.picture.progress())
                    .isBetween(1, DOWN_WITHIN + turns);
            counts[2]++;
            counts[3] = Math.max(counts[3], down);
        }
    }

    private static void begin(Hunt hunt, Fault fault) {
        Core core = hunt.engine.cores.getFirst();
        switch (fault) {
            case CORE_STOPPED_UNDER_LOAD -> {
                core.waiting.add(new Request(10, 4_000));
                hunt.second();
                core.hangs = true;
            }
            case CORE_STOPPED_IDLE -> {
                core.waiting.clear();
                core.running.clear();
                hunt.second();
                core.hangs = true;
            }
            case ALL_STOPPED -> {
                hunt.engine.door = Door.SILENT;
                hunt.engine.cores.forEach(each -> each.hangs = true);
            }
            case CORE_GONE -> hunt.engine.isDead = true;
            case EVERY_REQUEST_500 -> {
                hunt.engine.answersErrors = true;
                hunt.engine.cores.forEach(each -> {
                    each.hangs = true;
                    each.waiting.clear();
                    each.running.clear();
                });
            }
            case NONE_TAKEN -> {
                core.running.clear();
                core.waiting.add(new Request(10, 400));
                core.takesNone = true;
            }
        }
    }
}
