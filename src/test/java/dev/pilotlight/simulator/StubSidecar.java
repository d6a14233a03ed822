package dev.pilotlight.simulator;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;

/** Stands in for the sidecar in the tests of {@link Demo}: ready at once, warns once, and dies when the engine URL asks for it. */
final class StubSidecar {
    private StubSidecar() {}

    public static void main(String... args) throws IOException {
        System.out.println("2026-01-01 00:00:00 INFO  watching " + System.getProperty("pilotlight.engine.url"));
        System.out.println(
                "2026-01-01 00:00:00 WARN  standby after " + System.getProperty("pilotlight.pool.standby-after"));
        if (System.getProperty("pilotlight.engine.url").contains("/die")) {
            System.out.println("cannot go on");
            System.exit(7);
        }
        HttpServer server = HttpServer.create(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.getInteger("quarkus.http.port")), 0);
        server.createContext("/api/v1/signals", exchange -> {
            byte[] body = """
                    {"phase":"ready","role":"active","reason":"warm","load_ratio":0.83,"demand_pods":1.0,"running_requests":7}""".getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        server.start();
    }
}
