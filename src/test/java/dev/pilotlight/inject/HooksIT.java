package dev.pilotlight.inject;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.pilotlight.process.Await;
import dev.pilotlight.process.Child;
import dev.pilotlight.process.Clients;
import dev.pilotlight.process.PackagedSidecar;
import dev.pilotlight.process.Said;
import dev.pilotlight.process.WaitsMostly;
import dev.pilotlight.simulator.EngineOptions;
import dev.pilotlight.simulator.Profile;
import dev.pilotlight.simulator.SimulatedEngine;
import io.vertx.core.json.JsonArray;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The liveness probe and the preStop hook that vLLM's container is given, run as the kubelet runs them, with the tools of some images. */
@WaitsMostly
class HooksIT {
    private static final Duration SOON = Duration.ofMinutes(3);
    private static final Map<String, String> QUICK = Map.of(
            "engine.poll-every", "200ms",
            "engine.timeout", "4s",
            "liveness.dead-after", "1s",
            "drain.settle", "1s");

    @TempDir
    private static Path folder;

    /** What an image has to call the sidecar with. */
    private enum Tools {
        BASH("bash", "timeout", "cat", "sleep"),
        PYTHON("python3", "sleep"),
        /** A shell alone. */
        NONE();

        private final List<String> programs;

        Tools(String... programs) {
            this.programs = List.of(programs);
        }

        /** A folder with those programs and a shell, and no other. */
        synchronized Path path() {
            try {
                Path path = Files.createDirectories(folder.resolve(name()));
                for (String program :
                        Stream.concat(Stream.of("sh"), programs.stream()).toList()) {
                    Path link = path.resolve(program);
                    if (!Files.exists(link)) {
                        Files.createSymbolicLink(
                                link,
                                Stream.of(System.getenv("PATH").split(":"))
                                        .map(it -> Path.of(it, program))
                                        .filter(Files::isExecutable)
                                        .filter(it -> !isScript(it))
                                        .findFirst()
                                        .orElseThrow(() -> new AssertionError("this machine has no " + program)));
                    }
                }
                return path;
            } catch (IOException failed) {
                throw new java.io.UncheckedIOException(failed);
            }
        }
    }

    /** A version manager's stand-in for a program wants more programs than itself. */
    private static boolean isScript(Path program) {
        try (InputStream in = Files.newInputStream(program)) {
            return in.read() == '#' && in.read() == '!';
        } catch (IOException unreadable) {
            return false;
        }
    }

    /** The command of a probe or hook, for a sidecar and an engine at other ports. */
    private static Said run(Tools tools, String hook, int sidecar, int engine) {
        JsonArray command =
                SidecarTemplate.read().getJsonObject(hook).getJsonObject("exec").getJsonArray("command");
        List<String> words = command.stream()
                .map(word -> ((String) word).replaceAll("\\b9110\\b", Integer.toString(sidecar)))
                .map(word -> word.equals("8000") ? Integer.toString(engine) : word)
                .toList();
        ProcessBuilder process = new ProcessBuilder(new ArrayList<>(words));
        process.command().set(0, tools.path().resolve("sh").toString());
        process.environment().clear();
        process.environment().put("PATH", tools.path().toString());
        return Said.by(process);
    }

    private static Said probe(Tools tools, int port) {
        return run(tools, "livenessProbe", port, 1);
    }

    private static PackagedSidecar ready(SimulatedEngine engine, String name) {
        PackagedSidecar sidecar = PackagedSidecar.beside(engine.uri(), "hooks-" + name, QUICK);
        Await.until("ready", SOON, () -> sidecar.ready().up());
        return sidecar;
    }

    private static int port(PackagedSidecar sidecar) {
        return sidecar.at("/").getPort();
    }

    @Nested
    class TheEnginesProbe {
        private static final Said HOLDS = new Said(0, "");

        @ParameterizedTest
        @EnumSource(
                value = Tools.class,
                names = {"BASH", "PYTHON"})
        void failsOnAVerdictAndSaysWhy(Tools tools) throws Exception {
            try (SimulatedEngine engine = SimulatedEngine.start(EngineOptions.defaults());
                    PackagedSidecar sidecar = ready(engine, "verdict-" + tools)) {
                assertThat(probe(tools, port(sidecar))).isEqualTo(HOLDS);
                engine.die();
                Await.until("starting", SOON, sidecar::state, "starting"::equals);
                assertThat(probe(tools, port(sidecar))).isEqualTo(HOLDS);
            }
            try (DeadEngine engine = new DeadEngine();
                    PackagedSidecar sidecar = PackagedSidecar.beside(engine.uri(), "hooks-dead-" + tools, QUICK)) {
                Await.until(
                        "dead",
                        SOON,
                        () -> sidecar.get("/q/health/group/engine").status() == 503);
                assertThat(probe(tools, port(sidecar))).satisfies(said -> {
                    assertThat(said.code()).isEqualTo(1);
                    assertThat(said.output()).startsWith("{").contains("the engine core is dead");
                });
                assertThat(probe(Tools.NONE, port(sidecar))).isEqualTo(HOLDS);
            }
        }

