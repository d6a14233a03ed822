package dev.pilotlight.process;

import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/** Clients of the engine: what they sent, and what became of each request. */
public final class Clients {
    private static final Duration PATIENCE = Duration.ofMinutes(3);

    private final URI engine;
    private final Random random;
    private final ConcurrentLinkedQueue<Ending> endings = new ConcurrentLinkedQueue<>();
    private final AtomicInteger open = new AtomicInteger();
    private volatile boolean stopped;

    /** @param lost why it got no whole answer; empty when it did */
    public record Ending(Instant at, Optional<String> lost) {}

    public Clients(URI engine, long seed) {
        this.engine = engine;
        this.random = new Random(seed);
    }

    /** Sends as many at once, each for {@code least} to twice as many tokens. */
    public void burst(int count, int least) {
        for (int i = 0; i < count; i++) {
            send(least + random.nextInt(least + 1));
        }
    }

    /** So many clients that send one request after the other until it is stopped. */
    public Clients keepBusy(int count, int least) {
        for (int i = 0; i < count; i++) {
            again(least);
        }
        return this;
    }

    private void again(int least) {
        if (!stopped) {
            int tokens;
            synchronized (random) {
                tokens = least + random.nextInt(least + 1);
            }
            send(tokens).thenRun(() -> again(least));
        }
    }

    private CompletableFuture<Void> send(int tokens) {
        open.incrementAndGet();
        String body = "{\"prompt\":\"hello\",\"max_tokens\":" + tokens + "}";
        HttpRequest request = HttpRequest.newBuilder(engine.resolve("/v1/completions"))
                .timeout(PATIENCE)
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build();
        return Web.CLIENT
                .sendAsync(request, HttpResponse.BodyHandlers.ofString())
                .handle((answer, failure) -> {
                    Optional<String> lost = failure != null
                            ? Optional.of(failure.toString())
                            : answer.statusCode() == 200
                                            && answer.body().contains("\"completion_tokens\":" + tokens + ",")
                                    ? Optional.empty()
                                    : Optional.of(answer.statusCode() + " " + answer.body());
                    endings.add(new Ending(Instant.now(), lost));
                    open.decrementAndGet();
                    return null;
                });
    }

    public int open() {
        return open.get();
    }

    public List<Ending> endings() {
        return new ArrayList<>(endings);
    }

    public List<String> lost() {
        return endings.stream().flatMap(ending -> ending.lost().stream()).toList();
    }

    public int whole() {
        return (int) endings.stream().filter(ending -> ending.lost().isEmpty()).count();
    }

    /** When the last of those so far ended. */
    public Instant last() {
        return endings.stream().map(Ending::at).max(Instant::compareTo).orElseThrow();
    }

    /** Sends no more; what is under way goes on. */
    public void stop() {
        stopped = true;
    }
}
