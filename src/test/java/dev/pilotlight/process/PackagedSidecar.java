package dev.pilotlight.process;

import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The packaged sidecar, or the native binary of it ({@link Image}), as a child process, by the image's own command line, and what it says. */
public final class PackagedSidecar implements AutoCloseable {
    private static final Duration START = Duration.ofMinutes(3);
    private static final Set<Integer> GIVEN = ConcurrentHashMap.newKeySet();
    /** Of {@code jcmd Thread.print -e}. */
    private static final Pattern THREAD =
            Pattern.compile("(?m)^\"(.*)\" #(\\d+) .* cpu=([0-9.]+)ms .* allocated=([0-9.]+)([BKMG]) ");

    private final Child child;
    private final URI url;

    private PackagedSidecar(Child child, URI url) {
        this.child = child;
        this.url = url;
    }

    /** Starts it beside the engine and waits until its port answers. */
    public static PackagedSidecar beside(URI engine, String name, Map<String, String> settings) {
        return beside(engine, name, settings, freePort(), Map.of());
    }

    /**
     * @param port that it listens on, the one of another that has ended for example
     * @param platform settings that are not Pilot Light's own, by their whole names
     */
    public static PackagedSidecar beside(
            URI engine, String name, Map<String, String> settings, int port, Map<String, String> platform) {
        return beside(engine, name, settings, port, platform, List.of());
    }

    /** @param around the command that runs it, such as {@code setpriv}; it must become the sidecar, not have it as a child */
    public static PackagedSidecar beside(
            URI engine,
            String name,
            Map<String, String> settings,
            int port,
            Map<String, String> platform,
            List<String> around) {
        Map<String, String> properties = new LinkedHashMap<>();
        properties.put("quarkus.http.host", "127.0.0.1");
        properties.put("quarkus.http.port", Integer.toString(port));
        properties.put("pilotlight.engine.url", engine.toString());
        properties.put("pilotlight.gpu.source", "none");
        settings.forEach((key, value) -> properties.put("pilotlight." + key, value));
        properties.putAll(platform);
        List<String> options = properties.entrySet().stream()
                .map(it -> "-D" + it.getKey() + "=" + it.getValue())
                .toList();
        List<String> command = new ArrayList<>(around);
        command.addAll(Image.command(options));
        PackagedSidecar sidecar = new PackagedSidecar(
                new Child(command, Map.of(), Path.of("target/it", name + "-sidecar.log"), false),
                URI.create("http://127.0.0.1:" + port));
        Await.until("the sidecar answers", START, () -> {
            if (!sidecar.child.isAlive()) {
                throw new Await.Hopeless("the sidecar ended while it started; " + sidecar.child.lastOfLog());
            }
            return sidecar.get("/q/health/live").status() == 200;
        });
        return sidecar;
    }

    /**
     * A port that nobody listens on, and below those that the kernel gives to whoever wants any: it stays free until it is used, however many
     * connections are made meanwhile.
     */
    public static int freePort() {
        while (true) {
            int port = ThreadLocalRandom.current().nextInt(10_000, 30_000);
            try (ServerSocket socket = new ServerSocket(port)) {
                if (GIVEN.add(socket.getLocalPort())) {
                    return port;
                }
            } catch (BindException _) {
                // another one, then
            } catch (IOException failed) {
                throw new UncheckedIOException(failed);
            }
        }
    }

    /** What the kernel counts as its memory now. */
    public long residentKiB() throws IOException {
        return procStatus("VmRSS");
    }

    public long threads() throws IOException {
        return procStatus("Threads");
    }

    /** What its heap holds once it was collected; a native binary does not tell. */
    public OptionalLong heapAfterCollectionKiB() throws IOException {
        if (Image.nativeBinary().isPresent()) {
            return OptionalLong.empty();
        }
        jcmd("GC.run");
        return OptionalLong.of(Pattern.compile(" used ([0-9]+)K")
                .matcher(jcmd("GC.heap_info").replaceAll("(?s)Metaspace.*", ""))
                .results()
                .mapToLong(used -> Long.parseLong(used.group(1)))
                .sum());
    }

