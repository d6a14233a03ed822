package dev.pilotlight.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.engine.EngineReading.Unreachable;
import dev.pilotlight.engine.EngineTrack;
import dev.pilotlight.http.Cause;
import dev.pilotlight.lifecycle.Phase.Draining;
import dev.pilotlight.lifecycle.Phase.Failed;
import dev.pilotlight.lifecycle.Phase.Ready;
import dev.pilotlight.lifecycle.Phase.Starting;
import dev.pilotlight.lifecycle.Phase.Suspended;
import dev.pilotlight.lifecycle.Phase.Warming;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** What comes from outside moves every phase that it is meant to move, and no other. */
class LifecycleTest {
    private static final Instant BEFORE = Instant.parse("2026-11-29T12:00:00Z");
    private static final Instant NOW = BEFORE.plusSeconds(5);
    private static final Lifecycle LIFECYCLE = new Lifecycle(
            new LivenessPolicy(
                    Duration.ofSeconds(10), Duration.ofSeconds(60), Duration.ofSeconds(60), Optional.empty()),
            new WarmUpPolicy(Shape.DEFAULT, 0.15, 8, Duration.ofMinutes(3), Duration.ofSeconds(2), false));

    private static final EngineTrack SILENT = EngineTrack.begin(BEFORE);
    private static final Phase STARTING = new Starting(BEFORE, "it loads");
    private static final Phase WARMING = new Warming(BEFORE, 1, NOW, Optional.empty(), List.of(), 0, "");
    private static final Phase READY = new Ready(BEFORE, "warm");
    private static final Phase SUSPENDED = new Suspended(BEFORE, "asleep", true);
    private static final Phase GAVE_UP = failed(Condition.WARM_UP_GAVE_UP);
    private static final Phase LOST_GPU = failed(Condition.GPU);
    private static final Phase DRAINING = new Draining(BEFORE);

    /** @param moved the phases that it moves, to {@code to} */
    private record Case(String what, Inputs inputs, List<Phase> moved, Phase to, List<Phase> left) {}

    private static Phase failed(Condition condition) {
        return new Failed(BEFORE, condition, "why");
    }

    private static Inputs inputs(EngineTrack engine, boolean drain, Map<Condition, String> found, boolean gpu) {
        return new Inputs(
                engine,
                Inputs.Past.NOTHING,
                Optional.empty(),
                drain,
                found,
                gpu ? Optional.of("lost") : Optional.empty(),
                Duration.ZERO,
                0);
    }

    private static Stream<Case> cases() {
        EngineTrack refused = SILENT.advance(new Unreachable(NOW, Cause.REFUSED, "refused"));
        List<Phase> serving = List.of(STARTING, WARMING, READY, SUSPENDED);
        Map<Condition, String> dead = Map.of(Condition.DEAD, "gone");
        return Stream.of(
                new Case(
                        "nothing", inputs(SILENT, false, Map.of(), false), List.of(), READY, List.of(READY, SUSPENDED)),
                new Case(
                        "the order to drain",
                        inputs(refused, true, dead, true),
                        List.of(STARTING, WARMING, READY, SUSPENDED, GAVE_UP, LOST_GPU),
                        new Draining(NOW),
                        List.of(DRAINING)),
                new Case(
                        "a GPU that cannot go on",
                        inputs(SILENT, false, Map.of(), true),
                        serving,
                        new Failed(NOW, Condition.GPU, "lost"),
                        List.of(GAVE_UP, LOST_GPU)),
                new Case(
                        "several servers behind one address",
                        inputs(SILENT, false, Map.of(Condition.SEVERAL_SERVERS, "two"), false),
                        serving,
                        new Failed(NOW, Condition.SEVERAL_SERVERS, "two"),
                        List.of(GAVE_UP)),
                new Case(
                        "a dead engine",
                        inputs(SILENT, false, dead, false),
                        List.of(STARTING, WARMING, READY, SUSPENDED, GAVE_UP),
                        new Failed(NOW, Condition.DEAD, "gone"),
                        List.of(failed(Condition.DEAD))),
                new Case(
                        "a refused connection",
                        inputs(refused, false, Map.of(), false),
                        List.of(WARMING, READY, SUSPENDED),
                        new Starting(NOW, "the engine refuses connections: it stopped, or loads again"),
                        List.of()));
    }

    @TestFactory
    Stream<DynamicTest> movesWhatItIsMeantToMove() {
        return cases().flatMap(one -> Stream.concat(
                one.moved.stream()
                        .map(phase -> DynamicTest.dynamicTest(one.what + " while " + phase.word(), () -> assertThat(
                                        LIFECYCLE.step(phase, one.inputs, NOW).phase())
                                .isEqualTo(one.to))),
                one.left.stream()
                        .map(phase -> DynamicTest.dynamicTest(one.what + " leaves " + phase.word(), () -> assertThat(
                                        LIFECYCLE.step(phase, one.inputs, NOW).phase())
                                .isEqualTo(phase)))));
    }
}
