package dev.pilotlight;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.net.httpserver.HttpServer;
import dev.pilotlight.process.Await;
import dev.pilotlight.process.Child;
import dev.pilotlight.process.PackagedSidecar;
import dev.pilotlight.process.WaitsMostly;
import dev.pilotlight.process.Web;
import dev.pilotlight.simulator.EngineOptions;
import dev.pilotlight.simulator.SimulatedEngine;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who may order a drain: every door that a stranger might try, and the few that open. */
@WaitsMostly
class StrangersIT {
    private static final Duration SOON = Duration.ofMinutes(1);

    private static final List<String> METHODS =
            List.of("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "PROPFIND", "DRAIN");
    private static final List<String> PATHS = List.of(
            "/api/v1/drain",
            "/api/v1/drain/",
            "//api/v1/drain",
            "/api//v1/drain",
            "/api/v1//drain",
            "/api/v1/drain//",
            "/api/v1/%64rain",
            "/api/v1%2Fdrain",
            "/API/v1/drain",
            "/api/v1/DRAIN",
            "/api/v1/drain;a=b",
            "/api;x=y/v1/drain",
            "/api/v1/drain?token=letmein",
            "/api/v1/drain?_method=POST",
            "/q/../api/v1/drain",
            "/api/v1/status/../drain",
            "/api/v1/./drain",
            "/api/v1/drain%00",
            "/api/v1/drain.json",
            "/api/v1/drain#x",
            "/api/v1/drain%20");
    private static final List<String> HEADERS = List.of(
            "X-Forwarded-For: 127.0.0.1",
            "Forwarded: for=127.0.0.1;host=localhost",
            "X-Real-IP: 127.0.0.1",
            "Via: 1.1 localhost",
            "Host: localhost",
            "X-HTTP-Method-Override: POST",
            "X-Original-URL: /api/v1/drain",
            "Authorization: Bearer wrong",
            "Authorization: Bearer ",
            "Authorization: Basic c2VjcmV0LXRva2Vu",
            "Authorization: bearer secret-token-x",
            "Authorization: Bearer secret-toke",
            "User-Agent: kube-probe/1.36");

    /** Of the hook; each with something that the hook's call has not. */
    private static final String HOOK = "Pilotlight-Drain: pre-stop";

    private static final List<String> TRICKS = List.of(
            HOOK + "\r\nOrigin: http://evil.example",
            HOOK + "\r\nOrigin: null",
            HOOK + "\r\nReferer: http://127.0.0.1:9110/",
            HOOK + "\r\nSec-Fetch-Site: cross-site",
            HOOK + "\r\nSec-Fetch-Site: same-origin",
            HOOK + "\r\nX-Forwarded-For: 10.0.0.7",
            HOOK + "\r\nX-Forwarded-Proto: http",
            HOOK + "\r\nX-Envoy-Attempt-Count: 1",
            HOOK + "\r\nForwarded: for=127.0.0.1",
            HOOK + "\r\nVia: 1.1 mesh",
            HOOK + "\r\nX-Real-IP: 127.0.0.1",
            "Pilotlight-Drain: yes",
            "Pilotlight-Drain: ",
            "X-Pilotlight-Drain: pre-stop");

    /** Names that were made to point here, and others' addresses. */
    private static final List<String> HOSTS = List.of(
            "evil.example",
            "evil.example:9110",
            "127.0.0.1.evil.example",
            "10.0.0.7:9110",
            "127.0.0.1@evil.example",
            "vllm");

    @TempDir
    private Path folder;

    private SimulatedEngine engine;
    private Optional<PackagedSidecar> started = Optional.empty();

    @BeforeEach
    void engine() throws IOException {
        engine = SimulatedEngine.start(EngineOptions.defaults());
    }

    @AfterEach
    void end() {
        started.ifPresent(PackagedSidecar::close);
        engine.close();
    }

    private PackagedSidecar sidecar(String name, Map<String, String> settings, Map<String, String> platform) {
        PackagedSidecar sidecar =
                PackagedSidecar.beside(engine.uri(), name, settings, PackagedSidecar.freePort(), platform);
        started = Optional.of(sidecar);
        Await.until("ready", SOON, () -> sidecar.ready().up());
        return sidecar;
    }

    /** An API server that knows one pod. */
    private static final class ApiServer implements AutoCloseable {
        private final HttpServer server;
        private volatile Optional<Instant> deletion = Optional.empty();
        private volatile int gets;

        ApiServer() throws IOException {
            server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
            server.createContext("/", exchange -> {
                boolean isPod = exchange.getRequestURI().getPath().equals("/api/v1/namespaces/shop/pods/vllm-0");
                gets += isPod ? 1 : 0;
                byte[] body = (isPod ? pod() : "{\"kind\":\"Status\",\"code\":404}").getBytes(StandardCharsets.UTF_8);
                exchange.getResponseHeaders().add("Content-Type", "application/json");
                exchange.sendResponseHeaders(isPod ? 200 : 404, body.length);
                exchange.getResponseBody().write(body);
                exchange.close();
            });
            server.start();
        }

        private String pod() {
            String deleted = deletion.map(at ->
                            ",\"deletionTimestamp\":\"" + at.plusSeconds(60) + "\",\"deletionGracePeriodSeconds\":60")
                    .orElse("");
            return "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"vllm-0\",\"namespace\":\"shop\""
                    + deleted
                    + "},\"spec\":{\"terminationGracePeriodSeconds\":60,\"containers\":[{\"name\":\"vllm\"}]}}";
        }

        Map<String, String> platform() {
            return Map.of(
                    "pilotlight.kube.url",
                    "http://127.0.0.1:" + server.getAddress().getPort());
        }

        @Override
        public void close() {
            server.stop(0);
        }
    }

    private static final Map<String, String> POD = Map.of("pod.name", "vllm-0", "pod.namespace", "shop");

    /** Byte for byte as written: a well-behaved client would tidy up the path. Gives the status line, empty for a cut connection. */
    private static String raw(InetAddress host, int port, String method, String path, String header)
            throws IOException {
        try (Socket socket = new Socket(host, port)) {
            socket.setSoTimeout(20_000);
            String hostLine = header.contains("Host:") ? "" : "Host: 127.0.0.1\r\n";
            socket.getOutputStream()
                    .write((method + " " + path + " HTTP/1.1\r\n" + hostLine + header + (header.isEmpty() ? "" : "\r\n")
                                    + "Content-Length: 0\r\nConnection: close\r\n\r\n")
                            .getBytes(StandardCharsets.ISO_8859_1));
            String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
            return answer.lines().findFirst().orElse("");
        }
    }

    private record Try(String method, String path, String header) {}

    private static List<Try> tries() {
        List<Try> tries = new ArrayList<>();
        METHODS.forEach(method -> PATHS.forEach(path -> tries.add(new Try(method, path, ""))));
        List.of("GET", "POST", "PUT")
                .forEach(method -> HEADERS.forEach(header -> tries.add(new Try(method, "/api/v1/drain", header))));
        List.of("GET", "POST")
                .forEach(method -> TRICKS.forEach(header -> tries.add(new Try(method, "/api/v1/drain", header))));
        HOSTS.forEach(host -> tries.add(new Try("POST", "/api/v1/drain", HOOK + "\r\nHost: " + host)));
        METHODS.stream()
                .filter(method -> !method.equals("POST"))
                .forEach(method -> tries.add(new Try(method, "/api/v1/drain", HOOK)));
        return tries;
    }

    /** All at once: most are held for the two seconds in which the API server's news may come. */
    private static void tryEverything(PackagedSidecar sidecar, InetAddress from) throws Exception {
        try (ExecutorService strangers = Executors.newFixedThreadPool(100)) {
            List<Try> tries = tries();
            List<Callable<String>> calls = tries.stream()
                    .<Callable<String>>map(
                            it -> () -> raw(from, sidecar.at("/").getPort(), it.method(), it.path(), it.header()))
                    .toList();
            List<Future<String>> answers = strangers.invokeAll(calls);
            int refused = 0;
            for (int i = 0; i < answers.size(); i++) {
                String answer = answers.get(i).get();
                // The platform's own answer at paths that nobody serves.
                boolean isOptions = tries.get(i).method().equals("OPTIONS") && answer.startsWith("HTTP/1.1 200");
                assertThat(isOptions || answer.matches("HTTP/1.1 (400|403|404|405|501) .*"))
                        .as("%s answered %s", tries.get(i), answer)
                        .isTrue();
                refused += answer.startsWith("HTTP/1.1 403") ? 1 : 0;
            }
            assertThat(refused).as("403 of %d tries", tries.size()).isGreaterThan(20);
            System.out.printf("%d calls of strangers: %d times 403, no drain%n", tries.size(), refused);
        }
        nothingChanged(sidecar);
    }

    private static void nothingChanged(PackagedSidecar sidecar) throws IOException, InterruptedException {
        assertThat(sidecar.ready().up()).isTrue();
        assertThat(sidecar.status().containsKey("drain")).isFalse();
        assertThat(sidecar.child().log()).noneMatch(line -> line.contains("drain ordered"));
    }

    private static Web.Answer drain(PackagedSidecar sidecar, String authorization)
            throws IOException, InterruptedException {
        HttpResponse<String> answer = Web.CLIENT.send(
                HttpRequest.newBuilder(sidecar.at("/api/v1/drain"))
                        .timeout(SOON)
                        .header("Authorization", authorization)
                        .POST(HttpRequest.BodyPublishers.noBody())
                        .build(),
                HttpResponse.BodyHandlers.ofString());
        return new Web.Answer(answer.statusCode(), answer.body());
    }

    /** As the kubelet's hook of the kind httpGet calls. */
    private static Web.Answer byGet(PackagedSidecar sidecar) throws IOException, InterruptedException {
        HttpResponse<String> answer = Web.CLIENT.send(
                HttpRequest.newBuilder(sidecar.at("/api/v1/drain"))
                        .timeout(SOON)
                        .header("Pilotlight-Drain", "pre-stop")
                        .build(),
                HttpResponse.BodyHandlers.ofString());
        return new Web.Answer(answer.statusCode(), answer.body());
    }

    @Test
    void inAClusterOpensForThePodsDeletion() throws Exception {
        try (ApiServer api = new ApiServer()) {
            PackagedSidecar sidecar =
                    sidecar("strangers-cluster", settings(Map.of("drain.settle", "0s")), api.platform());
            tryEverything(sidecar, InetAddress.getLoopbackAddress());
            assertThat(api.gets)
                    .as("the API server is asked a few times a second, however many call")
                    .isLessThan(100);

            api.deletion = Optional.of(Instant.now());
            Web.Answer hook = byGet(sidecar);
            assertThat(hook.status()).isEqualTo(200);
            assertThat(hook.json().getString("by")).isEqualTo("the deletion of the pod");
            assertThat(Duration.between(
                            Instant.parse(hook.json().getString("since")),
                            Instant.parse(hook.json().getString("deadline"))))
                    .isEqualTo(Duration.ofSeconds(55));
        }
    }

    /** An eviction by the kubelet sets no deletionTimestamp, and a service account without rights sees none. */
    @Test
    void opensForThePodsOwnHookWhateverTheApiServerSays() throws Exception {
        try (ApiServer api = new ApiServer()) {
            PackagedSidecar sidecar = sidecar("strangers-hook", settings(Map.of("drain.settle", "0s")), api.platform());
            Web.Answer hook = Web.drain(sidecar.at("/"), SOON);
            assertThat(hook.status()).isEqualTo(200);
            assertThat(hook.json().getString("by")).isEqualTo("the preStop hook");
            assertThat(Duration.between(
                            Instant.parse(hook.json().getString("since")),
                            Instant.parse(hook.json().getString("deadline"))))
                    .isEqualTo(Duration.ofSeconds(55));
        }
    }

    @Test
    void saysARefusalOnceWithItsFixAndCountsEach() throws Exception {
        PackagedSidecar sidecar = sidecar("strangers-refused", Map.of(), Map.of());
        for (int i = 0; i < 30; i++) {
            Web.Answer answer = Web.get(sidecar.at("/api/v1/drain"), SOON);
            assertThat(answer.status()).isEqualTo(405);
            assertThat(answer.json().getString("error"))
                    .contains("send POST with the header Pilotlight-Drain: pre-stop");
        }
        assertThat(sidecar.child().log().stream().filter(line -> line.contains("drain refused")))
                .singleElement()
                .asString()
                .contains("WARN", "(method)", "send POST with the header Pilotlight-Drain: pre-stop");
        assertThat(sidecar.metric("pilotlight_drains_refused_total{reason=\"method\"}"))
                .hasValue(30);
        assertThat(sidecar.metric("pilotlight_drains_refused_total{reason=\"host\"}"))
                .hasValue(0);
        nothingChanged(sidecar);
    }

    @Test
    void withATokenOpensOnlyForIt() throws Exception {
        PackagedSidecar sidecar =
                sidecar("strangers-token", Map.of("drain.token-file", token(), "drain.settle", "0s"), Map.of());
        tryEverything(sidecar, InetAddress.getLoopbackAddress());
        Web.Answer right = drain(sidecar, "Bearer secret-token");
        assertThat(right.status()).isEqualTo(200);
        assertThat(right.json().getString("by")).isEqualTo("the drain token");
        assertThat(sidecar.get("/api/v1/status").body()).doesNotContain("secret-token");
        assertThat(sidecar.child().log()).noneMatch(line -> line.contains("secret-token"));
    }

    @Test
    void withNeitherIsClosedForOtherHosts() throws Exception {
        Optional<InetAddress> other = NetworkInterface.networkInterfaces()
                .flatMap(NetworkInterface::inetAddresses)
                .filter(address -> !address.isLoopbackAddress() && address instanceof Inet4Address)
                .findFirst();
        assumeTrue(other.isPresent(), "this machine has no address but its loopback");
        PackagedSidecar sidecar = sidecar("strangers-other-host", Map.of(), Map.of("quarkus.http.host", "0.0.0.0"));
        tryEverything(sidecar, other.get());
    }

    @Test
    void aProxyOrABrowserOnThisHostSpeaksForStrangers() throws Exception {
        PackagedSidecar sidecar = sidecar("strangers-proxy", Map.of(), Map.of());
        for (String header : TRICKS) {
            assertThat(raw(
                            InetAddress.getLoopbackAddress(),
                            sidecar.at("/").getPort(),
                            "POST",
                            "/api/v1/drain",
                            header))
                    .as(header)
                    .startsWith("HTTP/1.1 403");
        }
        nothingChanged(sidecar);
    }

    /** The kubelet's hook gets through beside a crowd that keeps calling. */
    @Test
    void aCrowdOfStrangersKeepsNobodyOut() throws Exception {
        try (ApiServer api = new ApiServer();
                ExecutorService crowd = Executors.newVirtualThreadPerTaskExecutor()) {
            PackagedSidecar sidecar =
                    sidecar("strangers-crowd", settings(Map.of("drain.settle", "0s")), api.platform());
            List<Future<Web.Answer>> calls = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                calls.add(crowd.submit(() -> byGet(sidecar)));
            }
            for (Future<Web.Answer> call : calls) {
                assertThat(call.get().status()).isEqualTo(403);
            }
            for (int i = 0; i < 100; i++) {
                calls.add(crowd.submit(() -> byGet(sidecar)));
            }
            api.deletion = Optional.of(Instant.now());
            assertThat(byGet(sidecar).status()).isEqualTo(200);
        }
    }

