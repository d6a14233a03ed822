package dev.pilotlight.cluster;

import dev.pilotlight.process.PrometheusServer;
import dev.pilotlight.process.RawServer;
import dev.pilotlight.process.Web;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/** A Prometheus as KEDA sees it, by way of something that can fail. */
final class FaultyPrometheus implements AutoCloseable {
    private static final Duration LONGER_THAN_KEDA_WAITS = Duration.ofSeconds(5);

    private final PrometheusServer prometheus;
    private final RawServer server;
    private volatile Fault fault = Fault.NONE;

    /** What it answers. */
    enum Fault {
        NONE,
        /** Connections end without a byte. */
        GONE,
        /** No answer within KEDA's 3 s. */
        SLOW,
        /** As a Prometheus that replays its log: 503. */
        STARTING,
        /** A login page or the like of a proxy, with 200. */
        ANOTHER_PAGE,
        /** Half of an answer, with the length of the whole. */
        CUT,
        /** No series: scrapes fail. */
        NOTHING
    }

    FaultyPrometheus(PrometheusServer prometheus) {
        this.prometheus = prometheus;
        server = new RawServer("127.0.0.1", 0, this::answer);
    }

    String url() {
        return "http://127.0.0.1:" + server.port();
    }

    void become(Fault next) {
        fault = next;
    }

    private void answer(RawServer.Ask ask, OutputStream out) throws IOException {
        switch (fault) {
            case NONE -> pass(ask, out, 1);
            case GONE -> throw new IOException("gone");
            case SLOW -> LockSupport.parkNanos(LONGER_THAN_KEDA_WAITS.toNanos());
            case STARTING -> RawServer.answer(out, 503, "text/plain", "Service Unavailable");
            case ANOTHER_PAGE ->
                RawServer.answer(out, 200, "text/html", "<html><body>Log in, in 30 seconds</body></html>");
            case CUT -> pass(ask, out, 0.5);
            case NOTHING ->
                RawServer.answer(
                        out,
                        200,
                        "application/json",
                        "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[]}}");
        }
    }

    /** @param share of the body that is sent before the connection ends */
    private void pass(RawServer.Ask ask, OutputStream out, double share) throws IOException {
        Web.Answer answer;
        try {
            answer = Web.get(prometheus.url().resolve(ask.target()));
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
            throw new IOException(stop);
        }
        if (share == 1) {
            RawServer.answer(out, answer.status(), "application/json", answer.body());
            return;
        }
        String part = answer.body().substring(0, (int) (answer.body().length() * share));
        out.write(("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "
                        + answer.body().length() + "\r\n\r\n" + part)
                .getBytes(java.nio.charset.StandardCharsets.UTF_8));
        out.flush();
        throw new IOException("cut");
    }

    @Override
    public void close() {
        server.close();
    }
}