        @ParameterizedTest
        @EnumSource(Tools.class)
        void holdsWhereNothingListens(Tools tools) {
            assertThat(probe(tools, PackagedSidecar.freePort())).isEqualTo(HOLDS);
        }

        @ParameterizedTest
        @EnumSource(Tools.class)
        void holdsWhereNobodyAnswers(Tools tools) throws IOException {
            try (ServerSocket silent = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
                assertThat(probe(tools, silent.getLocalPort())).isEqualTo(HOLDS);
                // With its queue full not even the connection comes about.
                assertThat(probe(tools, silent.getLocalPort())).isEqualTo(HOLDS);
                assertThat(probe(tools, silent.getLocalPort())).isEqualTo(HOLDS);
            }
        }

        /** The container is at its limit of processes: its shell fails, and the engine may be well. */
        @Test
        void holdsWhereNoProcessCanBeStarted() {
            JsonArray command = SidecarTemplate.read()
                    .getJsonObject("livenessProbe")
                    .getJsonObject("exec")
                    .getJsonArray("command");
            List<String> alone = new ArrayList<>(List.of(
                    "sh", "-c", "ulimit -u 1 2> /dev/null || ulimit -p 1; exec sh -c \"$0\"", command.getString(2)));
            if (System.getProperty("user.name").equals("root")) { // who has no limit
                alone.addAll(0, List.of("setpriv", "--reuid=65534", "--clear-groups"));
            }
            assertThat(Said.by(new ProcessBuilder(alone)).code()).isZero();
        }

        /** The platform says 503 while it shuts down, and a bug may; neither speaks of the engine. */
        @ParameterizedTest
        @EnumSource(
                value = Tools.class,
                names = {"BASH", "PYTHON"})
        void holdsForAnyOtherAnswer(Tools tools) throws IOException {
            for (String body : List.of("", "no", "{\"status\": \"DOWN\", \"checks\": []}", "\0\u0007$(exit 1)'\"`")) {
                for (int status : List.of(200, 404, 500, 503)) {
                    HttpServer server =
                            HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
                    server.createContext("/", exchange -> {
                        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
                        exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
                        exchange.getResponseBody().write(bytes);
                        exchange.close();
                    });
                    server.start();
                    try {
                        assertThat(probe(tools, server.getAddress().getPort()))
                                .as("%d %s", status, body)
                                .isEqualTo(HOLDS);
                    } finally {
                        server.stop(0);
                    }
                }
            }
        }
    }

    /** Was well once, then says of its core that it is dead: no start ends by such an answer. */
    private static final class DeadEngine implements AutoCloseable {
        private static final String PAGE = """
                vllm:num_requests_running{engine="0",model_name="m"} 0
                vllm:num_requests_waiting{engine="0",model_name="m"} 0
                vllm:generation_tokens_total{engine="0",model_name="m"} 7
                vllm:request_success_total{engine="0",model_name="m"} 7
                """;

        private final HttpServer server;

        DeadEngine() throws IOException {
            server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
            AtomicBoolean wasWell = new AtomicBoolean();
            server.createContext("/", exchange -> {
                String path = exchange.getRequestURI().getPath();
                boolean isWell = path.equals("/health") && !wasWell.getAndSet(true);
                byte[] body =
                        switch (path) {
                            case "/metrics" -> PAGE.getBytes(StandardCharsets.UTF_8);
                            case "/v1/models" -> "{\"data\":[{\"id\":\"m\"}]}".getBytes(StandardCharsets.UTF_8);
                            default -> new byte[0];
                        };
                int status = isWell || body.length > 0 ? 200 : path.equals("/health") ? 503 : 500;
                exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
                exchange.getResponseBody().write(body);
                exchange.close();
            });
            server.start();
        }

        URI uri() {
            return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
        }

        @Override
        public void close() {
            server.stop(0);
        }
    }

    @Nested
    class ThePreStopHook {
        private static final int REQUESTS = 20;
        private static final EngineOptions OPTIONS =
                EngineOptions.builder().profile(Profile.LLAMA_8B_80GB).build();