    /** Connections that are kept for a next request, and others whose first request never ends. */
    @Test
    void aCrowdThatHoldsItsConnectionsKeepsNoProbeOut() throws Exception {
        PackagedSidecar sidecar = sidecar("strangers-hold", Map.of(), Map.of("quarkus.http.idle-timeout", "5m"));
        List<Socket> held = new ArrayList<>();
        try {
            for (int i = 0; i < 1200; i++) {
                Socket socket = new Socket(
                        InetAddress.getLoopbackAddress(), sidecar.at("/").getPort());
                socket.setSoTimeout(60_000);
                held.add(socket);
                String end = i % 3 == 0 ? "" : "\r\n";
                socket.getOutputStream()
                        .write(("GET /q/health/live HTTP/1.1\r\nHost: sidecar\r\n" + end)
                                .getBytes(StandardCharsets.ISO_8859_1));
            }
            int kept = 0;
            for (int i = 0; i < held.size(); i++) {
                kept += i % 3 != 0 && isKept(held.get(i)) ? 1 : 0;
            }
            for (String probe : List.of("live", "started", "ready", "group/engine")) {
                assertThat(Web.get(sidecar.at("/q/health/" + probe), SOON).status())
                        .as(probe)
                        .isEqualTo(200);
            }
            System.out.printf("%d connections held, %d of them kept after an answer%n", held.size(), kept);
            assertThat(kept).isBetween(100, 128);
        } finally {
            for (Socket socket : held) {
                socket.close();
            }
        }
    }

    /** Whether the server leaves it open after its answer. */
    private static boolean isKept(Socket socket) throws IOException {
        BufferedReader answer =
                new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.ISO_8859_1));
        boolean kept = true;
        for (String line = answer.readLine(); line != null && !line.isEmpty(); line = answer.readLine()) {
            kept &= !line.equalsIgnoreCase("Connection: close");
        }
        return kept;
    }

    @Test
    void sigtermInAPodThatStaysDrainsNothing() throws Exception {
        try (ApiServer api = new ApiServer()) {
            PackagedSidecar sidecar = sidecar("strangers-stays", settings(Map.of()), api.platform());
            Child.signal("TERM", sidecar.child().process().pid());
            assertThat(sidecar.child().endsWithin(SOON)).isTrue();
            assertThat(sidecar.child().log())
                    .anyMatch(line -> line.contains("this pod is not being deleted: only the sidecar stops"))
                    .noneMatch(line -> line.contains("drain ordered"));
        }
    }

    private static Map<String, String> settings(Map<String, String> more) {
        Map<String, String> all = new HashMap<>(POD);
        all.putAll(more);
        return all;
    }

    private String token() throws IOException {
        return Files.writeString(folder.resolve("token"), "secret-token\n").toString();
    }
}
