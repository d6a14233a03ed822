package dev.pilotlight.kube;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.kube.ApiServer.Answer;
import dev.pilotlight.kube.ApiServer.Events;
import dev.pilotlight.kube.ApiServer.Next;
import dev.pilotlight.process.Await;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A watch as the API server sends it: one line of JSON for each event, in chunks that end anywhere. fabric8's mock server speaks of
 * watches through web sockets alone, so this server is one of our own, that sends what a test tells it to.
 */
class WatchTest {
    private static final String PODS = "/api/v1/namespaces/ns/pods";
    private static final Call WATCH = Call.watch(PODS, Map.of("resourceVersion", "7"));
    /** For what has to come: a busy machine takes its time. */
    private static final Duration AMPLE = Duration.ofSeconds(10);

    private static final Next END = new Next.Ended(new Answer.Got(200, "", Optional.empty()));

    private sealed interface Step {
        record Send(byte[] bytes) implements Step {}

        /** As the server does when the watch's time is over. */
        record End() implements Step {}

        /** The connection, in the middle of it. */
        record Break() implements Step {}
    }

    private final BlockingQueue<Step> steps = new LinkedBlockingQueue<>();
    private final BlockingQueue<String> asked = new LinkedBlockingQueue<>();
    private final CountDownLatch left = new CountDownLatch(1);
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private int status = 200;
    private ServerSocket server;
    private final Vertx vertx = Vertx.vertx();
    private ApiClient api;

    @BeforeEach
    void start() throws IOException {
        server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        threads.execute(this::serve);
        api = new ApiClient(
                vertx,
                Optional.of(new ApiAddress(
                        URI.create("http://127.0.0.1:" + server.getLocalPort()), Optional.empty(), Optional.empty())),
                AMPLE);
    }

    @AfterEach
    void stop() throws IOException {
        vertx.close().toCompletionStage().toCompletableFuture().join();
        server.close();
        threads.shutdownNow();
    }

