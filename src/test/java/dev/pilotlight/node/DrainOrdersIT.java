package dev.pilotlight.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.process.Said;
import io.fabric8.kubernetes.api.model.Pod;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Nobody drains a pod who was not told to: neither vLLM, which fetches what its users name, nor a browser, nor a neighbour. */
@Tag("node")
class DrainOrdersIT {
    private static final String PATH = "/api/v1/drain";

    private final RealNode node = RealNode.shared();

    private static String request(String method, String... headers) {
        return method + " " + PATH + " HTTP/1.1\r\n" + String.join("\r\n", headers)
                + (headers.length == 0 ? "" : "\r\n") + "Connection: close\r\nContent-Length: 0\r\n\r\n";
    }

    /** What others can send, by who they are. */
    private static final Map<String, String> ORDERS = Map.of(
            "a fetch", request("GET", "Host: 127.0.0.1:9110"),
            "a fetch of localhost", request("GET", "Host: localhost:9110"),
            "a look", request("HEAD", "Host: 127.0.0.1:9110"),
            "a form on another site", request("POST", "Host: 127.0.0.1:9110", "Origin: http://evil.test"),
            "a page that rebound its name", request("POST", "Host: evil.test:9110", "Origin: http://evil.test:9110"),
            "one who says it is from here", request("POST", "Host: 127.0.0.1:9110", "X-Forwarded-For: 127.0.0.1"));

    /** From the outside, as another pod. */
    private static String fromOutside(Pod pod, String request) throws IOException {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(pod.getStatus().getPodIP(), 9110), 5_000);
            socket.setSoTimeout(30_000);
            socket.getOutputStream().write(request.getBytes(StandardCharsets.UTF_8));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .findFirst()
                    .orElse("no answer");
        }
    }

    /** From vLLM's own container, over loopback. */
    private String fromInside(Pod pod, String request) {
        Said said = node.exec(
                pod,
                "vllm",
                "bash",
                "-c",
                "exec 3<>/dev/tcp/127.0.0.1/9110; printf '%b' \"$0\" >&3; head -n 1 <&3",
                request.replace("\r", "\\r").replace("\n", "\\n"));
        return said.orFail().strip();
    }

    @Test
    void refusesWhoeverIsNotTheHook() throws Exception {
        String name = "drain-orders";
        try (Example example = Example.apply(node, Example.in(name));
                TimeLine line = new TimeLine(node.admin(), name, name)) {
            Pod pod = example.awaitReady();
            line.fault("orders");
            List<String> obeyed = new ArrayList<>();
            for (Map.Entry<String, String> order : ORDERS.entrySet()) {
                for (Map.Entry<String, String> from : Map.of(
                                "outside", fromOutside(pod, order.getValue()),
                                "inside", fromInside(pod, order.getValue()))
                        .entrySet()) {
                    String what = order.getKey() + " from " + from.getKey() + ": " + from.getValue();
                    line.add(what);
                    if (!from.getValue().matches("HTTP/1.1 (403|405) .*")) {
                        obeyed.add(what);
                    }
                }
            }
            assertThat(obeyed).isEmpty();
            assertThat(Example.ask(pod, "/q/health/ready").status()).isEqualTo(200);
            assertThat(Example.ask(pod, "/api/v1/status").body()).doesNotContain("\"draining\"");
            assertThat(RealNode.isReady(example.now(pod))).isTrue();
        }
    }
}
