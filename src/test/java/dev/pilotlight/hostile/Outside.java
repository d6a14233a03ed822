package dev.pilotlight.hostile;

import dev.pilotlight.process.RawServer;
import dev.pilotlight.process.RawServer.Ask;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Everything that a sidecar of a managed pool talks to: an engine that has long served, an exporter, an API server, peers. Good until it is told
 * otherwise; then each answer is good, spoilt or none by chance.
 */
public final class Outside implements AutoCloseable {
    /** Leaves room for the engine's own lines. */
    private static final int LARGEST = (16 << 20) - (64 << 10);

    private static final String NAMESPACE = "shop";
    private static final String POD = "vllm-0";
    private static final String POOL = "llm";

    private final Random chance;
    private final SteadyEngine engine;
    private final RawServer engineServer;
    private final RawServer exporter;
    private final RawServer api;
    private final List<RawServer> peers = new ArrayList<>();
    private final List<String> peerAddresses = new ArrayList<>();
    private final Map<String, JsonObject> objects = new ConcurrentHashMap<>();
    private final AtomicLong version = new AtomicLong(100);
    private final Map<String, AtomicLong> spoilt = new TreeMap<>();
    private volatile boolean hostile;

    /** Behind the engine's own page: what makes it as long as may be. */
    private final String padding;

    /** @param port of the sidecar, at which its peers listen, too */
    public Outside(long seed, int port, int peerCount) {
        this(seed, port, peerCount, "");
    }

    /** With the largest page that docs/configuration.md allows by default: just below 16 MiB and 10,000 series. */
    public static Outside large(long seed, int port, int peerCount) {
        StringBuilder padding = new StringBuilder(LARGEST);
        for (int rank = 1; rank <= 4_900; rank++) {
            padding.append("vllm:num_requests_running{engine=\"").append(rank).append("\",model_name=\"m\"} 0\n");
            padding.append("vllm:num_requests_waiting{engine=\"").append(rank).append("\",model_name=\"m\"} 0\n");
        }
        String line =
                "vllm:lora_requests_info{max_lora=\"4\",running_lora_adapters=\"" + "\u6f22".repeat(3_000) + "\"} 1\n";
        int lineBytes = line.getBytes(StandardCharsets.UTF_8).length;
        for (int bytes = padding.length(); bytes < LARGEST - lineBytes; bytes += lineBytes) {
            padding.append(line);
        }
        return new Outside(seed, port, peerCount, padding.toString());
    }

    private Outside(long seed, int port, int peerCount, String padding) {
        this.padding = padding;
        chance = new Random(seed);
        engine = new SteadyEngine(seed, Instant.now().getEpochSecond() - 10_000);
        for (String boundary : List.of("engine", "completions", "exporter", "API server", "peers")) {
            spoilt.put(boundary, new AtomicLong());
        }
        engineServer = new RawServer("127.0.0.1", 0, this::engine);
        exporter = new RawServer("127.0.0.1", 0, this::exporter);
        api = new RawServer("127.0.0.1", 0, this::api);
        for (int i = 0; i < peerCount; i++) {
            String address = "127.3." + i / 200 + "." + (i % 200 + 1);
            peerAddresses.add(address);
            peers.add(new RawServer(address, port, this::peer));
        }
        objects.put(pods() + "/" + POD, pod(POD, "127.0.0.1"));
    }

    private static String pods() {
        return "/api/v1/namespaces/" + NAMESPACE + "/pods";
    }

    private static String configMaps() {
        return "/api/v1/namespaces/" + NAMESPACE + "/configmaps";
    }

    private static String leases() {
        return "/apis/coordination.k8s.io/v1/namespaces/" + NAMESPACE + "/leases";
    }

    public URI engineUri() {
        return URI.create("http://127.0.0.1:" + engineServer.port());
    }

    public Map<String, String> settings() {
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("engine.poll-every", padding.isEmpty() ? "200ms" : "1s");
        settings.put("engine.timeout", padding.isEmpty() ? "500ms" : "10s");
        settings.put("engine.stale-after", padding.isEmpty() ? "3s" : "60s");
        settings.put("gpu.source", "dcgm");
        settings.put("gpu.poll-every", "1s");
        settings.put("gpu.dcgm-url", "http://127.0.0.1:" + exporter.port() + "/metrics");
        settings.put("pod.name", POD);
        settings.put("pod.namespace", NAMESPACE);
        settings.put("pool.mode", "managed");
        settings.put("pool.name", POOL);
        return settings;
    }

    public Map<String, String> platform() {
        return Map.of("pilotlight.kube.url", "http://127.0.0.1:" + api.port());
    }

