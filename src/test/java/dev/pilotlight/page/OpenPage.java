package dev.pilotlight.page;

import dev.pilotlight.process.Await;
import dev.pilotlight.process.Child;
import dev.pilotlight.process.Program;
import dev.pilotlight.process.Web;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/** A page that stays open in Chromium, on a clock of its own that is let go minute by minute, by the DevTools protocol. */
final class OpenPage implements AutoCloseable {
    private static final Duration SOON = Duration.ofMinutes(2);

    private final Child chromium;
    private final WebSocket socket;
    private final AtomicInteger calls = new AtomicInteger();
    private final Map<Integer, CompletableFuture<JsonObject>> answers = new ConcurrentHashMap<>();
    private final Queue<String> complaints = new ConcurrentLinkedQueue<>();
    private final StringBuilder message = new StringBuilder();
    private volatile CompletableFuture<Void> budgetSpent = new CompletableFuture<>();

    private OpenPage(Child chromium, URI debugger) {
        this.chromium = chromium;
        this.socket = HttpClient.newHttpClient()
                .newWebSocketBuilder()
                .buildAsync(debugger, new Listener())
                .join();
    }

    static OpenPage of(URI page, int width, int height) throws IOException, InterruptedException {
        Path home = Path.of("target/chromium-open").toAbsolutePath();
        Path port = home.resolve("DevToolsActivePort");
        Files.deleteIfExists(port);
        Child chromium = new Child(
                List.of(
                        Program.CHROMIUM.path().toString(),
                        "--headless",
                        "--no-sandbox",
                        "--disable-gpu",
                        "--hide-scrollbars",
                        "--disable-dev-shm-usage",
                        "--remote-debugging-port=0",
                        "--user-data-dir=" + home,
                        "--window-size=" + width + "," + height,
                        "about:blank"),
                Map.of(),
                Path.of("target/it/chromium.log"),
                false);
        List<String> lines =
                Await.until("Chromium is there", SOON, () -> Files.readAllLines(port), said -> said.size() > 1);
        URI list = URI.create("http://127.0.0.1:" + lines.getFirst() + "/json/list");
        String debugger = Await.until("it has a page", SOON, () -> debugger(list), found -> !found.isEmpty());
        OpenPage open = new OpenPage(chromium, URI.create(debugger));
        Stream.of("Page", "Runtime", "Log", "Performance")
                .forEach(domain -> open.call(domain + ".enable", new JsonObject()));
        open.call("Page.navigate", new JsonObject().put("url", page.toString()));
        return open;
    }

    private static String debugger(URI list) throws IOException, InterruptedException {
        return new JsonArray(Web.get(list).body())
                .stream()
                        .map(JsonObject.class::cast)
                        .filter(it -> it.getString("type").equals("page"))
                        .map(it -> it.getString("webSocketDebuggerUrl"))
                        .findFirst()
                        .orElse("");
    }

    private final class Listener implements WebSocket.Listener {
        @Override
        public CompletionStage<?> onText(WebSocket from, CharSequence data, boolean last) {
            message.append(data);
            if (last) {
                take(new JsonObject(message.toString()));
                message.setLength(0);
            }
            from.request(1);
            return null;
        }
    }

    private void take(JsonObject said) {
        if (said.containsKey("id")) {
            answers.remove(said.getInteger("id")).complete(said.getJsonObject("result", said));
            return;
        }
        JsonObject of = said.getJsonObject("params", new JsonObject());
        switch (said.getString("method")) {
            case "Emulation.virtualTimeBudgetExpired" -> budgetSpent.complete(null);
            case "Runtime.exceptionThrown" -> complaints.add(of.encode());
            case "Runtime.consoleAPICalled" -> complaints.add(of.encode());
            // What the browser itself says of an answer that is none is not the page's.
            case "Log.entryAdded" -> {
                JsonObject entry = of.getJsonObject("entry");
                if (!"network".equals(entry.getString("source"))) {
                    complaints.add(entry.encode());
                }
            }
            default -> {}
        }
    }

    private JsonObject call(String method, JsonObject parameters) {
        int id = calls.incrementAndGet();
        CompletableFuture<JsonObject> answer = new CompletableFuture<>();
        answers.put(id, answer);
        socket.sendText(
                        new JsonObject()
                                .put("id", id)
                                .put("method", method)
                                .put("params", parameters)
                                .encode(),
                        true)
                .join();
        return answer.orTimeout(SOON.toSeconds(), TimeUnit.SECONDS).join();
    }

    /** Lets its clock go on by so much; it stands while the page waits for an answer, and between two calls. */
    void goOn(Duration time) {
        budgetSpent = new CompletableFuture<>();
        call(
                "Emulation.setVirtualTimePolicy",
                new JsonObject().put("policy", "pauseIfNetworkFetchesPending").put("budget", time.toMillis()));
        budgetSpent.orTimeout(5, TimeUnit.MINUTES).join();
    }

    /** @param bytes of its JavaScript after a collection */
    record Use(long bytes, long nodes, long listeners) {}

    Use use() {
        call("HeapProfiler.collectGarbage", new JsonObject());
        JsonArray metrics = call("Performance.getMetrics", new JsonObject()).getJsonArray("metrics");
        return new Use(of(metrics, "JSHeapUsedSize"), of(metrics, "Nodes"), of(metrics, "JSEventListeners"));
    }

    private static long of(JsonArray metrics, String name) {
        return metrics.stream()
                .map(JsonObject.class::cast)
                .filter(it -> it.getString("name").equals(name))
                .map(it -> it.getDouble("value").longValue())
                .findFirst()
                .orElseThrow();
    }

    String text() {
        return call(
                        "Runtime.evaluate",
                        new JsonObject()
                                .put("expression", "document.body.innerText")
                                .put("returnByValue", true))
                .getJsonObject("result")
                .getString("value");
    }

    void shoot(Path png) throws IOException {
        Files.write(
                png,
                Base64.getDecoder()
                        .decode(call("Page.captureScreenshot", new JsonObject().put("format", "png"))
                                .getString("data")));
    }

    /** What its console said, whatever it was. */
    List<String> complaints() {
        return List.copyOf(complaints);
    }

    @Override
    public void close() {
        socket.abort();
        chromium.close();
    }
}
