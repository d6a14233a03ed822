package dev.pilotlight.node;

import io.fabric8.kubernetes.api.model.discovery.v1.Endpoint;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * Callers of a Service who stream completions. They follow its EndpointSlices as kube-proxy does: what is ready, else what still serves
 * while it ends, a moment after the API server says so. Each request is a connection of its own, so that each is routed.
 */
final class Callers implements AutoCloseable, ResourceEventHandler<EndpointSlice> {
    /** From the change of a slice to that of the node's rules; kube-proxy gathers changes for as long, up to a second. */
    static final Duration PROXY_DELAY = Duration.ofMillis(300);

    private static final int PATIENCE_MILLIS = 600_000;
    private static final int BACK_OFF_MILLIS = 100;

    private final SharedIndexInformer<EndpointSlice> slices;
    private final ScheduledExecutorService proxy;
    private final ConcurrentLinkedQueue<Ending> endings = new ConcurrentLinkedQueue<>();
    private final AtomicInteger open = new AtomicInteger();
    private final AtomicInteger streaming = new AtomicInteger();
    private final Random random;
    private final Consumer<String> news;
    private volatile List<String> addresses = List.of();
    private volatile boolean stopped;

    /** What became of a request. */
    enum Outcome {
        WHOLE,
        /** The connection ended, or an error came, before the answer's end. */
        CUT,
        /** Whom the Service named did not take the connection, or had an error for an answer. */
        REFUSED,
        /** The Service named nobody: the caller knows to wait or go elsewhere. */
        NOBODY
    }

    record Ending(Instant at, Outcome outcome, String why) {}

    private Callers(Random random, Consumer<String> news, SharedIndexInformer<EndpointSlice> slices) {
        this.random = random;
        this.news = news;
        this.slices = slices;
        this.proxy = Executors.newSingleThreadScheduledExecutor(
                Thread.ofPlatform().daemon().name("proxy").factory());
    }

    /** @param news is told of each change of the addresses, and of each request that is lost */
    static Callers of(KubernetesClient admin, String namespace, String service, long seed, Consumer<String> news) {
        SharedIndexInformer<EndpointSlice> slices = admin.discovery()
                .v1()
                .endpointSlices()
                .inNamespace(namespace)
                .withLabel("kubernetes.io/service-name", service)
                .runnableInformer(0);
        Callers callers = new Callers(new Random(seed), news, slices);
        slices.addEventHandler(callers);
        slices.run();
        return callers;
    }

