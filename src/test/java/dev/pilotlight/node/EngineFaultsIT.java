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

/** An engine that is lost for good is restarted once, and serves again. The four run beside each other. */
@Tag("node")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class EngineFaultsIT {
    /** A verdict that outlived its engine would kill the next one within this: longer than the verdict stands, and its probes take. */
    private static final Duration NO_LOOP = Duration.ofSeconds(150);

    /** Shorter than those shipped; what a test may take follows them. */
    private static final Duration STUCK_AFTER = Duration.ofSeconds(30);

    private static final Duration CANARY_TIMEOUT = Duration.ofSeconds(15);
    private static final Duration HEARTBEAT_EVERY = Duration.ofSeconds(30);
    private static final Duration LONGEST_STEP = Duration.ofSeconds(60);

    /** For two requests without an answer, one after the other. */
    private static final Duration EVIDENCE = STUCK_AFTER
            .plus(HEARTBEAT_EVERY)
            .plus(CANARY_TIMEOUT.multipliedBy(2))
            .plus(LONGEST_STEP);

    /** Two probes and the time until what does not end is killed, by k8s/sidecar; and a start of this engine, on a machine with other work. */
    private static final Duration KUBELET = Duration.ofSeconds(20);

    private static final Duration START = Duration.ofMinutes(2);
    private static final Duration VERDICT_AND_START = EVIDENCE.plus(KUBELET).plus(START);

    private final RealNode node = RealNode.shared();

    private Scenario<Outcome> killed;
    private Scenario<Outcome> hungUnderLoad;
    private Scenario<Outcome> hungIdle;
    private Scenario<Outcome> stopped;

    /**
     * @param restarts of the engine's container, until well after it serves again
     */
    private record Outcome(int restarts, int sidecarRestarts, Duration toRestart, Duration toReady, int refused) {}

    @BeforeAll
    void begin() {
        killed = begin("engine-killed", 4, (example, pod) -> node.signal(pod, "vllm", "SIGKILL"));
        hungUnderLoad = begin("engine-hung-busy", 4, (example, pod) -> node.engineFault(pod, "hang?when=busy"));
        hungIdle = begin("engine-hung-idle", 0, (example, pod) -> node.engineFault(pod, "hang?when=idle"));
        stopped = begin("engine-stopped", 4, (example, pod) -> node.signal(pod, "vllm", "SIGSTOP"));
    }

    private static Example.Overlay settings(Example.Overlay overlay) {
        return overlay.setting("PILOTLIGHT_LIVENESS_STUCK_AFTER", STUCK_AFTER.toSeconds() + "s")
                .setting("PILOTLIGHT_LIVENESS_CANARY_TIMEOUT", CANARY_TIMEOUT.toSeconds() + "s")
                .setting("PILOTLIGHT_LIVENESS_HEARTBEAT_EVERY", HEARTBEAT_EVERY.toSeconds() + "s")
                .setting("PILOTLIGHT_LIVENESS_LONGEST_STEP", LONGEST_STEP.toSeconds() + "s");
    }

    private Scenario<Outcome> begin(String name, int callers, BiConsumer<Example, Pod> fault) {
        return Scenario.begin(name, () -> {
            try (Example example = Example.apply(node, settings(Example.in(name)));
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
                        VERDICT_AND_START,
                        what -> what.startsWith("vllm running, restarts 1"));
                line.await("not Ready first", Duration.ofMinutes(1), "not Ready"::equals);
                Duration toReady = line.await("Ready again", VERDICT_AND_START, "Ready"::equals);
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
        restartsOnce(hungUnderLoad, VERDICT_AND_START);
    }

    @Test
    void restartsAnEngineThatHangsWhileIdleOnce() throws Exception {
        restartsOnce(hungIdle, VERDICT_AND_START);
    }

    @Test
    void restartsAStoppedEngineOnce() throws Exception {
        restartsOnce(stopped, VERDICT_AND_START);
    }
}