    /** Of the engine's metrics page. */
    public int pageBytes() {
        return page().getBytes(StandardCharsets.UTF_8).length;
    }

    public void beHostile(boolean now) {
        hostile = now;
    }

    /** How many answers were spoilt, by boundary. */
    public String spoilt() {
        return spoilt.toString();
    }

    public long spoiltInAll() {
        return spoilt.values().stream().mapToLong(AtomicLong::get).sum();
    }

    private synchronized boolean spoils(String boundary, double share) {
        boolean now = hostile && chance.nextDouble() < share;
        if (now) {
            spoilt.get(boundary).incrementAndGet();
        }
        return now;
    }

    private synchronized int pick(int of) {
        return chance.nextInt(of);
    }

    private synchronized String page() {
        return SteadyEngine.page(engine.second()) + padding;
    }

    private synchronized String spoiltPage(String good) {
        return Mutations.page(good, chance);
    }

    private synchronized String spoiltJson(JsonObject good) {
        return Mutations.json(good, chance);
    }

    private void engine(Ask ask, OutputStream out) throws IOException {
        switch (ask.path()) {
            case "/health" -> plain(ask, out, "engine", 0.05, "");
            case "/metrics", "/metrics/" -> {
                String page = page();
                if (spoils("engine", 0.5)) {
                    if (pick(3) == 0) {
                        garbage(out, page);
                    } else {
                        RawServer.answer(out, 200, "text/plain", spoiltPage(page));
                    }
                } else {
                    RawServer.answer(out, 200, "text/plain", page);
                }
            }
            case "/v1/models" ->
                json(
                        out,
                        "engine",
                        0.5,
                        new JsonObject()
                                .put(
                                        "data",
                                        new JsonArray()
                                                .add(new JsonObject()
                                                        .put("id", "m")
                                                        .put("max_model_len", 4096))));
            case "/load" -> json(out, "engine", 0.5, new JsonObject().put("server_load", 3));
            case "/v1/completions" ->
                plain(
                        ask,
                        out,
                        "completions",
                        0.7,
                        "data: {\"choices\":[{\"text\":\"a\"}],\"usage\":{\"completion_tokens\":1}}\n\ndata: [DONE]\n\n");
            default -> RawServer.answer(out, 404, "text/plain", "no such path");
        }
    }

    private void exporter(Ask ask, OutputStream out) throws IOException {
        String page = IntStream.range(0, 2).mapToObj(gpu -> """
                        DCGM_FI_DEV_GPU_UTIL{gpu="%1$d",UUID="GPU-%1$d",pod="vllm-0",namespace="shop"} 50
                        DCGM_FI_DEV_GPU_TEMP{gpu="%1$d",UUID="GPU-%1$d",pod="vllm-0",namespace="shop"} 50
                        DCGM_FI_DEV_POWER_USAGE{gpu="%1$d",UUID="GPU-%1$d",pod="vllm-0",namespace="shop"} 300
                        DCGM_FI_DEV_FB_USED{gpu="%1$d",UUID="GPU-%1$d",pod="vllm-0",namespace="shop"} 70000
                        DCGM_FI_DEV_FB_FREE{gpu="%1$d",UUID="GPU-%1$d",pod="vllm-0",namespace="shop"} 10000
                        """.formatted(gpu)).collect(Collectors.joining());
        if (spoils("exporter", 0.7)) {
            if (pick(2) == 0) {
                garbage(out, page);
            } else {
                RawServer.answer(out, 200, "text/plain", spoiltPage(page));
            }
        } else {
            RawServer.answer(out, 200, "text/plain", page);
        }
    }

    private void peer(Ask ask, OutputStream out) throws IOException {
        json(
                out,
                "peers",
                0.7,
                new JsonObject()
                        .put("ready", true)
                        .put("role", "active")
                        .put("load", 0.5)
                        .put("readySeconds", 600.0)
                        .put(
                                "inflow",
                                new JsonObject()
                                        .put("atSeconds", Instant.now().getEpochSecond())
                                        .put("requests", Instant.now().getEpochSecond() % 1_000_000 * 2.0)
                                        .put("perSecond", 2.0)
                                        .put("secondsEach", 0.2)
                                        .put("staySeconds", 4.0)));
    }

    private void plain(Ask ask, OutputStream out, String boundary, double share, String body) throws IOException {
        if (spoils(boundary, share)) {
            garbage(out, body + ask.target());
        } else {
            RawServer.answer(out, 200, "text/event-stream", body);
        }
    }