    private void changed() {
        List<Endpoint> all = slices.getStore().list().stream()
                .flatMap(slice -> Stream.ofNullable(slice.getEndpoints()).flatMap(List::stream)) // none at first
                .toList();
        List<Endpoint> ready = all.stream()
                .filter(endpoint ->
                        !Boolean.FALSE.equals(endpoint.getConditions().getReady()))
                .toList();
        List<String> now = (ready.isEmpty()
                        ? all.stream()
                                .filter(endpoint -> Boolean.TRUE.equals(
                                        endpoint.getConditions().getServing()))
                                .toList()
                        : ready)
                .stream()
                        .flatMap(endpoint -> endpoint.getAddresses().stream())
                        .sorted()
                        .toList();
        proxy.schedule(() -> take(now), PROXY_DELAY.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void take(List<String> now) {
        if (!now.equals(addresses)) {
            addresses = now;
            news.accept("endpoints " + now);
        }
    }

    List<String> addresses() {
        return addresses;
    }

    /** Sends as many at once, each for {@code least} to twice as many tokens. */
    Callers burst(int count, int least) {
        for (int i = 0; i < count; i++) {
            int tokens = tokens(least);
            thread(() -> send(tokens));
        }
        return this;
    }

    /** So many callers that send one request after the other until they are stopped. */
    Callers keepBusy(int count, int least) {
        for (int i = 0; i < count; i++) {
            thread(() -> {
                while (!stopped) {
                    if (send(tokens(least)) != Outcome.WHOLE) {
                        pause(); // as a caller that backs off
                    }
                }
            });
        }
        return this;
    }

    private static void pause() {
        try {
            Thread.sleep(BACK_OFF_MILLIS);
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
        }
    }

    /** Platform threads: the carriers of virtual ones may have been started before the namespace was entered. */
    private static void thread(Runnable action) {
        Thread.ofPlatform().daemon().name("caller").start(action);
    }

    private synchronized int tokens(int least) {
        return least + random.nextInt(least + 1);
    }

    private Outcome send(int tokens) {
        open.incrementAndGet();
        Ending ending = ask(tokens);
        open.decrementAndGet();
        endings.add(ending);
        if (ending.outcome() == Outcome.CUT || ending.outcome() == Outcome.REFUSED) {
            news.accept("request " + ending.outcome().name().toLowerCase(java.util.Locale.ROOT) + ": " + ending.why());
        }
        return ending.outcome();
    }

    private Ending ask(int tokens) {
        List<String> now = addresses;
        if (now.isEmpty()) {
            return new Ending(Instant.now(), Outcome.NOBODY, "");
        }
        String address;
        synchronized (this) {
            address = now.get(random.nextInt(now.size()));
        }
        String body = "{\"model\":\"qwen3-8b\",\"prompt\":\"hello\",\"stream\":true,\"max_tokens\":" + tokens + "}";
        boolean started = false;
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(address, 8000), 5_000);
            socket.setSoTimeout(PATIENCE_MILLIS);
            // HTTP/1.0: an answer without chunks, which ends with the connection.
            socket.getOutputStream()
                    .write(
                            ("POST /v1/completions HTTP/1.0\r\nHost: vllm\r\nContent-Type: application/json\r\nContent-Length: "
                                            + body.length() + "\r\n\r\n" + body)
                                    .getBytes(StandardCharsets.UTF_8));
            BufferedReader answer =
                    new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
            String status = answer.readLine();
            if (status == null || !status.contains(" 200")) {
                return new Ending(
                        Instant.now(), status == null ? Outcome.CUT : Outcome.REFUSED, address + " said " + status);
            }
            started = true;
            streaming.incrementAndGet();
            for (String line = answer.readLine(); line != null; line = answer.readLine()) {
                if (line.equals("data: [DONE]")) {
                    return new Ending(Instant.now(), Outcome.WHOLE, "");
                }
            }
            return new Ending(Instant.now(), Outcome.CUT, address + " hung up in the middle");
        } catch (ConnectException | SocketTimeoutException refused) {
            return new Ending(
                    Instant.now(), started ? Outcome.CUT : Outcome.REFUSED, address + ": " + refused.getMessage());
        } catch (IOException cut) {
            return new Ending(Instant.now(), Outcome.CUT, address + ": " + cut.getMessage());
        } finally {
            if (started) {
                streaming.decrementAndGet();
            }
        }
    }

    /** Requests whose answers come right now. */
    int streaming() {
        return streaming.get();
    }

    int open() {
        return open.get();
    }

    long count(Outcome outcome) {
        return endings.stream().filter(ending -> ending.outcome() == outcome).count();
    }

    /** Cut and refused, with why. */
    List<String> lost() {
        return endings.stream()
                .filter(ending -> ending.outcome() == Outcome.CUT || ending.outcome() == Outcome.REFUSED)
                .map(Ending::why)
                .toList();
    }

    String tally() {
        return "requests: " + count(Outcome.WHOLE) + " whole, " + count(Outcome.CUT) + " cut, " + count(Outcome.REFUSED)
                + " refused";
    }

    /** Sends no more; what is under way goes on. */
    void stop() {
        stopped = true;
    }

    @Override
    public void onAdd(EndpointSlice slice) {
        changed();
    }

    @Override
    public void onUpdate(EndpointSlice before, EndpointSlice after) {
        changed();
    }

    @Override
    public void onDelete(EndpointSlice slice, boolean unknown) {
        changed();
    }

    @Override
    public void close() {
        stop();
        slices.close();
        proxy.shutdownNow();
    }
}
