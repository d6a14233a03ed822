package dev.pilotlight.signal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.engine.EngineSnapshot;
import dev.pilotlight.engine.ServerState;
import dev.pilotlight.replay.Snapshots;
import dev.pilotlight.simulator.Profile;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

/** Requests that the engine turns away are in no queue, and yet traffic for which pods are wanted. */
class RejectionsTest {
    private static final int SLOTS = 8;

    private double rejected;

    private MeteredEngine engine() {
        MeteredEngine engine = new MeteredEngine(Profile.TINY, MeteredEngine.policy(OptionalInt.of(SLOTS)), 1);
        engine.page = (batch, start, histograms) -> {
            EngineSnapshot page = Snapshots.of(batch, start, histograms);
            return new EngineSnapshot(
                    page.ranks(),
                    page.models(),
                    page.processStart(),
                    page.cache(),
                    page.sleep(),
                    page.latencies(),
                    new ServerState(
                            OptionalDouble.empty(),
                            OptionalDouble.of(rejected),
                            OptionalDouble.empty(),
                            OptionalDouble.empty()),
                    page.leftOut());
        };
        return engine;
    }

    @Test
    void liftTheLoadAboveFull() {
        MeteredEngine engine = engine();
        double full = MeteredEngine.mean(
                engine.closed(SLOTS, 300, MeteredEngine.about(100, 100)).subList(200, 300));
        assertThat(full).isBetween(0.7, 1.2);
        double finished = engine.meter.load().orElseThrow().last().successes().orElseThrow() / 300;
        double most = 0;
        for (int second = 0; second < 120; second++) {
            rejected += finished;
            most = engine.closedSecond(SLOTS, MeteredEngine.about(100, 100))
                    .load()
                    .orElseThrow();
        }
        assertThat(most).as("as many again were turned away as were served").isBetween(1.6, 2.6);
        List<Signals> after = engine.closed(SLOTS, 400, MeteredEngine.about(100, 100));
        assertThat(MeteredEngine.mean(after.subList(300, 400)))
                .isCloseTo(full, org.assertj.core.api.Assertions.within(0.2));
    }
}
