package dev.pilotlight.kube;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.kube.ApiServer.Answer;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.fabric8.mockwebserver.MockWebServer;
import io.fabric8.mockwebserver.http.RecordedRequest;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The calls as they stand on the wire, and what is made of each answer, by fabric8's mock of an API server. */
class ApiClientTest {
    private static final String PODS = "/api/v1/namespaces/ns/pods";
    private static final String LEASES = "/apis/coordination.k8s.io/v1/namespaces/ns/leases";
    private static final String PATCH = PODS + "/a?fieldManager=pilotlight";
    private static final Call POD = Call.get(PODS + "/a");

    private static final Duration PATIENCE = Duration.ofMillis(200);
    /** For what has to come: a busy machine takes its time. */
    private static final Duration AMPLE = Duration.ofSeconds(10);

    /** It tells of every request. Held here, or it would be forgotten and speak again. */
    private static final Logger TALK = Logger.getLogger(MockWebServer.class.getName());

    static {
        TALK.setLevel(Level.WARNING);
    }

    private final KubernetesMockServer server = new KubernetesMockServer(false);
    private final Vertx vertx = Vertx.vertx();

    @TempDir
    private Path folder;

    @BeforeEach
    void start() {
        server.init();
    }

    @AfterEach
    void stop() {
        vertx.close().toCompletionStage().toCompletableFuture().join();
        server.destroy();
    }

    private ApiClient client(String url, Duration timeout) {
        return new ApiClient(
                vertx,
                Optional.of(new ApiAddress(URI.create(url), Optional.of(written("secret\n")), Optional.empty())),
                timeout);
    }

