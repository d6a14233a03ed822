package dev.pilotlight.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.process.Await;
import io.fabric8.kubernetes.api.model.Pod;
import java.time.Duration;
import java.time.Instant;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** An engine that is lost for good is restarted once, and serves again. They run beside each other. */
@Tag("node")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class EngineFaultsIT {
    /** A verdict that outlived its engine would kill the next one within this: longer than the verdict stands, and its probes take. */
    private static final Duration NO_LOOP = Duration.ofSeconds(150);

    /** Two probes and the time until what does not end is killed, by k8s/sidecar; and a start of this engine, on a machine with other work. */
    private static final Duration KUBELET = Duration.ofSeconds(20);

    private static final Duration START = Duration.ofMinutes(2);

    /** What a verdict takes; what a test may take follows it. */
    private record Patience(
            Duration stuckAfter, Duration canaryTimeout, Duration heartbeatEvery, Duration longestStep, boolean set) {
        static final Patience SHORT = new Patience(
                Duration.ofSeconds(30), Duration.ofSeconds(15), Duration.ofSeconds(30), Duration.ofSeconds(60), true);

        /** The settings' own defaults. */
        static final Patience SHIPPED = new Patience(
                Duration.ofSeconds(60), Duration.ofSeconds(30), Duration.ofSeconds(60), Duration.ofMinutes(5), false);

        Example.Overlay in(Example.Overlay overlay) {
            return set
                    ? overlay.setting("PILOTLIGHT_LIVENESS_STUCK_AFTER", stuckAfter.toSeconds() + "s")
                            .setting("PILOTLIGHT_LIVENESS_CANARY_TIMEOUT", canaryTimeout.toSeconds() + "s")
                            .setting("PILOTLIGHT_LIVENESS_HEARTBEAT_EVERY", heartbeatEvery.toSeconds() + "s")
                            .setting("PILOTLIGHT_LIVENESS_LONGEST_STEP", longestStep.toSeconds() + "s")
                    : overlay;
        }

        /** For two requests without an answer, one after the other; then the kubelet, and a start. */
        Duration verdictAndStart() {
            return stuckAfter
                    .plus(heartbeatEvery)
                    .plus(canaryTimeout.multipliedBy(2))
                    .plus(longestStep)
                    .plus(KUBELET)
                    .plus(START);
        }
    }

    private final RealNode node = RealNode.shared();

    private Scenario<Outcome> killed;
    private Scenario<Outcome> hungUnderLoad;
    private Scenario<Outcome> hungIdle;
    private Scenario<Outcome> stopped;
    private Scenario<Outcome> hungAsShipped;
    private Scenario<Outcome> stoppedAsShipped;

    /**
     * @param restarts of the engine's container, until well after it serves again
     */
    private record Outcome(int restarts, int sidecarRestarts, Duration toRestart, Duration toReady, int refused) {}

    @BeforeAll
    void begin() {
        BiConsumer<Example, Pod> hang = (example, pod) -> node.engineFault(pod, "hang?when=busy");
        BiConsumer<Example, Pod> stop = (example, pod) -> node.signal(pod, "vllm", "SIGSTOP");
        hungAsShipped = begin("engine-hung-as-shipped", Patience.SHIPPED, 4, hang);
        stoppedAsShipped = begin("engine-stopped-as-shipped", Patience.SHIPPED, 4, stop);
        killed = begin("engine-killed", Patience.SHORT, 4, (example, pod) -> node.signal(pod, "vllm", "SIGKILL"));
        hungUnderLoad = begin("engine-hung-busy", Patience.SHORT, 4, hang);
        hungIdle =
                begin("engine-hung-idle", Patience.SHORT, 0, (example, pod) -> node.engineFault(pod, "hang?when=idle"));
        stopped = begin("engine-stopped", Patience.SHORT, 4, stop);
    }

    private Scenario<Outcome> begin(String name, Patience patience, int callers, BiConsumer<Example, Pod> fault) {
        return Scenario.begin(name, () -> {
            try (Example example = Example.apply(node, patience.in(Example.in(name)));
                    TimeLine line = new TimeLine(node.admin(), name, name);
                    Callers crowd = Callers.of(node.admin(), name, "vllm", 1, line::add)) {
                Pod pod = example.awaitReady();
                Await.until("the callers know the pod", Duration.ofSeconds(30), () -> !crowd.addresses()
                        .isEmpty());
                crowd.keepBusy(callers, 100);
                Await.until("requests are under way", Duration.ofSeconds(30), () -> crowd.streaming() == callers);
                line.fault("the fault");
                fault.accept(example, pod);
                Duration toRestart = line.await(
                        "the engine is restarted",
                        patience.verdictAndStart(),
                        what -> what.startsWith("vllm running, restarts 1"));
                line.await("not Ready first", Duration.ofMinutes(1), "not Ready"::equals);
                Duration toReady = line.await("Ready again", patience.verdictAndStart(), "Ready"::equals);
                Instant until = Instant.now().plus(NO_LOOP);
                Await.until(
                        "time to loop",
                        NO_LOOP.plusMinutes(1),
                        () -> Instant.now().isAfter(until) || RealNode.restarts(example.now(pod), "vllm") > 1);
                crowd.stop();
                line.add("restarted after " + toRestart.toMillis() / 1e3 + " s, Ready after " + toReady.toMillis() / 1e3
                        + " s");
                line.add(crowd.tally());
                return new Outcome(
                        RealNode.restarts(example.now(pod), "vllm"),
                        RealNode.restarts(example.now(pod), "pilotlight"),
                        toRestart,
                        toReady,
                        (int) crowd.count(Callers.Outcome.REFUSED));
            }
        });
    }

    private static void restartsOnce(Scenario<Outcome> scenario, Duration most) throws Exception {
        Outcome outcome = scenario.end();
        assertThat(outcome.restarts()).as("restarts of the engine").isEqualTo(1);
        assertThat(outcome.sidecarRestarts()).as("restarts of the sidecar").isZero();
        assertThat(outcome.toRestart()).isLessThan(outcome.toReady());
        assertThat(outcome.toReady()).isLessThan(most);
    }

    @Test
    void restartsAKilledEngineOnce() throws Exception {
        restartsOnce(killed, START);
    }

    @Test
    void restartsAnEngineThatHangsUnderLoadOnce() throws Exception {
        restartsOnce(hungUnderLoad, Patience.SHORT.verdictAndStart());
    }

    @Test
    void restartsAnEngineThatHangsWhileIdleOnce() throws Exception {
        restartsOnce(hungIdle, Patience.SHORT.verdictAndStart());
    }

    /** Not before the longest step that vLLM allows itself, and soon after. */
    @Test
    void restartsAnEngineThatHangsUnderLoadOnceWithTheSettingsAsShipped() throws Exception {
        restartsOnce(hungAsShipped, Patience.SHIPPED.verdictAndStart());
        assertThat(hungAsShipped.end().toRestart()).isGreaterThan(Patience.SHIPPED.longestStep());
    }

    @Test
    void restartsAStoppedEngineOnceWithTheSettingsAsShipped() throws Exception {
        restartsOnce(stoppedAsShipped, Patience.SHIPPED.verdictAndStart());
        assertThat(stoppedAsShipped.end().toRestart()).isGreaterThan(Patience.SHIPPED.longestStep());
    }

    @Test
    void restartsAStoppedEngineOnce() throws Exception {
        restartsOnce(stopped, Patience.SHORT.verdictAndStart());
    }
}
