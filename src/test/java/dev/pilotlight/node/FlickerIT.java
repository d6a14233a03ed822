package dev.pilotlight.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.process.Await;
import io.fabric8.kubernetes.api.model.Pod;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A pod is Ready when its engine takes requests, all the time that it does, and never else. */
@Tag("node")
class FlickerIT {
    private static final int KILLS = 3;
    private static final Duration IDLE = Duration.ofSeconds(90);
    private static final Duration SOON = Duration.ofMinutes(3);

    private final RealNode node = RealNode.shared();

    private static boolean takesConnections(Pod pod) {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(pod.getStatus().getPodIP(), 8000), 1_000);
            return true;
        } catch (IOException refused) {
            return false;
        }
    }

    /** A restarted container without a readiness probe of its own counts as ready at once, before the sidecar's next one. */
    @Test
    void isNotReadyWhileTheEngineRefusesAfterItsEnd() throws Exception {
        String name = "flicker-killed";
        try (Example example = Example.apply(node, Example.in(name).simulator("--load-seconds=15"));
                TimeLine line = new TimeLine(node.admin(), name, name)) {
            Pod pod = example.awaitReady();
            List<String> wrong = new CopyOnWriteArrayList<>();
            for (int i = 1; i <= KILLS; i++) {
                int kill = i;
                line.fault("SIGKILL number " + i);
                node.signal(pod, "vllm", "SIGKILL");
                line.await("not Ready", SOON, "not Ready"::equals);
                Await.until("the engine answers again", SOON, () -> {
                    boolean ready = RealNode.isReady(example.now(pod));
                    boolean takes = takesConnections(pod);
                    if (ready && !takes) {
                        wrong.add("Ready and refusing after kill " + kill);
                    }
                    return takes;
                });
                Await.until("Ready", SOON, () -> RealNode.isReady(example.now(pod)));
            }
            assertThat(wrong).isEmpty();
        }
    }

    @Test
    void staysReadyWhileIdle() throws Exception {
        String name = "flicker-idle";
        try (Example example = Example.apply(node, Example.in(name));
                TimeLine line = new TimeLine(node.admin(), name, name);
                Callers nobody = Callers.of(node.admin(), name, "vllm", 1, line::add)) {
            example.awaitReady();
            Await.until(
                    "the callers know the pod", SOON, () -> !nobody.addresses().isEmpty());
            Instant from = line.fault("idle from now on");
            Await.until(
                    "time to flicker", IDLE.plusMinutes(1), () -> Instant.now().isAfter(from.plus(IDLE)));
            assertThat(line.since(from))
                    .extracting(TimeLine.Entry::what)
                    .noneMatch(what -> what.equals("not Ready") || what.startsWith("endpoints"));
        }
    }

    /** SIGTERM may come before the process has a handler for it, and is then lost on the first process of a container. */
    @Test
    void endsSoonWhenDeletedAsItsSidecarStarts() throws Exception {
        String name = "flicker-deleted";
        try (Example example = Example.apply(node, Example.in(name));
                TimeLine line = new TimeLine(node.admin(), name, name)) {
            line.await("the sidecar starts", SOON, "pilotlight running"::equals);
            Pod pod = example.pod();
            line.fault("deleted as its sidecar starts");
            node.kubectl("delete", "pod", "-n", name, pod.getMetadata().getName(), "--wait=false")
                    .orFail();
            Await.until("gone", Duration.ofMinutes(7), () -> example.isGone(pod));
            assertThat(line.await("gone", SOON, "gone"::equals)).isLessThan(Duration.ofSeconds(60));
        }
    }
}
