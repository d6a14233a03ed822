package dev.pilotlight.inject;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.inject.InjectionDecision.OptIn;
import dev.pilotlight.process.Await;
import dev.pilotlight.process.Child;
import dev.pilotlight.process.PackagedSidecar;
import dev.pilotlight.process.WaitsMostly;
import dev.pilotlight.process.Web;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The packaged sidecar as webhook: what an API server sees of it, and what strangers may do to it. */
@WaitsMostly
class InjectorIT {
    private static final Duration SOON = Duration.ofMinutes(1);

    private static Injector injector;
    private static HttpClient client;

    @BeforeAll
    static void start() {
        injector = Injector.start("webhook");
        client = injector.client();
    }

    @AfterAll
    static void end() {
        if (injector != null) {
            injector.close();
        }
    }

    @Nested
    class AskedByAnApiServer {
        @Test
        void answersForEveryPodAsTheCoreDecides() throws Exception {
            for (Corpus.Case it : Corpus.all()) {
                Review.Asked asked = (Review.Asked)
                        Review.read(Corpus.review(it.pod()).encode().getBytes(UTF_8));
                assertThat(injector.review(client, it.pod()))
                        .as(it.name())
                        .isEqualTo(
                                asked.answer(asked.decide(OptIn.POD), SidecarTemplate.read(), DocumentedPatch.IMAGE));
            }
        }

        @Test
        void answersForANamespaceThatAsks() throws Exception {
            JsonObject silent = Corpus.yaml(
                    "metadata: { name: a }\nspec: { containers: [{ name: vllm, image: vllm/vllm-openai }] }");
            HttpRequest byNamespace = HttpRequest.newBuilder(injector.secure("/api/v1/inject/namespace"))
                    .POST(HttpRequest.BodyPublishers.ofString(
                            Corpus.review(silent).encode()))
                    .build();
            JsonObject answer = new JsonObject(client.send(byNamespace, HttpResponse.BodyHandlers.ofString())
                    .body());
            assertThat(answer.getJsonObject("response").containsKey("patch")).isTrue();
            assertThat(injector.review(client, silent).getJsonObject("response").containsKey("patch"))
                    .isFalse();
        }

        @Test
        void saysWhyAPodWasLeftInItsLog() throws Exception {
            injector.review(
                    client,
                    Corpus.yaml(
                            "metadata: { labels: { pilotlight.dev/inject: \"true\" } }\nspec: { containers: [{ name: web }] }"));
            assertThat(injector.child().log())
                    .anyMatch(line -> line.contains("a pod in namespace models was not injected (no-engine): "));
        }
    }

    @Nested
    class ThatIsReplaced {
        /** API servers ask by HTTP/1.1: a connection that they keep must not end under the next review. */
        @Test
        void tellsWhoKeepsAConnectionThatItsAnswerIsTheLastThere() throws Exception {
            byte[] review =
                    Corpus.review(Corpus.all().getFirst().pod()).encode().getBytes(UTF_8);
            try (Injector other = Injector.start("left")) {
                HttpClient kept = other.trusting(HttpClient.Version.HTTP_1_1);
                assertThat(other.post(kept, review).headers().firstValue("Connection"))
                        .isEmpty();
                other.child().process().destroy();
                Await.until("it leaves", SOON, () -> other.ready().status() == 503);
                for (int i = 0; i < 3; i++) {
                    HttpResponse<String> answer = other.post(kept, review);
                    assertThat(answer.statusCode()).isEqualTo(200);
                    assertThat(answer.headers().firstValue("Connection")).hasValue("close");
                }
            }
        }

        /** API servers learn late that it goes, and ask on: over the connection that they have, and over new ones. */
        @ParameterizedTest
        @EnumSource(HttpClient.Version.class)
        void answersWhileItLeaves(HttpClient.Version version) throws Exception {
            JsonObject pod = Corpus.all().getFirst().pod();
            try (Injector other = Injector.start("replaced")) {
                HttpClient kept = other.trusting(version);
                other.review(kept, pod);
                other.child().process().destroy();
                Await.until("it leaves", SOON, () -> other.ready().status() == 503);
                for (int i = 0; i < 10; i++) {
                    assertThat(other.review(kept, pod).getJsonObject("response").containsKey("patch"))
                            .isTrue();
                    assertThat(other.review(other.trusting(version), pod)
                                    .getJsonObject("response")
                                    .containsKey("patch"))
                            .isTrue();
                }
                Await.until("it ends", SOON, () -> !other.child().isAlive());
            }
        }
    }

    @Nested
    class WhoseCertificateIsRenewed {
        private static final int PER_SECOND = 200;
        /** Kept connections at most. */
        private static final int AT_ONCE = 50;

