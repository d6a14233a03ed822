package dev.pilotlight.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.process.Await;
import io.fabric8.kubernetes.api.model.Pod;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** A sidecar in trouble never takes a sound engine down, nor a request of it. The scenarios run beside each other. */
@Tag("node")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SidecarFaultsIT {
    private static final int KILLS = Integer.getInteger("sidecar.kills", 10);

    /** The kubelet's own is 300 s; ten kills by that take half an hour: {@code -Dsidecar.longest-back-off=300}. */
    private static final int LONGEST_BACK_OFF = Integer.getInteger("sidecar.longest-back-off", 30);

    private static final int CALLERS = 6;
    private static final int SCRAPERS = 500;
    private static final Duration BACK_OFF = Duration.ofMinutes(8);

    /** With the old liveness probe, vLLM was killed after a sidecar had been away for 60 to 110 s. */
    private static final Duration AWAY = Duration.ofSeconds(150);

    private final RealNode node = RealNode.shared();

    private Scenario<Outcome> killed;
    private Scenario<Outcome> imageGone;
    private Scenario<Outcome> frozen;

    private record Outcome(int engineRestarts, int sidecarRestarts, List<String> lost, long whole) {}

    private interface Course {
        void run(Example example, Pod pod, TimeLine line) throws Exception;
    }

    @BeforeAll
    void begin() {
        node.kubelet("crashLoopBackOff: { maxContainerRestartPeriod: " + LONGEST_BACK_OFF + "s }");
        node.image("jvm", "name=" + RealNode.SIDECAR + ":passing");
        killed = begin("sidecar-killed", "jvm", this::kill);
        imageGone = begin("sidecar-image-gone", "passing", this::loseTheImage);
        frozen = begin("sidecar-frozen", "jvm", this::freeze);
    }

    @AfterAll
    void end() {
        node.kubelet();
    }

    private Scenario<Outcome> begin(String name, String image, Course course) {
        return Scenario.begin(name, () -> {
            try (Example example = Example.apply(node, Example.in(name).sidecar(image));
                    TimeLine line = new TimeLine(node.admin(), name, name);
                    Callers crowd = Callers.of(node.admin(), name, "vllm", 1, line::add)) {
                Pod pod = example.awaitReady();
                crowd.keepBusy(CALLERS, 100);
                Await.until("requests are under way", Duration.ofSeconds(60), () -> crowd.streaming() == CALLERS);
                try {
                    course.run(example, pod, line);
                    crowd.stop();
                    Await.until("all have ended", Duration.ofMinutes(2), () -> crowd.open() == 0);
                } finally {
                    line.add(crowd.tally());
                }
                Pod now = example.now(pod);
                return new Outcome(
                        RealNode.restarts(now, "vllm"),
                        RealNode.restarts(now, "pilotlight"),
                        crowd.lost(),
                        crowd.count(Callers.Outcome.WHOLE));
            }
        });
    }

    private void awaitReadyAfterRestarts(Example example, Pod pod, int restarts) {
        Await.until(
                "the sidecar's restart " + restarts + ", and Ready",
                BACK_OFF,
                () -> example.now(pod),
                now -> RealNode.restarts(now, "pilotlight") >= restarts && RealNode.isReady(now));
    }

    /** At both paces: when the pod is Ready again, and the moment that the process is there again. */
    private void kill(Example example, Pod pod, TimeLine line) {
        for (int i = 1; i <= KILLS; i++) {
            int kill = i;
            boolean atOnce = kill % 3 == 0 && kill < KILLS;
            Instant from = line.fault("SIGKILL number " + kill);
            node.signal(pod, "pilotlight", "SIGKILL");
            if (atOnce) {
                Await.until("it runs again", BACK_OFF, () -> runs(example.now(pod), kill));
            } else {
                awaitReadyAfterRestarts(example, pod, kill);
            }
            line.add((atOnce ? "runs" : "Ready") + " again after "
                    + Duration.between(from, Instant.now()).toMillis() / 1e3 + " s");
        }
    }

    private static boolean runs(Pod pod, int restarts) {
        return RealNode.status(pod, "pilotlight")
                .filter(status -> status.getRestartCount() >= restarts)
                .map(status -> status.getState().getRunning() != null)
                .orElse(false);
    }

    private void loseTheImage(Example example, Pod pod, TimeLine line) {
        node.removeImage(RealNode.SIDECAR + ":passing");
        line.fault("the image is gone, SIGKILL");
        node.signal(pod, "pilotlight", "SIGKILL");
        Instant until = Instant.now().plus(AWAY);
        Await.until(
                "away for long",
                AWAY.plusMinutes(1),
                () -> Instant.now().isAfter(until) || RealNode.restarts(example.now(pod), "vllm") > 0);
        node.image("jvm", "name=" + RealNode.SIDECAR + ":passing");
        line.add("the image is back");
        awaitReadyAfterRestarts(example, pod, 1);
    }

    private void freeze(Example example, Pod pod, TimeLine line) {
        line.fault("SIGSTOP");
        node.signal(pod, "pilotlight", "SIGSTOP");
        awaitReadyAfterRestarts(example, pod, 1);
    }

    private static void harmsNobody(Scenario<Outcome> scenario, int sidecarRestarts) throws Exception {
        Outcome outcome = scenario.end();
        assertThat(outcome.engineRestarts()).as("restarts of the engine").isZero();
        assertThat(outcome.lost()).isEmpty();
        assertThat(outcome.whole()).isPositive();
        assertThat(outcome.sidecarRestarts()).as("restarts of the sidecar").isEqualTo(sidecarRestarts);
    }

    @Test
    void harmsNobodyWhenKilledAgainAndAgain() throws Exception {
        harmsNobody(killed, KILLS);
    }

    @Test
    void harmsNobodyWhenItsImageIsGone() throws Exception {
        harmsNobody(imageGone, 1);
    }

    @Test
    void harmsNobodyWhenFrozen() throws Exception {
        harmsNobody(frozen, 1);
    }

    /** Its memory is taken away to what it uses, and a crowd of scrapers asks for more: the kernel kills it. */
    @Test
    void harmsNobodyWhenOutOfMemory() throws Exception {
        harmsNobody(
                begin("sidecar-oom", "jvm", (example, pod, line) -> {
                    line.fault("memory limit to what is in use, then out of memory");
                    Await.until("out of memory", BACK_OFF, () -> {
                        if (RealNode.restarts(example.now(pod), "pilotlight") > 0) {
                            return true; // before its next life is starved, too
                        }
                        node.starve(pod, "pilotlight");
                        MemoryIT.scrape(pod, SCRAPERS);
                        return false;
                    });
                    awaitReadyAfterRestarts(example, pod, 1);
                }),
                1);
    }
}