        private static Clients inFlight(SimulatedEngine engine, int tokens) {
            Clients clients = new Clients(engine.uri(), 1);
            clients.burst(REQUESTS, tokens);
            Await.until("under way", SOON, () -> engine.openRequests() == REQUESTS);
            return clients;
        }

        private static CompletableFuture<Said> begin(Tools tools, PackagedSidecar sidecar, SimulatedEngine engine) {
            return CompletableFuture.supplyAsync(
                    () -> run(tools, "preStop", port(sidecar), engine.uri().getPort()),
                    // Not the common pool, which has one thread on two cores.
                    task -> Thread.ofVirtual().start(task));
        }

        @ParameterizedTest
        @EnumSource(
                value = Tools.class,
                names = {"BASH", "PYTHON"})
        void waitsForTheLastRequest(Tools tools) throws Exception {
            try (SimulatedEngine engine = SimulatedEngine.start(OPTIONS);
                    PackagedSidecar sidecar = ready(engine, "drain-" + tools)) {
                Clients clients = inFlight(engine, 150);
                assertThat(begin(tools, sidecar, engine).get()).isEqualTo(new Said(0, ""));
                assertThat(clients.open()).isZero();
                assertThat(clients.lost()).isEmpty();
                assertThat(sidecar.state()).isEqualTo("draining");
            }
        }

        /** The kubelet restarts nothing in a pod that ends: whoever is gone stays so. */
        @ParameterizedTest
        @EnumSource(
                value = Tools.class,
                names = {"BASH", "PYTHON"})
        void waitsForTheLastRequestThoughTheSidecarDies(Tools tools) throws Exception {
            try (SimulatedEngine engine = SimulatedEngine.start(OPTIONS);
                    PackagedSidecar sidecar = ready(engine, "dies-" + tools)) {
                Clients clients = inFlight(engine, 400);
                CompletableFuture<Said> hook = begin(tools, sidecar, engine);
                Await.until("draining", SOON, sidecar::state, "draining"::equals);
                sidecar.child().kill();
                assertThat(hook.get()).isEqualTo(new Said(0, ""));
                assertThat(clients.open()).isZero();
                assertThat(clients.lost()).isEmpty();
            }
        }

        @Test
        void waitsForTheLastRequestThoughTheSidecarIsFrozen() throws Exception {
            try (SimulatedEngine engine = SimulatedEngine.start(OPTIONS);
                    PackagedSidecar sidecar = ready(engine, "frozen")) {
                Clients clients = inFlight(engine, 400);
                CompletableFuture<Said> hook = begin(Tools.BASH, sidecar, engine);
                Await.until("draining", SOON, sidecar::state, "draining"::equals);
                Child.signal("STOP", sidecar.child().process().pid());
                Await.until("all whole", SOON, () -> clients.open() == 0);
                assertThat(hook).as("the hook, while the sidecar may go on").isNotDone();
                Child.signal("CONT", sidecar.child().process().pid());
                assertThat(hook.get()).isEqualTo(new Said(0, ""));
                assertThat(clients.lost()).isEmpty();
            }
        }

        /** Its container is restarted, and the pod stays. */
        @Test
        void doesNotWaitWhereTheVerdictEndsTheEngine() throws Exception {
            try (DeadEngine engine = new DeadEngine();
                    PackagedSidecar sidecar = PackagedSidecar.beside(engine.uri(), "hooks-restart", QUICK)) {
                // It fails of its errors first, which end no engine.
                Await.until(
                        "dead",
                        SOON,
                        () -> sidecar.status().getJsonObject("engineLive").getBoolean("up"),
                        up -> !up);
                assertThat(run(
                                Tools.BASH,
                                "preStop",
                                port(sidecar),
                                engine.uri().getPort()))
                        .isEqualTo(new Said(0, ""));
                assertThat(sidecar.state()).isEqualTo("failed");
                assertThat(sidecar.status().containsKey("drain")).isFalse();
            }
        }

        @Test
        void saysWhyItWasRefused() throws IOException {
            HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
            server.createContext("/", exchange -> {
                byte[] bytes = "{\"error\":\"not drained: a test\"}".getBytes(StandardCharsets.UTF_8);
                exchange.sendResponseHeaders(403, bytes.length);
                exchange.getResponseBody().write(bytes);
                exchange.close();
            });
            server.start();
            try {
                assertThat(run(Tools.BASH, "preStop", server.getAddress().getPort(), 1))
                        .isEqualTo(new Said(1, "{\"error\":\"not drained: a test\"}"));
            } finally {
                server.stop(0);
            }
        }
    }
}
