package dev.pilotlight.cluster;

import dev.pilotlight.process.Web;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;

/** So many clients that each send one request after the other, each to one of the servers that are on offer at that moment. */
final class Clients implements AutoCloseable {
    private static final Duration PAUSE = Duration.ofMillis(50);

    private final Supplier<List<URI>> servers;
    private final int tokens;
    private final Duration rest;
    private final List<Thread> threads = new ArrayList<>();
    private volatile int wanted;

    /**
     * @param servers engines, as a Service would offer them
     * @param tokens of each answer
     */
    Clients(Supplier<List<URI>> servers, int tokens) {
        this(servers, tokens, Duration.ZERO);
    }

    /** @param rest between an answer and the next request */
    Clients(Supplier<List<URI>> servers, int tokens, Duration rest) {
        this.servers = servers;
        this.tokens = tokens;
        this.rest = rest;
    }

    /** From now on there are so many. */
    synchronized void become(int count) {
        wanted = count;
        while (threads.size() < count) {
            int number = threads.size();
            threads.add(Thread.ofVirtual().start(() -> ask(number)));
        }
    }

    private void ask(int number) {
        while (!Thread.currentThread().isInterrupted()) {
            List<URI> offered = number < wanted ? servers.get() : List.of();
            if (offered.isEmpty()) {
                LockSupport.parkNanos(PAUSE.toNanos());
                continue;
            }
            URI server = offered.get(ThreadLocalRandom.current().nextInt(offered.size()));
            try {
                Web.CLIENT.send(
                        HttpRequest.newBuilder(server.resolve("/v1/completions"))
                                .timeout(Duration.ofSeconds(60))
                                .header("Content-Type", "application/json")
                                .POST(HttpRequest.BodyPublishers.ofString(
                                        "{\"model\":\"tiny\",\"prompt\":\"hello\",\"max_tokens\":" + tokens + "}"))
                                .build(),
                        HttpResponse.BodyHandlers.discarding());
                Thread.sleep(rest);
            } catch (IOException refused) {
                LockSupport.parkNanos(PAUSE.toNanos());
            } catch (InterruptedException stop) {
                return;
            }
        }
    }

    @Override
    public synchronized void close() {
        threads.forEach(Thread::interrupt);
    }
}
