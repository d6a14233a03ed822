package dev.pilotlight.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pilotlight.process.Image;
import dev.pilotlight.process.Web;
import io.fabric8.kubernetes.api.model.Pod;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code kubectl apply -k} of k8s/example lives, with either image. */
@Tag("node")
class ExampleIT {
    private static final int CONNECTIONS = 20_000;
    private static final Duration LOAD = Duration.ofSeconds(90);

    private final RealNode node = RealNode.shared();

    /** Two pods, as its autoscaler wants at least; then a connection of its own for each of twenty thousand probes of one. */
    @ParameterizedTest
    @ValueSource(strings = {"jvm", "native"})
    void loadsForNinetySecondsAndTakesTwentyThousandConnections(String image) throws IOException, InterruptedException {
        assumeTrue(
                image.equals("jvm") || Image.nativeBinary().isPresent(),
                "no native binary: make native, then make test-node NATIVE=target/...-runner");
        String name = "example-" + image;
        try (TimeLine line = new TimeLine(node.admin(), name, name)) {
            line.fault("kubectl apply -k");
            try (Example example = Example.apply(
                    node,
                    Example.in(name)
                            .sidecar(image)
                            .simulator("--load-seconds=" + LOAD.toSeconds())
                            .autoscaled())) {
                List<Pod> pods = example.awaitReady(2);
                Duration ready = line.await("Ready", Duration.ofMinutes(1), "Ready"::equals);

                int whole = probes(pods.getFirst());
                line.add(whole + " of " + CONNECTIONS + " connections answered");
                Web.Answer status = Example.ask(pods.getFirst(), "/api/v1/status");

                assertThat(whole).isEqualTo(CONNECTIONS);
                assertThat(status.status()).isEqualTo(200);
                assertThat(ready).isGreaterThan(LOAD);
                assertThat(pods).allSatisfy(pod -> assertThat(example.restarts(pod))
                        .containsEntry("pilotlight", 0)
                        .containsEntry("vllm", 0));
                assertThat(example.pods()).allMatch(RealNode::isReady);
            }
        }
    }

    /** As the kubelet does it: a connection per probe, closed after the answer. */
    private static int probes(Pod pod) throws IOException {
        int whole = 0;
        byte[] request = "GET /q/health/ready HTTP/1.1\r\nHost: pod\r\nConnection: close\r\n\r\n"
                .getBytes(StandardCharsets.UTF_8);
        InetSocketAddress address = new InetSocketAddress(pod.getStatus().getPodIP(), 9110);
        for (int i = 0; i < CONNECTIONS; i++) {
            try (Socket socket = new Socket()) {
                socket.connect(address, 10_000);
                socket.setSoTimeout(10_000);
                socket.getOutputStream().write(request);
                String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
                if (answer.startsWith("HTTP/1.1 200")) {
                    whole++;
                }
            }
        }
        return whole;
    }
}
