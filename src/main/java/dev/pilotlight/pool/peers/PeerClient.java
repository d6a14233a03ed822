package dev.pilotlight.pool.peers;

import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/** Reads the peers' reports over HTTP, so many at a time, each within its timeout, on kept-alive connections. */
public final class PeerClient implements PeerReader {
    private static final int AT_ONCE = 64;
    private static final int LONGEST = 16 << 10;
    private static final int KEEP_ALIVE_SECONDS = 30;
    /** Whoever has not answered by then is cut off. */
    private static final Duration ROUND = Duration.ofSeconds(1);

    private final HttpClient client;
    /** All of a connection's events come on this one: on another, an answer could end before anybody listens to it. */
    private final Context context;

    private final int port;
    private final Duration timeout;
    private long rounds;
    private Map<String, Standing> standings = Map.of();

    /**
     * How a peer has been of late. Those that are silent are asked last, so that a dead node's pods hold no lane before those that live;
     * otherwise whoever has waited longest is asked first, so that a round that is cut short leaves out others than the last one.
     *
     * @param silent whether it gave no answer when it was asked last
     * @param askedIn the round of that
     */
    private record Standing(boolean silent, long askedIn) {
        static final Standing NEW = new Standing(false, 0);
        static final Comparator<Standing> TURN =
                Comparator.comparing(Standing::silent).thenComparing(Standing::askedIn);
    }

    /**
     * @param port that every sidecar of the pool listens on
     * @param timeout of one peer's answer
     */
    public PeerClient(Vertx vertx, int port, Duration timeout) {
        this.context = vertx.getOrCreateContext();
        this.client = vertx.httpClientBuilder()
                .with(new HttpClientOptions()
                        .setConnectTimeout((int) timeout.toMillis())
                        .setKeepAliveTimeout(KEEP_ALIVE_SECONDS))
                .with(new PoolOptions().setHttp1MaxSize(1))
                // A peer that goes takes its idle connection with it: that is no news, and not to be logged.
                .withConnectHandler(connection -> connection.exceptionHandler(_ -> {}))
                .build();
        this.port = port;
        this.timeout = timeout;
    }

    @Override
    public Map<String, PeerReport> read(Collection<PoolPod> pods, Instant now) {
        List<PoolPod> reachable = pods.stream()
                .filter(pod -> pod.address().isPresent())
                .sorted(Comparator.comparing(pod -> standings.getOrDefault(pod.name(), Standing.NEW), Standing.TURN))
                .toList();
        Round round = new Round(reachable, now);
        context.runOnContext(_ -> round.begin());
        try {
            round.left.await(ROUND.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
        }
        context.runOnContext(_ -> round.cut());
        rounds++;
        standings = reachable.stream()
                .map(PoolPod::name)
                .collect(Collectors.toMap(
                        name -> name,
                        name -> round.standing(name, standings.getOrDefault(name, Standing.NEW), rounds)));
        return Map.copyOf(round.reports);
    }

    /** One question to each peer; all of it on the one context, but for what is read from outside. */
    private final class Round {
        private final Queue<PoolPod> waiting;
        private final Instant now;
        private final CountDownLatch left;
        private final Set<String> asked = ConcurrentHashMap.newKeySet();
        private final Set<String> failed = ConcurrentHashMap.newKeySet();
        private final Map<String, PeerReport> reports = new ConcurrentHashMap<>();
        private final Set<HttpClientRequest> open = ConcurrentHashMap.newKeySet();
        private boolean over;

        Round(List<PoolPod> pods, Instant now) {
            this.waiting = new ConcurrentLinkedQueue<>(pods);
            this.now = now;
            this.left = new CountDownLatch(pods.size());
        }

        void begin() {
            for (int lane = 0; lane < AT_ONCE; lane++) {
                next();
            }
        }

        void cut() {
            over = true;
            open.forEach(HttpClientRequest::reset);
        }

        private void next() {
            PoolPod pod = over ? null : waiting.poll();
            if (pod == null) {
                return;
            }
            asked.add(pod.name());
            ask(pod).map(body -> PeerReport.of(body.toString(StandardCharsets.UTF_8), now))
                    .otherwise(Optional.empty())
                    .onSuccess(report -> {
                        report.ifPresentOrElse(it -> reports.put(pod.name(), it), () -> failed.add(pod.name()));
                        left.countDown();
                        next();
                    });
        }

        private Future<Buffer> ask(PoolPod pod) {
            String address = pod.address().orElseThrow();
            RequestOptions options = new RequestOptions()
                    .setMethod(HttpMethod.GET)
                    .setServer(SocketAddress.inetSocketAddress(port, address))
                    .setHost(address.contains(":") ? "[" + address + "]" : address)
                    .setPort(port)
                    .setURI(PeerReport.PATH)
                    .setTimeout(timeout.toMillis());
            return requested(options).compose(request -> {
                open.add(request);
                // Said already by the answer that fails.
                request.exceptionHandler(_ -> {});
                if (over) {
                    request.reset();
                }
                return request.send().compose(PeerClient::body).onComplete(_ -> open.remove(request));
            });
        }

        /** A client that was closed throws, where another says so by its future. */
        private Future<HttpClientRequest> requested(RequestOptions options) {
            try {
                return client.request(options);
            } catch (IllegalStateException closed) {
                return Future.failedFuture(closed);
            }
        }

        /** One that was cut off before its time says nothing of itself; but a silent one has had its turn. */
        Standing standing(String name, Standing before, long number) {
            if (reports.containsKey(name)) {
                return new Standing(false, number);
            }
            return failed.contains(name) || before.silent() && asked.contains(name)
                    ? new Standing(true, number)
                    : before;
        }
    }

    /** All of a report, and no more than a report may be of anything else. */
    private static Future<Buffer> body(HttpClientResponse response) {
        Promise<Buffer> whole = Promise.promise();
        Buffer body = Buffer.buffer();
        response.exceptionHandler(whole::tryFail);
        response.endHandler(_ -> {
            if (response.statusCode() == 200) {
                whole.tryComplete(body);
            } else {
                whole.tryFail("HTTP " + response.statusCode());
            }
        });
        response.handler(chunk -> {
            if (body.length() + chunk.length() <= LONGEST) {
                body.appendBuffer(chunk);
            } else if (whole.tryFail("longer than a report")) {
                response.request().reset();
            }
        });
        return whole.future();
    }
}