    private Path written(String token) {
        try {
            return Files.writeString(folder.resolve("token"), token);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    private ApiClient client(Duration timeout) {
        return client(server.url("/"), timeout);
    }

    private ApiClient client() {
        return client(AMPLE);
    }

    private Asked asked() {
        try {
            RecordedRequest request = server.takeRequest(AMPLE.toMillis(), TimeUnit.MILLISECONDS);
            String body = request.getUtf8Body();
            return new Asked(
                    request.getMethod() + " " + request.getPath(),
                    Optional.ofNullable(request.getHeader("Content-Type")),
                    body == null || body.isEmpty() ? Optional.empty() : Optional.of(new JsonObject(body)));
        } catch (InterruptedException stop) {
            throw new IllegalStateException(stop);
        }
    }

    private record Asked(String what, Optional<String> type, Optional<JsonObject> body) {}

    private static JsonObject status(int code, String message) {
        return new JsonObject()
                .put("kind", "Status")
                .put("status", "Failure")
                .put("code", code)
                .put("message", message);
    }

    @Nested
    class OfCalls {
        private final JsonObject object = new JsonObject().put("metadata", new JsonObject().put("name", "a"));

        @Test
        void readsOneObjectAndShowsTheToken() throws InterruptedException {
            server.expect()
                    .get()
                    .withPath(PODS + "/a")
                    .andReturn(200, object.encode())
                    .once();
            Answer answer = client().send(POD);
            assertThat(answer).isEqualTo(new Answer.Got(200, object.encode(), Optional.empty()));
            assertThat(answer.object()).contains(object);
            RecordedRequest request = server.takeRequest();
            assertThat(request.getHeader("Authorization")).isEqualTo("Bearer secret");
            assertThat(request.getHeader("Accept")).isEqualTo("application/json");
        }

        @Test
        void listsByASelectorThatIsEncoded() {
            String path = PODS + "?labelSelector=pilotlight.dev%2Fpool%3Dvllm&resourceVersion=0";
            server.expect()
                    .get()
                    .withPath(path)
                    .andReturn(200, "{\"items\":[]}")
                    .once();
            Call call = Call.list(PODS, Map.of("labelSelector", "pilotlight.dev/pool=vllm", "resourceVersion", "0"));
            assertThat(client().send(call).object()).contains(new JsonObject("{\"items\":[]}"));
        }

        @Test
        void patchesByAMergePatchThatNamesTheVersionSeenAndItsManager() {
            server.expect()
                    .patch()
                    .withPath(PATCH)
                    .andReturn(200, object.encode())
                    .once();
            JsonObject patch = new JsonObject("""
                    {"metadata": {"resourceVersion": "42", "labels": {"pilotlight.dev/role": null}}}""");
            assertThat(client().send(Call.mergePatch(PODS + "/a", patch)).is(200))
                    .isTrue();
            assertThat(asked())
                    .isEqualTo(new Asked(
                            "PATCH " + PATCH, Optional.of("application/merge-patch+json"), Optional.of(patch)));
        }

        @Test
        void createsAndUpdatesWithTheWholeObject() {
            String create = LEASES + "?fieldManager=pilotlight";
            String update = LEASES + "/a?fieldManager=pilotlight";
            server.expect()
                    .post()
                    .withPath(create)
                    .andReturn(201, object.encode())
                    .once();
            server.expect()
                    .put()
                    .withPath(update)
                    .andReturn(200, object.encode())
                    .once();
            ApiClient client = client();
            assertThat(client.send(Call.create(LEASES, object)).object()).contains(object);
            assertThat(client.send(Call.update(LEASES + "/a", object)).object()).contains(object);
            Optional<String> json = Optional.of("application/json");
            assertThat(List.of(asked(), asked()))
                    .containsExactly(
                            new Asked("POST " + create, json, Optional.of(object)),
                            new Asked("PUT " + update, json, Optional.of(object)));
        }

        @Test
        void findTheServerBelowAPath() {
            server.expect()
                    .get()
                    .withPath("/clusters/c1" + PODS + "/a")
                    .andReturn(200, object.encode())
                    .once();
            assertThat(client(server.url("/clusters/c1/"), AMPLE).send(POD).is(200))
                    .isTrue();
        }
    }

    @Nested
    class OfRefusals {
        private Answer patched(int status, String body) {
            server.expect().patch().withPath(PATCH).andReturn(status, body).once();
            return client().send(Call.mergePatch(PODS + "/a", new JsonObject()));
        }

        @Test
        void saysWhichRuleIsMissing() {
            server.expect()
                    .put()
                    .withPath(LEASES + "/pilotlight-pool-vllm?fieldManager=pilotlight")
                    .andReturn(403, status(403, "leases is forbidden").encode())
                    .once();
            Call call = Call.update(LEASES + "/pilotlight-pool-vllm", new JsonObject());
            Answer answer = client().send(call);
            assertThat(answer.object()).isEmpty();
            assertThat(Problem.of(call, answer))
                    .isEqualTo(new Problem(
                            false,
                            "the API server did not update " + LEASES + "/pilotlight-pool-vllm: HTTP 403: leases is"
                                    + " forbidden; unless a policy denied it, the service account's Role lacks"
                                    + " {apiGroups: [\"coordination.k8s.io\"], resources: [leases], resourceNames:"
                                    + " [pilotlight-pool-vllm], verbs: [update]} in namespace ns"));
        }

        @Test
        void tellsAConflictFromOtherRefusals() {
            Answer answer =
                    patched(409, status(409, "the object has been modified").encode());
            assertThat(answer.is(409)).isTrue();
            assertThat(answer.object()).isEmpty();
            assertThat(answer.what()).isEqualTo("HTTP 409: the object has been modified");
        }

        @Test
        void takesAServerErrorForSilence() {
            Answer answer = patched(503, "<html>no healthy upstream</html>");
            assertThat(Problem.of(POD, answer))
                    .isEqualTo(new Problem(
                            true,
                            "the API server did not get " + PODS + "/a: HTTP 503: <html>no healthy upstream</html>"));
        }

        @Test
        void asksOnceForWhatIsRefused() {
            server.expect().get().withPath(PODS + "/a").andReturn(500, "").always();
            client().send(POD);
            assertThat(server.getRequestCount()).isEqualTo(1);
        }

        @Test
        void quotesNoMoreThanTheBeginningOfALongPage() {
            assertThat(patched(502, "x".repeat(1_000_000)).what()).isEqualTo("HTTP 502: " + "x".repeat(300) + "...");
        }

        @Test
        void takesNoObjectFromASuccessThatIsNoJson() {
            for (String body : List.of("<html>It works!</html>", "", "[]", "null", "7", "{\"a\":")) {
                Answer answer = patched(200, body);
                assertThat(answer).as(body).isInstanceOf(Answer.Strange.class);
                assertThat(answer.object()).as(body).isEmpty();
            }
        }

        /** A portal that wants a login answers so, whatever it is asked. */
        @Test
        void takesAPageOrAnotherObjectForAStrangersAnswer() {
            server.expect()
                    .get()
                    .withPath(PODS + "/a")
                    .andReturn(200, "<html>login</html>")
                    .once();
            server.expect()
                    .get()
                    .withPath(PODS + "/a")
                    .andReturn(200, "{\"metadata\": {\"name\": \"b\"}}")
                    .once();
            server.expect()
                    .get()
                    .withPath(PODS)
                    .andReturn(200, "{\"items\": null}")
                    .once();
            ApiClient client = client();
            Answer page = client.send(POD);
            assertThat(Problem.of(POD, page))
                    .isEqualTo(new Problem(
                            true,
                            true,
                            "the API server did not get " + PODS + "/a: HTTP 200, and not what was asked for:"
                                    + " \"<html>login</html>\"; is there a proxy on the way? See pilotlight.kube.url"));
            assertThat(client.send(POD)).isInstanceOf(Answer.Strange.class);
            assertThat(client.send(Call.list(PODS, Map.of()))).isInstanceOf(Answer.Strange.class);
            assertThat(client.calls().counts())
                    .isEqualTo(Map.of(new KubeTally.Key("get", "error"), 2L, new KubeTally.Key("list", "error"), 1L));
        }

        @Test
        void opensNoWatchOnAPage() {
            Call watch = Call.watch(PODS, Map.of());
            server.expect()
                    .get()
                    .withPath(watch.target())
                    .andReturn(200, "<html>login</html>")
                    .withHeader("Content-Type", "text/html")
                    .once();
            server.expect()
                    .get()
                    .withPath(watch.target())
                    .andReturn(200, "login please")
                    .once();
            ApiClient client = client();
            try (ApiServer.Events events = client.watch(watch)) {
                assertThat(events.opened()).isFalse();
                assertThat(client.calls().counts()).isEqualTo(Map.of(new KubeTally.Key("watch", "error"), 1L));
            }
            try (ApiServer.Events events = client.watch(watch)) {
                assertThat(events.next(AMPLE))
                        .isEqualTo(new ApiServer.Next.Ended(new Answer.Strange(200, "login please")));
            }
        }

        @Test
        void readsAnObjectOfSomeMegabytes() {
            JsonObject large =
                    new JsonObject().put("metadata", new JsonObject()).put("data", "x".repeat(3 << 20));
            assertThat(patched(200, large.encode()).object()).contains(large);
        }
    }

    @Nested
    class OfAServerThatIsBusy {
        private Answer throttled(String retryAfter) {
            server.expect()
                    .get()
                    .withPath(PODS + "/a")
                    .andReturn(429, status(429, "too many requests").encode())
                    .withHeader("Retry-After", retryAfter)
                    .once();
            return client().send(POD);
        }

        @Test
        void waitsAsLongAsItAsks() {
            Answer answer = throttled("17");
            assertThat(answer)
                    .isEqualTo(new Answer.Got(
                            429, status(429, "too many requests").encode(), Optional.of(Duration.ofSeconds(17))));
            assertThat(answer.retryAfter(Duration.ofSeconds(1))).isEqualTo(Duration.ofSeconds(17));
            assertThat(answer.retryAfter(Duration.ofSeconds(30))).isEqualTo(Duration.ofSeconds(30));
        }

        @Test
        void waitsAsUsualWhereItGivesADateOrNonsense() {
            for (String odd : List.of("Wed, 25 Nov 2026 12:00:00 GMT", "-5", "soon", "1e3", "99999999999999999999")) {
                assertThat(throttled(odd).retryAfter(Duration.ofSeconds(1)))
                        .as(odd)
                        .isEqualTo(Duration.ofSeconds(1));
            }
        }

        @Test
        void isNotSentAwayForEver() {
            for (String long_ : List.of("86400", Long.toString(Long.MAX_VALUE))) {
                assertThat(throttled(long_).retryAfter(Duration.ofSeconds(1)))
                        .as(long_)
                        .isEqualTo(Duration.ofMinutes(5));
            }
        }
    }

    @Nested
    class OfAServerThatIsAway {
        @Test
        void saysThatItIsRefused() {
            ApiClient client = client();
            server.destroy();
            Answer answer = client.send(POD);
            assertThat(answer).isInstanceOf(Answer.Lost.class);
            assertThat(answer.what()).containsIgnoringCase("refused");
            assertThat(Problem.of(POD, answer).silent()).isTrue();
        }

        /** A socket that takes connections and never says anything. */
        private ServerSocket mute() {
            try {
                return new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
            } catch (IOException failed) {
                throw new UncheckedIOException(failed);
            }
        }

        private ApiClient muted(ServerSocket socket) {
            return client("http://127.0.0.1:" + socket.getLocalPort(), PATIENCE);
        }

        @Test
        void givesUpOneThatNeverAnswers() throws IOException {
            try (ServerSocket socket = mute()) {
                ApiClient client = muted(socket);
                long began = System.nanoTime();
                Answer answer = client.send(POD);
                assertThat(Duration.ofNanos(System.nanoTime() - began)).isBetween(PATIENCE, AMPLE);
                assertThat(answer).isInstanceOf(Answer.Lost.class);
            }
        }

        @Test
        void givesUpAWatchThatIsNeverTaken() throws IOException {
            try (ServerSocket socket = mute();
                    ApiServer.Events events = muted(socket).watch(Call.watch(PODS, Map.of()))) {
                assertThat(events.opened()).isFalse();
                assertThat(events.next(AMPLE))
                        .isEqualTo(new ApiServer.Next.Ended(new Answer.Lost("no answer within 200 ms")));
            }
        }

        @Test
        void saysThatItWasStoppedAndLeavesTheWordToStop() throws IOException {
            try (ServerSocket socket = mute()) {
                ApiClient client = client("http://127.0.0.1:" + socket.getLocalPort(), AMPLE);
                Thread.currentThread().interrupt();
                assertThat(client.send(POD)).isEqualTo(new Answer.Lost("stopped while waiting"));
                assertThat(Thread.interrupted()).isTrue();
            }
        }

        private void isLost(ApiClient client, String why) {
            Answer.Lost lost = new Answer.Lost(why);
            assertThat(client.send(POD)).isEqualTo(lost);
            try (ApiServer.Events events = client.watch(Call.watch(PODS, Map.of()))) {
                assertThat(events.next(AMPLE)).isEqualTo(new ApiServer.Next.Ended(lost));
            }
        }

        @Test
        void saysThatThereIsNone() {
            isLost(
                    new ApiClient(vertx, Optional.empty(), AMPLE),
                    "there is no way to the API server: KUBERNETES_SERVICE_HOST and pilotlight.kube.url are not set");
        }

        @Test
        void saysThatNoTokenIsMounted() {
            Path missing = folder.resolve("nowhere");
            isLost(
                    new ApiClient(
                            vertx,
                            Optional.of(new ApiAddress(
                                    URI.create(server.url("/")), Optional.of(missing), Optional.empty())),
                            AMPLE),
                    "there is no way to the API server: the service account's token in " + missing
                            + " cannot be read (java.nio.file.NoSuchFileException: " + missing
                            + "); is automountServiceAccountToken off?");
        }

        @Test
        void keepsNoMoreOfAnAnswerThanTheLargestListTakes() throws Exception {
            try (ServerSocket socket = mute()) {
                Thread endless = Thread.ofVirtual().start(() -> {
                    try (java.net.Socket taken = socket.accept()) {
                        taken.getOutputStream().write("HTTP/1.1 200 OK\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
                        byte[] megabyte = new byte[1 << 20];
                        for (int i = 0; i < 64; i++) {
                            taken.getOutputStream().write(megabyte);
                        }
                    } catch (IOException cut) {
                        // as it should be
                    }
                });
                assertThat(client("http://127.0.0.1:" + socket.getLocalPort(), AMPLE)
                                .send(POD))
                        .isEqualTo(new Answer.Lost("the answer is longer than 8388608 bytes"));
                endless.join();
            }
        }
    }

    @Test
    void showsTheTokenThatTheKubeletRenewed() throws Exception {
        server.expect()
                .get()
                .withPath(PODS + "/a")
                .andReturn(200, "{\"metadata\":{\"name\":\"a\"}}")
                .times(2);
        ApiClient client = client();
        client.send(POD);
        written("new");
        assertThat(client.send(POD).is(200)).isTrue();
        assertThat(List.of(
                        server.takeRequest().getHeader("Authorization"),
                        server.takeRequest().getHeader("Authorization")))
                .containsExactly("Bearer secret", "Bearer new");
    }

    @Test
    void writesTheAddressOfACluster() {
        assertThat(ApiAddress.inCluster("10.96.0.1", "443")).isEqualTo(URI.create("https://10.96.0.1:443"));
        assertThat(ApiAddress.inCluster("fd00::1", "443")).isEqualTo(URI.create("https://[fd00::1]:443"));
    }

    @Test
    void countsItsCallsByVerbAndOutcome() {
        server.expect()
                .get()
                .withPath(PODS + "/a")
                .andReturn(200, "{\"metadata\":{\"name\":\"a\"}}")
                .times(2);
        server.expect().get().withPath(PODS + "/b").andReturn(403, "").once();
        server.expect().patch().withPath(PATCH).andReturn(409, "").once();
        ApiClient client = client();
        client.send(POD);
        client.send(POD);
        client.send(Call.get(PODS + "/b"));
        client.send(Call.get(PODS + "/nobody"));
        client.send(Call.mergePatch(PODS + "/a", new JsonObject()));
        client.watch(Call.watch(PODS, Map.of())).close();
        assertThat(client.calls())
                .isEqualTo(new KubeTally(Map.of(
                        new KubeTally.Key("get", "ok"), 2L,
                        new KubeTally.Key("get", "denied"), 1L,
                        new KubeTally.Key("get", "missing"), 1L,
                        new KubeTally.Key("patch", "conflict"), 1L,
                        new KubeTally.Key("watch", "missing"), 1L)));
    }
}