    /** What a thread of the JVM has used since it began. */
    public record ThreadCost(double cpuMillis, long allocatedBytes) {}

    /** By name and number; without the one that answers this question. */
    public Map<String, ThreadCost> threadCosts() throws IOException {
        Map<String, ThreadCost> costs = new LinkedHashMap<>();
        THREAD.matcher(jcmd("Thread.print", "-e")).results().forEach(thread -> {
            if (!thread.group(1).equals("Attach Listener")) {
                long unit = "BKMG".indexOf(thread.group(5)) * 10L;
                costs.put(
                        thread.group(1) + " #" + thread.group(2),
                        new ThreadCost(Double.parseDouble(thread.group(3)), (long)
                                (Double.parseDouble(thread.group(4)) * (1L << unit))));
            }
        });
        return costs;
    }

    private String jcmd(String... command) throws IOException {
        Process jcmd = new ProcessBuilder(Stream.concat(
                                Stream.of(
                                        Path.of(System.getProperty("java.home"), "bin", "jcmd")
                                                .toString(),
                                        Long.toString(child.process().pid())),
                                Stream.of(command))
                        .toList())
                .redirectErrorStream(true)
                .start();
        return new String(jcmd.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }

    private long procStatus(String key) throws IOException {
        return Files.readAllLines(Path.of("/proc", Long.toString(child.process().pid()), "status")).stream()
                .filter(line -> line.startsWith(key + ":"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
                .findFirst()
                .orElseThrow();
    }

    public Child child() {
        return child;
    }

    public URI at(String path) {
        return url.resolve(path);
    }

    public Web.Answer get(String path) throws IOException, InterruptedException {
        return Web.get(at(path));
    }

    public JsonObject status() throws IOException, InterruptedException {
        return get("/api/v1/status").json();
    }

    /** Phase and role in one word or two: "starting", "ready active". */
    public String state() throws IOException, InterruptedException {
        JsonObject status = status();
        return status.getString("phase") + (status.containsKey("role") ? " " + status.getString("role") : "");
    }

    /** The published signals; empty when it publishes none. */
    public JsonObject signals() throws IOException, InterruptedException {
        Web.Answer answer = get("/api/v1/signals");
        return answer.status() == 200 ? answer.json() : new JsonObject();
    }

    /** The lines of the metrics page that are no comment. */
    public List<String> metrics() throws IOException, InterruptedException {
        return get("/metrics")
                .body()
                .lines()
                .filter(line -> !line.startsWith("#"))
                .toList();
    }

    public OptionalDouble metric(String name) throws IOException, InterruptedException {
        double[] values = metrics().stream()
                .filter(line -> line.startsWith(name + "{") || line.startsWith(name + " "))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                .toArray();
        return values.length == 0
                ? OptionalDouble.empty()
                : OptionalDouble.of(java.util.Arrays.stream(values).sum());
    }

    /** A probe's answer: up or down, and the reason. */
    public Probe probe(String path) throws IOException, InterruptedException {
        Web.Answer answer = get("/q/health/" + path);
        // Beside ours stands one of the platform's, which gives no reason.
        String reason = answer.json().getJsonArray("checks").stream()
                .map(JsonObject.class::cast)
                .filter(check -> check.containsKey("data"))
                .map(check -> check.getJsonObject("data").getString("reason"))
                .findFirst()
                .orElseThrow();
        return new Probe(answer.status() == 200, reason);
    }

    public record Probe(boolean up, String reason) {}

    public Probe ready() throws IOException, InterruptedException {
        return probe("ready");
    }

    public Probe engineLive() throws IOException, InterruptedException {
        return probe("group/engine");
    }

    /** The changes of phase as its log tells them, the oldest first: "starting -> warming". */
    public List<String> changes() {
        return child.log().stream()
                .filter(line -> line.contains("] phase ") || line.contains(" phase "))
                .map(line -> line.substring(line.indexOf(" phase ") + 7))
                .map(line -> line.contains(":") ? line.substring(0, line.indexOf(':')) : line)
                .toList();
    }

    @Override
    public void close() {
        child.close();
    }
}