    /** One request, and what follows from it. */
    private void serve() {
        try (Socket socket = server.accept()) {
            BufferedReader in =
                    new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII));
            asked.add(in.readLine());
            while (!in.readLine().isEmpty()) {
                // headers
            }
            OutputStream out = socket.getOutputStream();
            out.write(("HTTP/1.1 " + status + " As told\r\nTransfer-Encoding: chunked\r\n\r\n")
                    .getBytes(StandardCharsets.US_ASCII));
            Step step;
            while ((step = steps.take()) instanceof Step.Send(byte[] bytes)) {
                out.write((Integer.toHexString(bytes.length) + "\r\n").getBytes(StandardCharsets.US_ASCII));
                out.write(bytes);
                out.write("\r\n".getBytes(StandardCharsets.US_ASCII));
            }
            if (step instanceof Step.End) {
                out.write("0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
                in.read();
            }
        } catch (IOException clientLeft) {
            left.countDown();
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
        }
    }

    private void send(String text) {
        steps.add(new Step.Send(text.getBytes(StandardCharsets.UTF_8)));
    }

    private static Next.Event event(String type, String version) {
        return new Next.Event(
                type,
                new JsonObject()
                        .put("metadata", new JsonObject().put("name", "a").put("resourceVersion", version)));
    }

    private static String line(String type, String version) {
        return "{\"type\":\"" + type + "\",\"object\":{\"metadata\":{\"name\":\"a\",\"resourceVersion\":\"" + version
                + "\"}}}\n";
    }

    @Test
    void asksForBookmarksFromTheVersionOn() throws InterruptedException {
        try (Events events = api.watch(WATCH)) {
            assertThat(events.opened()).isTrue();
            assertThat(asked.poll(AMPLE.toSeconds(), TimeUnit.SECONDS))
                    .isEqualTo("GET " + PODS + "?allowWatchBookmarks=true&resourceVersion=7&watch=true HTTP/1.1");
        }
    }

    @Test
    void bringsOneEventForEachLineWhereverTheChunksEnd() {
        try (Events events = api.watch(WATCH)) {
            String all = line("ADDED", "8") + "\n" + line("MODIFIED", "9") + line("BOOKMARK", "12");
            for (int i = 0; i < all.length(); i += 7) {
                send(all.substring(i, Math.min(all.length(), i + 7)));
            }
            assertThat(events.next(AMPLE)).isEqualTo(event("ADDED", "8"));
            assertThat(events.next(AMPLE)).isEqualTo(event("MODIFIED", "9"));
            assertThat(events.next(AMPLE)).isEqualTo(event("BOOKMARK", "12"));
            send(line("DELETED", "13") + line("ERROR", ""));
            assertThat(events.next(AMPLE)).isEqualTo(event("DELETED", "13"));
            assertThat(events.next(AMPLE)).isEqualTo(event("ERROR", ""));
        }
    }

    @Test
    void readsTextThatAChunkCutsInTheMiddleOfALetter() {
        try (Events events = api.watch(WATCH)) {
            byte[] bytes = "{\"type\":\"ADDED\",\"object\":{\"who\":\"Žofie\"}}\n".getBytes(StandardCharsets.UTF_8);
            for (byte one : bytes) {
                steps.add(new Step.Send(new byte[] {one}));
            }
            assertThat(events.next(AMPLE)).isEqualTo(new Next.Event("ADDED", new JsonObject().put("who", "Žofie")));
        }
    }

    @Test
    void isSilentWhileNothingComesAndGoesOnAfterwards() {
        try (Events events = api.watch(WATCH)) {
            send(line("ADDED", "8").substring(0, 20));
            assertThat(events.next(Duration.ofMillis(50))).isEqualTo(new Next.Silence());
            send(line("ADDED", "8").substring(20));
            assertThat(events.next(AMPLE)).isEqualTo(event("ADDED", "8"));
        }
    }

    @Test
    void endsWhenItsTimeIsOver() {
        try (Events events = api.watch(WATCH)) {
            send(line("ADDED", "8"));
            steps.add(new Step.End());
            assertThat(events.next(AMPLE)).isEqualTo(event("ADDED", "8"));
            assertThat(events.next(AMPLE)).isEqualTo(END);
        }
    }

    @Test
    void breaksOffWithTheConnection() {
        try (Events events = api.watch(WATCH)) {
            send(line("ADDED", "8"));
            assertThat(events.next(AMPLE)).isEqualTo(event("ADDED", "8"));
            steps.add(new Step.Break());
            assertThat(events.next(AMPLE)).isInstanceOfSatisfying(Next.Ended.class, ended -> assertThat(
                            ended.how().what())
                    .startsWith("the watch broke off: "));
        }
    }

    @Test
    void isNotOpenedWhereTheServerSaysNo() {
        status = 410;
        send("{\"kind\":\"Status\",\"code\":410,\"message\":\"too old resource version\"}\n");
        steps.add(new Step.End());
        try (Events events = api.watch(WATCH)) {
            assertThat(events.opened()).isFalse();
            assertThat(events.next(AMPLE)).isEqualTo(new Next.Ended(new Answer.Got(410, "", Optional.empty())));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"<html>", "[]", "null", "{\"type\":", "{\"type\":\"ADDED\",\"object\":[]}"})
    void endsWithALineThatIsNoEvent(String garbled) {
        send(garbled + "\n");
        try (Events events = api.watch(WATCH)) {
            assertThat(events.next(AMPLE)).isInstanceOfSatisfying(Next.Ended.class, ended -> assertThat(
                            ended.how().what())
                    .startsWith("HTTP 200, and not what was asked for: "));
        }
    }

    @Test
    void keepsNoMoreOfALineThanTheLongestObjectTakes() {
        byte[] megabyte = new byte[1 << 20];
        Arrays.fill(megabyte, (byte) 'x');
        for (int i = 0; i < 5; i++) {
            steps.add(new Step.Send(megabyte));
        }
        try (Events events = api.watch(WATCH)) {
            assertThat(events.next(AMPLE))
                    .isEqualTo(new Next.Ended(new Answer.Lost("an event is longer than 4194304 bytes")));
        }
    }

    @Test
    void leavesTheServerWhenItIsClosed() throws InterruptedException {
        api.watch(WATCH).close();
        // The server finds out as it writes.
        Await.until("the server sees that nobody listens", AMPLE, () -> {
            send(line("MODIFIED", "8"));
            return left.getCount() == 0;
        });
    }
}
