package dev.pilotlight.pool;

import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.http.RequestOptions;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/** Reads the peers' reports over HTTP, so many at a time, each within its timeout, on kept-alive connections. */
public final class PeerClient implements PeerReader {
    public static final String PATH = "/api/v1/peer";

    private static final int AT_ONCE = 64;
    private static final int LONGEST = 16 << 10;
    private static final int KEEP_ALIVE_SECONDS = 30;

    private final HttpClient client;
    private final int port;
    private final Duration timeout;
    /** Who gave no answer in the last round: asked last in this one, so that a dead node's pods hold no lane before those that live. */
    private Set<String> silent = Set.of();

    /**
     * @param port that every sidecar of the pool listens on
     * @param timeout of one peer's answer
     */
    public PeerClient(Vertx vertx, int port, Duration timeout) {
        this.client = vertx.createHttpClient(
                new HttpClientOptions()
                        .setConnectTimeout((int) timeout.toMillis())
                        .setKeepAliveTimeout(KEEP_ALIVE_SECONDS),
                new PoolOptions().setHttp1MaxSize(1));
        this.port = port;
        this.timeout = timeout;
    }

    @Override
    public Map<String, PeerReport> read(Collection<PoolPod> pods, Instant now) {
        Map<String, PeerReport> reports = new ConcurrentHashMap<>();
        List<PoolPod> reachable = pods.stream()
                .filter(pod -> pod.address().isPresent())
                .sorted(Comparator.comparing(pod -> silent.contains(pod.name())))
                .toList();
        CountDownLatch open = new CountDownLatch(reachable.size());
        Semaphore lanes = new Semaphore(AT_ONCE);
        try {
            for (PoolPod pod : reachable) {
                if (!lanes.tryAcquire(timeout.toMillis(), TimeUnit.MILLISECONDS)) {
                    break;
                }
                ask(pod, now, reports, () -> {
                    lanes.release();
                    open.countDown();
                });
            }
            open.await(timeout.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
        }
        silent = reachable.stream()
                .map(PoolPod::name)
                .filter(name -> !reports.containsKey(name))
                .collect(Collectors.toSet());
        return Map.copyOf(reports);
    }

    private void ask(PoolPod pod, Instant now, Map<String, PeerReport> reports, Runnable done) {
        RequestOptions options = new RequestOptions()
                .setMethod(HttpMethod.GET)
                .setHost(pod.address().orElseThrow())
                .setPort(port)
                .setURI(PATH)
                .setTimeout(timeout.toMillis());
        client.request(options)
                .compose(request -> request.send())
                .compose(response -> response.statusCode() == 200
                        ? response.body().map(Optional::of)
                        : response.end().map(_ -> Optional.<Buffer>empty()))
                .onSuccess(body -> body.filter(it -> it.length() <= LONGEST)
                        .flatMap(it -> PeerReport.of(it.toString(StandardCharsets.UTF_8), now))
                        .ifPresent(report -> reports.put(pod.name(), report)))
                .onComplete(_ -> done.run());
    }
}
