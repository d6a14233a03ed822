package dev.pilotlight.vllm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.process.Await;
import dev.pilotlight.process.PackagedSidecar;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/**
 * The load beside a real vLLM of eight slots: the truth is its throughput over what a closed loop got out of it
 * that always left something waiting. Needs
 * a quiet machine; its table is in docs/load-formula.md.
 */
@Tag("vllm-load")
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class LoadVllmIT {
    private static final int SLOTS = 8;
    private static final int PROMPT = 32;
    private static final int TOKENS = 128;
    /** Of the laws: how long what was before may still count. */
    private static final Duration FORGOTTEN = Duration.ofSeconds(60);

    private static final Duration SETTLED = Duration.ofSeconds(30);
    private static final Duration MEASURED = Duration.ofSeconds(30);
    private static final double BOUND = 0.15;

    private static final int PORT = PackagedSidecar.freePort();
    private static final List<String> TABLE = new ArrayList<>();
    private static RealVllm server;
    private static PackagedSidecar told;
    private static PackagedSidecar untold;
    private static double sustainable;

    /** What was seen over some seconds: of the loads the median. */
    private record Seen(double perSecond, double load, double most, double untoldLoad, double confidence) {
        double truth() {
            return perSecond / sustainable;
        }
    }

    @BeforeAll
    static void launch() {
        server = RealVllm.launch("load", PORT, Map.of(), "--max-num-seqs", Integer.toString(SLOTS))
                .awaitServing();
        told = PackagedSidecar.beside(
                server.url(), RealVllm.VERSION + "-load-told", Map.of("engine.max-num-seqs", Integer.toString(SLOTS)));
        Await.until("told is ready", Duration.ofMinutes(3), () -> told.ready().up());
        untold = PackagedSidecar.beside(server.url(), RealVllm.VERSION + "-load-untold", Map.of());
        Await.until(
                "untold is ready", Duration.ofMinutes(3), () -> untold.ready().up());
    }

    @AfterAll
    static void end() throws IOException {
        told.close();
        untold.close();
        server.close();
        List<String> head = List.of(
                "| situation | truth | said | most in the window | slot limit not told | confidence |",
                "| --- | --- | --- | --- | --- | --- |");
        Path table = Path.of("target/vllm", "load-" + RealVllm.VERSION + ".md");
        Files.createDirectories(table.getParent());
        Files.write(
                table,
                java.util.stream.Stream.concat(head.stream(), TABLE.stream()).toList());
        System.out.println(Files.readString(table));
    }

    private static Seen watch(Duration window) throws IOException, InterruptedException {
        double finished = server.page().finished();
        long begin = System.nanoTime();
        List<Double> loads = new ArrayList<>();
        List<Double> untolds = new ArrayList<>();
        double confidence = 0;
        while (System.nanoTime() - begin < window.toNanos()) {
            Thread.sleep(1000);
            loads.add(told.signals().getDouble("load_ratio", Double.NaN));
            JsonObject other = untold.signals();
            untolds.add(other.getDouble("load_ratio", Double.NaN));
            confidence = other.getDouble("capacity_confidence_ratio", 0.0);
        }
        double seconds = (System.nanoTime() - begin) * 1e-9;
        double[] sorted = loads.stream().mapToDouble(it -> it).sorted().toArray();
        double[] others = untolds.stream().mapToDouble(it -> it).sorted().toArray();
        return new Seen(
                (server.page().finished() - finished) / seconds,
                sorted[sorted.length / 2],
                sorted[sorted.length - 1],
                others[others.length / 2],
                confidence);
    }

    private static Seen noted(String situation, Seen seen, double truth) {
        TABLE.add(String.format(
                Locale.ROOT,
                "| %s | %.2f | %.2f | %.2f | %.2f | %.1f |",
                situation,
                truth,
                seen.load(),
                seen.most(),
                seen.untoldLoad(),
                seen.confidence()));
        System.out.println(TABLE.getLast());
        return seen;
    }

    private static Seen settled(String situation, Duration settle) throws IOException, InterruptedException {
        Thread.sleep(settle.toMillis());
        Seen seen = watch(MEASURED);
        return noted(situation, seen, seen.truth());
    }

    private static void assertNear(Seen seen) {
        assertThat(seen.load()).isBetween(seen.truth() - BOUND, seen.truth() + BOUND);
    }

    /** Full is a pod whose slots are never free: eight clients leave each of them free until the next request comes. */
    @Test
    @Order(1)
    void isFullWhereAllSlotsAreTaken() throws IOException, InterruptedException {
        try (Clients _ = Clients.constant(server, SLOTS + 4, PROMPT, TOKENS)) {
            Thread.sleep(SETTLED.toMillis());
            Seen full = watch(MEASURED);
            sustainable = full.perSecond();
            System.out.printf("sustainable: %.2f requests/s%n", sustainable);
            assertThat(noted("8 of 8 in flight, 4 wait", full, 1).load()).isBetween(1.0, 1.2);
        }
    }

    @Test
    @Order(2)
    void isTheThroughputOfAConstantNumberInFlight() throws IOException, InterruptedException {
        for (int count : new int[] {SLOTS, 2, 4}) {
            try (Clients _ = Clients.constant(server, count, PROMPT, TOKENS)) {
                Thread.sleep(FORGOTTEN.toMillis());
                Seen seen = watch(MEASURED);
                // A busy machine may have held the engine back when it was full.
                sustainable = Math.max(sustainable, seen.perSecond());
                assertNear(noted(count + " of 8 in flight", seen, seen.truth()));
            }
        }
    }

    @Test
    @Order(3)
    void isTheShareOfOpenArrivals() throws IOException, InterruptedException {
        for (double share : new double[] {0.25, 0.5, 0.75, 1, 1.5}) {
            try (Clients clients = Clients.open(server, share * sustainable, PROMPT, TOKENS)) {
                Thread.sleep(SETTLED.toMillis());
                Seen seen = watch(MEASURED);
                // Chance and a busy machine make another rate than was meant: the one that was sent is the truth.
                double truth = clients.perSecond() / sustainable;
                noted(String.format(Locale.ROOT, "open arrivals at %.2f", share), seen, truth);
                double most = truth > 0.9 ? Double.POSITIVE_INFINITY : truth + BOUND;
                assertThat(seen.load()).isBetween(Math.min(1, truth) - BOUND, most);
            }
        }
        Await.until(
                "the queue is worked off",
                Duration.ofMinutes(2),
                () -> server.page().waiting() == 0);
    }

    @Test
    @Order(4)
    void forgetsAStall() throws IOException, InterruptedException {
        try (Clients _ = Clients.constant(server, 4, PROMPT, TOKENS)) {
            Thread.sleep(SETTLED.toMillis());
            String core = Long.toString(server.engineCores().getFirst());
            new ProcessBuilder("kill", "-STOP", core).start().waitFor();
            Thread.sleep(5000);
            new ProcessBuilder("kill", "-CONT", core).start().waitFor();
            assertNear(settled("4 of 8 in flight, a minute after a stall of 5 s", FORGOTTEN));
        }
    }

    @Test
    @Order(5)
    void forgetsLongRequests() throws IOException, InterruptedException {
        Streams twelve = Streams.send(server, 12, 470);
        twelve.endings(Duration.ofMinutes(3));
        double few = 0.3 * sustainable * TOKENS / 32;
        try (Clients _ = Clients.open(server, few, 16, 32)) {
            Thread.sleep(FORGOTTEN.toMillis());
            Seen seen = watch(MEASURED);
            noted("short requests at 0.3, a minute after twelve long ones", seen, 0.3);
            assertThat(seen.load()).isBetween(0.3 - BOUND, 0.3 + BOUND + 0.1);
        }
    }

    @Test
    @Order(6)
    void doesNotTakeHangUpsForMoreAndMoreTraffic() throws IOException, InterruptedException {
        double stay = SLOTS / sustainable;
        try (Clients _ =
                Clients.hangingUp(server, 0.6 * sustainable, PROMPT, TOKENS, Duration.ofMillis((long) (300 * stay)))) {
            Thread.sleep(FORGOTTEN.toMillis());
            double running = 0;
            for (int i = 0; i < 10; i++) {
                running += server.page().running() / 10;
                Thread.sleep(200);
            }
            Seen seen = watch(MEASURED);
            noted("clients hang up after a third of their time", seen, running / SLOTS);
            assertThat(seen.load()).isLessThan(0.7);
        }
    }

    @Test
    @Order(7)
    void isFullAfterARestartWithFewerSlots() throws IOException, InterruptedException {
        server.close();
        server = RealVllm.launch("load-two", PORT, Map.of(), "--max-num-seqs", "2")
                .awaitServing();
        Await.until(
                "untold is ready", Duration.ofMinutes(3), () -> untold.ready().up());
        try (Clients _ = Clients.constant(server, 6, PROMPT, TOKENS)) {
            Thread.sleep(FORGOTTEN.toMillis());
            Seen seen = watch(MEASURED);
            noted("restarted with 2 slots for 8: 2 run, 4 wait", seen, 1.5);
            assertThat(seen.untoldLoad()).isGreaterThanOrEqualTo(1);
        }
    }

    @Test
    @Order(8)
    void isAboutFullWithTwoClientsOnTwoSlots() throws IOException, InterruptedException {
        try (Clients _ = Clients.constant(server, 2, PROMPT, TOKENS)) {
            Thread.sleep(FORGOTTEN.toMillis());
            Seen seen = watch(MEASURED);
            noted("two clients on two slots, not told", seen, 1);
            assertThat(seen.untoldLoad()).isBetween(1 - BOUND, 1 + BOUND);
        }
    }

    /** Clients that go on until they are closed. */
    private static final class Clients implements AutoCloseable {
        private final List<Thread> threads = new ArrayList<>();
        private final AtomicInteger sent = new AtomicInteger();
        private final long begun = System.nanoTime();
        private volatile boolean closed;

        static Clients constant(RealVllm server, int count, int prompt, int tokens) {
            Clients clients = new Clients();
            for (int i = 0; i < count; i++) {
                clients.go(() -> Streams.send(server, 1, tokens, prompt).endings(Duration.ofMinutes(2)));
            }
            return clients;
        }

        static Clients open(RealVllm server, double perSecond, int prompt, int tokens) {
            Clients clients = new Clients();
            java.util.Random random = new java.util.Random(7);
            // By the clock, so that a client that wakes late catches up.
            double[] next = {0};
            clients.go(() -> {
                Streams.send(server, 1, tokens, prompt);
                clients.sent.incrementAndGet();
                next[0] -= Math.log(1 - random.nextDouble()) / perSecond;
                pause(Math.max(0, next[0] - clients.seconds()));
            });
            return clients;
        }

        static Clients hangingUp(RealVllm server, double perSecond, int prompt, int tokens, Duration after) {
            Clients clients = new Clients();
            clients.go(() -> {
                Streams one = Streams.send(server, 1, tokens, prompt);
                Thread.ofVirtual().start(() -> {
                    pause(after.toMillis() / 1e3);
                    one.hangUp();
                });
                pause(1 / perSecond);
            });
            return clients;
        }

        /** Requests sent so far, per second. */
        double perSecond() {
            return sent.get() / seconds();
        }

        private double seconds() {
            return (System.nanoTime() - begun) * 1e-9;
        }

        private void go(Runnable once) {
            threads.add(Thread.ofVirtual().start(() -> {
                while (!closed) {
                    once.run();
                }
            }));
        }

        private static void pause(double seconds) {
            try {
                Thread.sleep((long) (seconds * 1000));
            } catch (InterruptedException stop) {
                Thread.currentThread().interrupt();
            }
        }

        @Override
        public void close() {
            closed = true;
            Await.until("the clients have ended", Duration.ofMinutes(3), () -> threads.stream()
                    .noneMatch(Thread::isAlive));
            Await.until(
                    "the server is idle",
                    Duration.ofMinutes(3),
                    () -> server.page().running() + server.page().waiting() == 0);
        }
    }
}
