package dev.pilotlight.replay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Short replays: twenty minutes of a step to four times the traffic, with a cold start of two minutes. */
class ReplayTest {
    private static final int SECONDS = 1200;

    private static Scenario step() {
        Arrivals arrivals = Generators.shaped(
                Generators.conversationStandIn(3), Shape.constant(0.4).step(300, 4), SECONDS, "a step");
        return Scenarios.scenario("step", arrivals, 2)
                .withLives(Lives.lasting(120))
                .withPods(2, 8);
    }

    private static Outcome run(Contender contender) {
        return Replay.run(step(), contender);
    }

    @Test
    void isTheSameEveryTime() {
        Scenario scenario = step();
        List<Contender> contenders = List.of(Policies.recommended(), Policies.warmPool(1), Contender.fixed(3));
        List<Outcome> together = Bench.run(scenario, contenders);
        for (int i = 0; i < contenders.size(); i++) {
            assertThat(together.get(i)).usingRecursiveComparison().isEqualTo(Replay.run(scenario, contenders.get(i)));
        }
    }

    @Test
    void anotherSeedDrawsOtherColdStarts() {
        assertThat(Replay.run(step().withSeed(2), Policies.recommended())
                        .timeline()
                        .ready())
                .isNotEqualTo(run(Policies.recommended()).timeline().ready());
    }

    @Test
    void aLargeFleetKeepsTheObjectiveAndCostsItsPodsTimesTheTime() {
        Outcome outcome = run(Contender.fixed(8));
        assertThat(outcome.breachShare()).isLessThan(0.01);
        assertThat(outcome.gpuHours()).isEqualTo(8 * step().seconds() / 3600.0);
        assertThat(outcome.moves()).isZero();
    }

    @Test
    void aFleetThatIsTooSmallIsLateMoreAndMore() {
        Outcome outcome = run(Contender.fixed(1));
        double[] late = outcome.timeline().breaches();
        assertThat(outcome.breachShare()).isGreaterThan(0.5);
        assertThat(late[15]).isEqualTo(60 * outcome.timeline().arrivalsPerSecond()[15]);
    }

    @Test
    void theLoadBringsPodsAfterOneColdStartAndLetsThemGoAgain() {
        Outcome outcome = run(Policies.recommended());
        double[] ready = outcome.timeline().ready();
        assertThat(ready[6]).isCloseTo(ready[4], within(0.01));
        assertThat(ready[9]).isGreaterThan(ready[6] + 0.9);
        assertThat(outcome.ups()).isPositive();
        assertThat(outcome.downs()).isPositive();
    }

    /** Its warm-up requests and the users' first ones wait ten seconds for their kernels: that is no load. */
    @Test
    void newPodsTakeTheirShareOfTheLoadAndAddNone() {
        int seconds = 1500;
        Arrivals steady = Generators.poisson(3, 6, seconds, 1100, 200);
        Scenario scenario = Scenarios.scenario("two pods more", steady, 2).withLives(Lives.lasting(120));
        int[] plan = new int[scenario.seconds() + 1];
        Arrays.fill(plan, 2);
        Arrays.fill(plan, 400, plan.length, 4);
        Outcome.Timeline timeline = Replay.run(
                        scenario, new Contender("foreseen", Contender.Kind.PILOT_LIGHT, _ -> new Scaler.Foreseen(plan)))
                .timeline();
        double before = timeline.load()[6] * timeline.ready()[6];
        assertThat(before).isBetween(1.0, 2.0);
        for (int minute = 11; minute < seconds / 60; minute++) {
            assertThat(timeline.load()[minute] * timeline.ready()[minute])
                    .describedAs("load of %.1f pods in minute %d", timeline.ready()[minute], minute)
                    .isLessThan(1.3 * before);
        }
    }

    @Test
    void standbysAreOffTrafficUntilTheSurge() {
        Outcome alone = run(Policies.recommended());
        Outcome pool = run(Policies.warmPool(4));
        assertThat(alone.timeline().replicas()[4]).isCloseTo(alone.timeline().ready()[4], within(0.01));
        // Two serve, and of the six that the pool then wants the manifest keeps two thirds.
        assertThat(pool.timeline().replicas()[4]).isCloseTo(4, within(0.01));
        assertThat(pool.timeline().ready()[4]).isCloseTo(2, within(0.01));
        assertThat(pool.breaches()).isLessThanOrEqualTo(alone.breaches());
    }

    @ParameterizedTest
    @ValueSource(strings = {"bursts", "flash crowd", "random walk"})
    void theForecastBuysNoPodsForWhatNobodyCanForesee(String name) {
        Scenario scenario = Scenarios.named(name, Path.of("no traces, but what stands in for them"), 1);
        List<Outcome> outcomes = Bench.run(
                scenario, List.of(Policies.wanted(scenario, false, false), Policies.wanted(scenario, false, true)));
        assertThat(outcomes.get(1).gpuHours())
                .isLessThanOrEqualTo(1.05 * outcomes.get(0).gpuHours());
        assertThat(outcomes.get(1).breaches())
                .isLessThanOrEqualTo((long) (1.05 * outcomes.get(0).breaches()));
    }

    @Test
    void anotherSeedBeginsElsewhereInTheTrace() {
        Path none = Path.of("no traces, but what stands in for them");
        Arrivals first = Scenarios.named("bursts", none, 1).arrivals();
        Arrivals second = Scenarios.named("bursts", none, 2).arrivals();
        assertThat(second.atNanos(0)).isNotEqualTo(first.atNanos(0));
        assertThat((double) second.size()).isCloseTo(first.size(), withinPercentage(15));
    }

    @Test
    void ofSeveralSeedsItSaysTheMeanAndTheWorst() {
        List<List<Outcome>> seeds = List.of(List.of(run(Contender.fixed(8))), List.of(run(Contender.fixed(4))));
        double hours = seeds.get(0).getFirst().gpuHours();
        assertThat(Report.spread(step(), seeds))
                .contains("of 2 seeds")
                .containsPattern("fixed fleet of 8 .*%% +%.1f +%.1f".formatted(0.75 * hours, hours));
    }

    @Test
    void onePolicyBeatsAnotherOnlyIfItIsNoWorseOnBothAxes() {
        Outcome large = run(Contender.fixed(8));
        Outcome small = run(Contender.fixed(1));
        assertThat(large.isBeatenBy(small)).isFalse();
        assertThat(small.isBeatenBy(large)).isFalse();
        assertThat(large.isBeatenBy(large)).isFalse();
        assertThat(run(Contender.fixed(2)).isBeatenBy(run(Policies.recommended())))
                .isFalse();
    }
}
