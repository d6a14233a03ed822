package dev.pilotlight.signal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.pilotlight.engine.EngineSnapshot;
import dev.pilotlight.engine.Rank;
import dev.pilotlight.replay.Snapshots;
import dev.pilotlight.simulator.Profile;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

/** Counters that stand lower or higher in a process that goes on: they were cleared, or another model is listed. */
class RecountedTest {
    private static final int SLOTS = 8;
    private static final int CLIENTS = 4;

    /** What another model on the page has counted, while it is listed. */
    private double more;

    private OptionalDouble and(OptionalDouble counter) {
        return counter.isPresent() ? OptionalDouble.of(counter.getAsDouble() + more) : counter;
    }

    private Rank withOther(Rank rank) {
        return new Rank(
                rank.engine(),
                rank.running(),
                rank.waiting(),
                rank.kvCacheUse(),
                and(rank.promptTokens()),
                and(rank.generationTokens()),
                and(rank.successes()),
                rank.preemptions(),
                and(rank.answeredTokens()),
                rank.cachedPromptTokens(),
                and(rank.steps()),
                rank.deferred());
    }

    private MeteredEngine engine() {
        MeteredEngine engine = new MeteredEngine(Profile.TINY, MeteredEngine.policy(OptionalInt.of(SLOTS)), 1);
        engine.page = (batch, start, histograms) -> {
            EngineSnapshot page = Snapshots.of(batch, start, histograms);
            return new EngineSnapshot(
                    page.ranks().stream().map(this::withOther).toList(),
                    more == 0 ? List.of("tiny") : List.of("tiny", "other"),
                    page.processStart(),
                    page.cache(),
                    page.sleep(),
                    page.latencies());
        };
        return engine;
    }

    private static void goesOn(double before, List<Signals> after) {
        assertThat(after.subList(2, 10))
                .allSatisfy(it -> assertThat(it.load().orElseThrow()).isCloseTo(before, within(0.1)));
        assertThat(after.subList(2, 10).stream()
                        .mapToDouble(it -> it.load().orElseThrow())
                        .distinct()
                        .count())
                .as("different loads in eight seconds")
                .isGreaterThan(4);
    }

    @Test
    void areNoStallAndLeaveTheLoadAsItIs() {
        MeteredEngine engine = engine();
        more = 1e5;
        double before = MeteredEngine.mean(
                engine.closed(CLIENTS, 120, MeteredEngine.about(100, 100)).subList(60, 120));
        more = 0;
        goesOn(before, engine.closed(CLIENTS, 10, MeteredEngine.about(100, 100)));
    }

    @Test
    void ofAModelThatWasNotListedBeforeAreNoTraffic() {
        MeteredEngine engine = engine();
        double before = MeteredEngine.mean(
                engine.closed(CLIENTS, 120, MeteredEngine.about(100, 100)).subList(60, 120));
        more = 500;
        List<Signals> after = engine.closed(CLIENTS, 10, MeteredEngine.about(100, 100));
        assertThat(after.getFirst().load().orElseThrow()).isCloseTo(before, within(0.1));
        goesOn(before, after);
    }
}