    private void json(OutputStream out, String boundary, double share, JsonObject good) throws IOException {
        if (spoils(boundary, share)) {
            if (pick(4) == 0) {
                garbage(out, good.encode());
            } else {
                RawServer.answer(out, 200, "application/json", spoiltJson(good));
            }
        } else {
            RawServer.answer(out, 200, "application/json", good.encode());
        }
    }

    private void garbage(OutputStream out, String good) throws IOException {
        Garbage.answer(out, good, this::pick);
    }

    private JsonObject pod(String name, String address) {
        return new JsonObject()
                .put("apiVersion", "v1")
                .put("kind", "Pod")
                .put(
                        "metadata",
                        new JsonObject()
                                .put("name", name)
                                .put("namespace", NAMESPACE)
                                .put("uid", "uid-" + name)
                                .put("resourceVersion", Long.toString(version.incrementAndGet()))
                                .put("labels", new JsonObject().put("pilotlight.dev/pool", POOL)))
                .put(
                        "spec",
                        new JsonObject()
                                .put("terminationGracePeriodSeconds", 60)
                                .put(
                                        "containers",
                                        new JsonArray()
                                                .add(new JsonObject()
                                                        .put("name", "vllm")
                                                        .put("image", "vllm"))))
                .put("status", new JsonObject().put("phase", "Running").put("podIP", address));
    }

    private void api(Ask ask, OutputStream out) throws IOException {
        boolean isWatch = ask.target().contains("watch=true");
        if (spoils("API server", 0.4)) {
            JsonObject good = objects.getOrDefault(ask.path(), pod(POD, "127.0.0.1"));
            if (pick(3) == 0) {
                garbage(out, good.encode());
            } else if (isWatch) {
                JsonObject event = new JsonObject().put("type", "MODIFIED").put("object", good);
                RawServer.answer(out, 200, "application/json", spoiltJson(event) + "\n");
            } else {
                RawServer.answer(out, 200, "application/json", spoiltJson(good));
            }
            return;
        }
        if (isWatch) {
            watch(out);
            return;
        }
        switch (ask.method()) {
            case "GET" -> get(ask, out);
            case "PUT" -> {
                JsonObject kept = written(ask.path(), new JsonObject(ask.body()));
                RawServer.answer(out, 200, "application/json", kept.encode());
            }
            case "POST" -> {
                JsonObject object = new JsonObject(ask.body());
                JsonObject kept = written(
                        ask.path() + "/" + object.getJsonObject("metadata").getString("name"), object);
                RawServer.answer(out, 201, "application/json", kept.encode());
            }
            default ->
                RawServer.answer(
                        out,
                        200,
                        "application/json",
                        objects.get(pods() + "/" + POD).encode());
        }
    }

    private JsonObject written(String path, JsonObject object) {
        object.getJsonObject("metadata").put("resourceVersion", Long.toString(version.incrementAndGet()));
        objects.put(path, object);
        return object;
    }

    private void get(Ask ask, OutputStream out) throws IOException {
        if (ask.path().equals(pods())) {
            JsonArray all = new JsonArray().add(pod(POD, "127.0.0.1"));
            for (int i = 0; i < peerAddresses.size(); i++) {
                all.add(pod("peer-" + i, peerAddresses.get(i)));
            }
            RawServer.answer(
                    out,
                    200,
                    "application/json",
                    new JsonObject()
                            .put("kind", "PodList")
                            .put("metadata", new JsonObject().put("resourceVersion", Long.toString(version.get())))
                            .put("items", all)
                            .encode());
            return;
        }
        JsonObject object = objects.get(ask.path());
        boolean isKnown = object != null
                || ask.path().startsWith(configMaps())
                || ask.path().startsWith(leases());
        RawServer.answer(
                out,
                object == null ? 404 : 200,
                "application/json",
                object == null
                        ? "{\"kind\":\"Status\",\"code\":404,\"message\":\"" + (isKnown ? "not there yet" : "unknown")
                                + "\"}"
                        : object.encode());
    }

    /** Silent for a while, then over: nothing changes but what the sidecar itself writes, whose answer it takes in. */
    private void watch(OutputStream out) throws IOException {
        out.write("HTTP/1.1 200 X\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
                .getBytes(StandardCharsets.ISO_8859_1));
        out.flush();
        try {
            for (int i = 0; i < 50 && !hostile; i++) {
                Thread.sleep(100);
            }
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
        }
        out.write("0\r\n\r\n".getBytes(StandardCharsets.ISO_8859_1));
    }

    @Override
    public void close() {
        hostile = false;
        engineServer.close();
        exporter.close();
        api.close();
        peers.forEach(RawServer::close);
    }
}
