package dev.pilotlight.page;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.pilotlight.process.PackagedSidecar;
import dev.pilotlight.process.Web;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/** Passes some answers of a sidecar on to each page, and then none: a page that was left open beside a process that stands still. */
final class StillSidecar implements AutoCloseable {
    private final HttpServer server;
    private final ExecutorService calls = Executors.newVirtualThreadPerTaskExecutor();

    private StillSidecar(HttpServer server) {
        this.server = server;
    }

    static StillSidecar after(PackagedSidecar sidecar, int looks) throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        StillSidecar still = new StillSidecar(server);
        AtomicInteger left = new AtomicInteger();
        server.createContext("/", call -> {
            String path = call.getRequestURI().getPath();
            if (path.equals("/")) {
                left.set(looks);
            }
            if (path.equals("/api/v1/status") && left.getAndDecrement() <= 0) {
                call.close(); // without an answer: the browser's own time stands still while it waits for one
            } else {
                pass(call, sidecar, path);
            }
        });
        server.setExecutor(still.calls);
        server.start();
        return still;
    }

    private static void pass(HttpExchange call, PackagedSidecar sidecar, String path) throws IOException {
        try (call) {
            Web.Answer answer = sidecar.get(path);
            byte[] body = answer.body().getBytes();
            call.getResponseHeaders()
                    .set("Content-Type", path.equals("/") ? "text/html;charset=UTF-8" : "application/json");
            call.sendResponseHeaders(answer.status(), body.length);
            call.getResponseBody().write(body);
        } catch (InterruptedException ended) {
            Thread.currentThread().interrupt();
        }
    }

    URI page() {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/");
    }

    @Override
    public void close() {
        server.stop(0);
        calls.shutdownNow();
    }
}