        /** Six renewals, 2.5 s apart, under 200 reviews a second: a few kept connections and 20 new ones a second. */
        @Test
        void failsNoReview() throws Exception {
            byte[] review =
                    Corpus.review(Corpus.all().getFirst().pod()).encode().getBytes(UTF_8);
            try (Injector other = Injector.start("renewed");
                    ExecutorService newcomersThreads = Executors.newVirtualThreadPerTaskExecutor()) {
                SSLContext newcomers = Injector.trustingAnybody();
                HttpClient kept = other.trusting(HttpClient.Version.HTTP_1_1);
                other.post(kept, review);
                List<CompletableFuture<String>> answers = new ArrayList<>();
                Semaphore free = new Semaphore(AT_ONCE);
                long start = System.nanoTime();
                int renewals = 0;
                for (int i = 0; i < PER_SECOND * 18; i++) {
                    long due = start + i * 1_000_000_000L / PER_SECOND;
                    for (long left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) {
                        LockSupport.parkNanos(left);
                    }
                    if (i % (PER_SECOND * 5 / 2) == PER_SECOND && renewals < 6) {
                        other.renew("renewal-" + ++renewals);
                    }
                    free.acquire();
                    CompletableFuture<String> answer = i % 10 == 0
                            ? CompletableFuture.supplyAsync(() -> other.alone(newcomers, review), newcomersThreads)
                            : kept.sendAsync(other.request(review), HttpResponse.BodyHandlers.ofString())
                                    .thenApply(it -> "" + it.statusCode());
                    answers.add(answer.handle((status, failed) -> {
                        free.release();
                        return failed == null ? status : "" + failed;
                    }));
                }
                List<String> failed = answers.stream()
                        .map(CompletableFuture::join)
                        .filter(answer -> !answer.equals("200"))
                        .toList();
                double seconds = (System.nanoTime() - start) / 1e9;
                System.out.printf(
                        "%d reviews, %.0f a second, 6 renewals: %d failed%n",
                        answers.size(), answers.size() / seconds, failed.size());
                assertThat(renewals).isEqualTo(6);
                assertThat(failed).as("of " + answers.size()).isEmpty();
                Await.until("shows the last", SOON, () -> other.ready().body().contains("CN=renewal-6"));
                other.review(other.client(), Corpus.all().getFirst().pod());
                assertThat(other.child().log()).noneMatch(line -> line.contains("Exception"));
            }
        }
    }

    @Nested
    @Execution(ExecutionMode.SAME_THREAD) // both in one folder
    class WithoutACertificate {
        private static final String NAME = "uncertified";

        @Test
        void saysWhatIsWrongInOneLineAndIsNotReadyUntilItIsMended() throws Exception {
            Files.createDirectories(Injector.folder(NAME));
            Files.deleteIfExists(Injector.folder(NAME).resolve("tls.crt"));
            try (Injector other = Injector.begin(NAME)) {
                says(other, "there is no file ");
                Injector.certify(Injector.folder(NAME), "first");
                Await.until("is ready", SOON, () -> other.ready().status() == 200);
                other.review(other.client(), Corpus.all().getFirst().pod());
            }
        }

        @Test
        void isNotReadyWithAKeyOfAnother() throws Exception {
            Injector.certify(Injector.folder(NAME), "first");
            byte[] certificate = Files.readAllBytes(Injector.folder(NAME).resolve("tls.crt"));
            Injector.certify(Injector.folder(NAME), "second");
            Files.write(Injector.folder(NAME).resolve("tls.crt"), certificate);
            try (Injector other = Injector.begin(NAME)) {
                says(other, "the key is not that of the certificate");
            }
        }

        private void says(Injector other, String why) throws Exception {
            String line = "the webhook cannot be trusted: " + why;
            assertThat(other.ready().status()).isEqualTo(503);
            assertThat(other.ready().body()).contains(line);
            Await.until(
                    "the log says so", SOON, () -> other.child().log().stream().anyMatch(it -> it.contains(line)));
            assertThat(other.child().log()).filteredOn(it -> it.contains(line)).hasSize(1);
            assertThat(other.child().log()).noneMatch(it -> it.contains("Exception"));
        }
    }

    @Nested
    class AskedForAnEngine {
        @Test
        void isHealthyAndHasNothingToShow() throws Exception {
            for (String probe : List.of("started", "live", "ready", "group/engine")) {
                assertThat(Web.get(injector.plain("/q/health/" + probe)).status())
                        .as(probe)
                        .isEqualTo(200);
            }
            for (String path : List.of("/", "/api/v1/status", "/api/v1/signals", "/api/v1/drain")) {
                Web.Answer answer = Web.get(injector.plain(path));
                assertThat(answer.status()).as(path).isEqualTo(404);
                assertThat(answer.body()).contains("injects sidecars and watches no engine");
            }
            assertThat(Web.get(injector.plain("/metrics")).body()).doesNotContain("pilotlight_phase");
        }
    }

    /** A webhook of its own: what fills it up would keep the reviews of others out. */
    @Nested
    @Execution(ExecutionMode.SAME_THREAD)
    class AskedByStrangers {
        private static Injector injector;
        private static HttpClient client;

        @BeforeAll
        static void start() {
            injector = Injector.start("strangers");
            client = injector.client();
        }

        @AfterAll
        static void end() {
            if (injector != null) {
                injector.close();
            }
        }

