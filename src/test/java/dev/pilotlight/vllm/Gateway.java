package dev.pilotlight.vllm;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import dev.pilotlight.http.Certificates;
import dev.pilotlight.process.PackagedSidecar;
import dev.pilotlight.process.Web;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executors;

/** A proxy in front of a server, as many stand there: it may answer completions with 500 itself, and it may speak TLS. */
final class Gateway implements AutoCloseable {
    private static final Duration LONGEST = Duration.ofMinutes(8);
    /** What the server has to see of a request, and the client of an answer. */
    private static final List<String> PASSED_ON = List.of("authorization", "content-type", "location");

    private final RealVllm behind;
    private final int port = PackagedSidecar.freePort();
    private volatile boolean refuses;
    private Optional<HttpServer> listening = Optional.empty();

    Gateway(RealVllm behind) {
        this.behind = behind;
    }

    Gateway plain() throws IOException {
        return listen(HttpServer.create(address(), 0));
    }

    /** Shows that certificate from now on, on the same port; connections of before are closed. */
    Gateway tls(Certificates.Pair shown) throws IOException, GeneralSecurityException {
        close();
        HttpsServer https = HttpsServer.create(address(), 0);
        https.setHttpsConfigurator(new HttpsConfigurator(shown.server(Optional.empty())));
        return listen(https);
    }

    URI at(String scheme) {
        return URI.create(scheme + "://127.0.0.1:" + port);
    }

    /** Whether completions are answered 500; everything else goes through all along. */
    void refuseCompletions(boolean refuses) {
        this.refuses = refuses;
    }

    private InetSocketAddress address() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    }

    private Gateway listen(HttpServer server) {
        server.createContext("/", exchange -> {
            try (exchange) {
                pass(exchange);
            } catch (InterruptedException stop) {
                Thread.currentThread().interrupt();
            }
        });
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.start();
        listening = Optional.of(server);
        return this;
    }

    private void pass(HttpExchange exchange) throws IOException, InterruptedException {
        byte[] asked = exchange.getRequestBody().readAllBytes();
        boolean isCompletion = exchange.getRequestMethod().equals("POST");
        if (refuses && isCompletion) {
            byte[] why = "{\"error\": \"no upstream\"}".getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(500, why.length);
            exchange.getResponseBody().write(why);
            return;
        }
        HttpRequest.Builder request = HttpRequest.newBuilder(
                        behind.at(exchange.getRequestURI().toString()))
                .timeout(LONGEST)
                .method(
                        exchange.getRequestMethod(),
                        isCompletion
                                ? HttpRequest.BodyPublishers.ofByteArray(asked)
                                : HttpRequest.BodyPublishers.noBody());
        for (String name : PASSED_ON) {
            Optional.ofNullable(exchange.getRequestHeaders().getFirst(name))
                    .ifPresent(value -> request.header(name, value));
        }
        HttpResponse<InputStream> answer = Web.CLIENT.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
        for (String name : PASSED_ON) {
            answer.headers().firstValue(name).ifPresent(value -> exchange.getResponseHeaders()
                    .set(name, value));
        }
        try (InputStream from = answer.body()) {
            exchange.sendResponseHeaders(answer.statusCode(), 0);
            OutputStream to = exchange.getResponseBody();
            byte[] piece = new byte[8192];
            for (int read; (read = from.read(piece)) >= 0; ) {
                to.write(piece, 0, read);
                to.flush(); // a stream's events, as they come
            }
        }
    }

    @Override
    public void close() {
        listening.ifPresent(server -> server.stop(0));
        listening = Optional.empty();
    }
}
