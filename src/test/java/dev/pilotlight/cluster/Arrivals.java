package dev.pilotlight.cluster;

import dev.pilotlight.process.Web;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;

/** Requests that come at a rate, whether or not the ones before are answered: what users do, and what a full pod cannot slow down. */
final class Arrivals implements AutoCloseable {
    private static final Duration PAUSE = Duration.ofMillis(50);

    private final Supplier<List<URI>> servers;
    private final int tokens;
    private final Thread thread;
    private volatile double perSecond;

    /**
     * @param servers engines, as a Service would offer them
     * @param tokens of each answer
     */
    Arrivals(Supplier<List<URI>> servers, int tokens) {
        this.servers = servers;
        this.tokens = tokens;
        this.thread = Thread.ofVirtual().start(this::come);
    }

    /** From now on so many come each second. */
    void become(double perSecond) {
        this.perSecond = perSecond;
    }

    /** Evenly, and to one server after the other, so that chance makes no pod fuller than the others. */
    private void come() {
        int next = ThreadLocalRandom.current().nextInt(100);
        long due = System.nanoTime();
        while (!Thread.currentThread().isInterrupted()) {
            List<URI> offered = perSecond > 0 ? servers.get() : List.of();
            if (offered.isEmpty()) {
                LockSupport.parkNanos(PAUSE.toNanos());
                due = System.nanoTime();
                continue;
            }
            send(offered.get(next++ % offered.size()));
            due += Math.round(1e9 / perSecond);
            LockSupport.parkNanos(
                    Math.min(due - System.nanoTime(), Duration.ofSeconds(1).toNanos()));
        }
    }

    private void send(URI server) {
        Web.CLIENT.sendAsync(
                HttpRequest.newBuilder(server.resolve("/v1/completions"))
                        .timeout(Duration.ofSeconds(60))
                        .header("Content-Type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofString(
                                "{\"model\":\"tiny\",\"prompt\":\"hello\",\"max_tokens\":" + tokens + "}"))
                        .build(),
                HttpResponse.BodyHandlers.discarding());
    }

    @Override
    public void close() {
        thread.interrupt();
    }
}