        /** That it still does its work. */
        private static void injects() throws Exception {
            JsonObject pod = Corpus.all().getFirst().pod();
            assertThat(injector.review(client, pod).getJsonObject("response").containsKey("patch"))
                    .isTrue();
        }

        private void refuses(byte[] body, String why) throws Exception {
            HttpResponse<String> answer = injector.post(client, body);
            assertThat(answer.statusCode()).as(answer.body()).isEqualTo(400);
            assertThat(new JsonObject(answer.body()).getString("error")).contains(why);
        }

        @Test
        void refusesGarbageAndSaysWhatIsWrong() throws Exception {
            refuses(new byte[0], "not a JSON object");
            refuses("hello".getBytes(UTF_8), "not a JSON object");
            refuses(new byte[] {(byte) 0xff, (byte) 0xfe, 0}, "not UTF-8");
            refuses("{\"kind\":\"Pod\"}".getBytes(UTF_8), "no AdmissionReview");
            injects();
        }

        @Test
        void refusesWhatIsTooLong() throws Exception {
            refuses(("\"" + "x".repeat(4 << 20) + "\"").getBytes(UTF_8), "longer than 3145728 bytes");
            refuses(("\"" + "x".repeat(40 << 20) + "\"").getBytes(UTF_8), "longer than 3145728 bytes");
            injects();
        }

        @Test
        void refusesWhatWouldFillTheHeap() throws Exception {
            refuses(("{\"a\":[" + "{},".repeat(900_000) + "{}]}").getBytes(UTF_8), "more than 200000 values");
            refuses(("{\"a\":" + "[".repeat(150_000)).getBytes(UTF_8), "not a JSON object");
            injects();
        }

        /** Nobody holds a connection by asking nothing, or half; whoever has asked keeps it for longer than API servers do without use. */
        @Test
        void sendsAwayWhoAsksNothing() throws Exception {
            byte[] review =
                    Corpus.review(Corpus.all().getFirst().pod()).encode().getBytes(UTF_8);
            try (SSLSocket kept = injector.connected();
                    SSLSocket silent = injector.connected();
                    SSLSocket half = injector.connected()) {
                injector.ask(kept, review, review.length);
                injector.ask(half, review, review.length / 2);
                assertThat(silent.getInputStream().read()).isEqualTo(-1);
                assertThat(half.getInputStream().read()).isEqualTo(-1);
                injector.ask(kept, review, review.length);
                StringBuilder answers = new StringBuilder();
                for (int one = 0; one >= 0 && answers.indexOf("200 OK") == answers.lastIndexOf("200 OK"); ) {
                    one = kept.getInputStream().read();
                    answers.append((char) one);
                }
                assertThat(answers).containsPattern("(?s)200 OK.*200 OK");
            }
        }

        @Test
        void outlivesAFloodOfTheLongestReviews() throws Exception {
            String padding = "x".repeat(2_900_000);
            String values = "{},".repeat(190_000);
            List<byte[]> bodies = List.of(
                    ("{\"a\":\"" + padding + "\"}").getBytes(UTF_8), ("{\"a\":[" + values + "{}]}").getBytes(UTF_8));
            // A connection each, as strangers would: over one, HTTP/2 itself holds most of them back.
            HttpClient many = injector.client(HttpClient.Version.HTTP_1_1);
            List<CompletableFuture<String>> flood = IntStream.range(0, 60)
                    .mapToObj(i -> many.sendAsync(
                                    injector.request(bodies.get(i % 2)), HttpResponse.BodyHandlers.ofString())
                            .handle((answer, failed) -> failed == null ? "" + answer.statusCode() : "" + failed))
                    .toList();
            List<String> answers = flood.stream().map(CompletableFuture::join).toList();
            assertThat(answers).allMatch(answer -> answer.equals("400") || answer.equals("503"));
            assertThat(injector.child().log()).noneMatch(line -> line.contains("OutOfMemory"));
            Await.until("it injects again", SOON, () -> {
                injects();
                return true;
            });
        }
    }

    @Nested
    class ToldToStop {
        @Test
        void endsAtOnce() throws Exception {
            try (Injector other = Injector.start("stopped")) {
                Child.signal("TERM", other.child().process().pid());
                assertThat(other.child().endsWithin(SOON)).isTrue();
            }
        }
    }

    @Nested
    class NotEnabled {
        @Test
        void injectsNothing() throws Exception {
            try (PackagedSidecar sidecar =
                    PackagedSidecar.beside(URI.create("http://127.0.0.1:9"), "no-injector", Map.of())) {
                HttpRequest review = HttpRequest.newBuilder(sidecar.at("/api/v1/inject"))
                        .POST(HttpRequest.BodyPublishers.ofString("{}"))
                        .build();
                HttpResponse<String> answer = Web.CLIENT.send(review, HttpResponse.BodyHandlers.ofString());
                assertThat(answer.statusCode()).isEqualTo(404);
                assertThat(answer.body()).contains("pilotlight.injector.enabled is false");
            }
        }
    }
}
