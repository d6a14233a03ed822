package dev.pilotlight.simulator;

import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashSet;
import java.util.Set;

/** One HTTP request and its answer, in the manner of the server that vLLM runs on. */
final class Call {
    private static final int LONGEST_BODY = 16 << 20;

    private final HttpExchange exchange;
    private final String path;
    private final long startedNanos = System.nanoTime();
    private int status;
    private long received;
    private long sent;

    Call(HttpExchange exchange, String rootPath) {
        this.exchange = exchange;
        String raw = exchange.getRequestURI().getPath();
        this.path = !rootPath.isEmpty() && raw.startsWith(rootPath) ? raw.substring(rootPath.length()) : raw;
    }

    String path() {
        return path;
    }

    String method() {
        return exchange.getRequestMethod();
    }

    String header(String name) {
        return exchange.getRequestHeaders().getFirst(name);
    }

    boolean isLocal() {
        return exchange.getRemoteAddress().getAddress().isLoopbackAddress();
    }

    int status() {
        return status;
    }

    long received() {
        return received;
    }

    long sent() {
        return sent;
    }

    double seconds() {
        return (System.nanoTime() - startedNanos) * 1e-9;
    }

    /** All values of a query parameter, in order. */
    Set<String> parameters(String name) {
        Set<String> values = new LinkedHashSet<>();
        String query = exchange.getRequestURI().getRawQuery();
        for (String pair : query == null ? new String[0] : query.split("&")) {
            int equals = pair.indexOf('=');
            String key = decoded(equals < 0 ? pair : pair.substring(0, equals));
            if (key.equals(name)) {
                values.add(equals < 0 ? "" : decoded(pair.substring(equals + 1)));
            }
        }
        return values;
    }

    String parameter(String name, String otherwise) {
        Set<String> values = parameters(name);
        return values.isEmpty() ? otherwise : values.iterator().next();
    }

    double number(String name, double otherwise) {
        return Double.parseDouble(parameter(name, Double.toString(otherwise)));
    }

    int integer(String name, int otherwise) {
        return Integer.parseInt(parameter(name, Integer.toString(otherwise)));
    }

    private static String decoded(String text) {
        return URLDecoder.decode(text, StandardCharsets.UTF_8);
    }

    String body() throws IOException {
        byte[] bytes = exchange.getRequestBody().readNBytes(LONGEST_BODY);
        received = bytes.length;
        return new String(bytes, StandardCharsets.UTF_8);
    }

    void json(int status, String body) throws IOException {
        answer(status, "application/json", body);
    }

    void empty(int status) throws IOException {
        answer(status, null, "");
    }

    void answer(int status, String contentType, String body) throws IOException {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        boolean bodiless = method().equals("HEAD") || bytes.length == 0;
        try (OutputStream out = start(status, contentType, bodiless ? -1 : bytes.length)) {
            if (!bodiless) {
                out.write(bytes);
            }
        }
        sent = bytes.length;
    }

    void redirect(String location) throws IOException {
        exchange.getResponseHeaders().set("Location", location);
        empty(307);
    }

    void methodNotAllowed(String allowed) throws IOException {
        exchange.getResponseHeaders().set("Allow", allowed);
        json(405, "{\"detail\":\"Method Not Allowed\"}");
    }

    void notFound() throws IOException {
        json(404, "{\"detail\":\"Not Found\"}");
    }

    /** Begins an answer of unknown length. */
    OutputStream stream(int status, String contentType) throws IOException {
        return start(status, contentType, 0);
    }

    /** Begins an answer that promises {@code length} bytes; -1 for none, 0 for chunks. */
    OutputStream start(int status, String contentType, long length) throws IOException {
        this.status = status;
        if (contentType != null) {
            exchange.getResponseHeaders().set("Content-Type", contentType);
        }
        exchange.getResponseHeaders().set("Server", "uvicorn");
        exchange.sendResponseHeaders(status, length);
        return exchange.getResponseBody();
    }

    void close() {
        exchange.close();
    }
}
