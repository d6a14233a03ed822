package dev.pilotlight.vllm;

import dev.pilotlight.process.Await;
import dev.pilotlight.process.Child;
import dev.pilotlight.process.Web;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** A real vLLM on the CPU, started by scripts/vllm/vllm.sh, and what it says of itself. */
final class RealVllm implements AutoCloseable {
    static final String VERSION = System.getProperty("vllm.version", "0.32.0");

    private static final Duration START = Duration.ofMinutes(5);

    private final Child child;
    private final URI url;
    private final Optional<String> apiKey;

    private RealVllm(Child child, URI url, Optional<String> apiKey) {
        this.child = child;
        this.url = url;
        this.apiKey = apiKey;
    }

    /** Begins to start it; nothing listens for the better part of a minute. A {@code VLLM_API_KEY} guards its /v1. */
    static RealVllm launch(String name, int port, Map<String, String> environment, String... arguments) {
        List<String> command =
                new ArrayList<>(List.of("scripts/vllm/vllm.sh", "serve", VERSION, "--port", Integer.toString(port)));
        command.addAll(List.of(arguments));
        Map<String, String> variables = new HashMap<>(environment);
        variables.put("PILOTLIGHT_VLLM_GROUP", "1");
        return new RealVllm(
                new Child(command, variables, Path.of("target/vllm", VERSION + "-" + name + ".log"), true),
                URI.create("http://127.0.0.1:" + port),
                Optional.ofNullable(environment.get("VLLM_API_KEY")));
    }

    RealVllm awaitServing() {
        Await.until("vLLM serves", START, () -> {
            if (!child.isAlive()) {
                throw new Await.Hopeless("vLLM ended while it started; " + child.lastOfLog());
            }
            return status("/health") == 200;
        });
        return this;
    }

    URI url() {
        return url;
    }

    Optional<String> apiKey() {
        return apiKey;
    }

    URI at(String path) {
        return url.resolve(path);
    }

    Child child() {
        return child;
    }

    int status(String path) throws IOException, InterruptedException {
        return Web.get(at(path)).status();
    }

    /** The whole page; older versions redirect to the name with the slash. */
    ServerPage page() throws IOException, InterruptedException {
        Web.Answer answer = Web.get(at("/metrics"));
        if (answer.status() == 307) {
            answer = Web.get(at("/metrics/"));
        }
        if (answer.status() != 200) {
            throw new IOException("GET /metrics answered " + answer.status());
        }
        return ServerPage.of(answer.body());
    }

    Web.Answer order(String path) throws IOException, InterruptedException {
        return Web.post(at(path), Duration.ofSeconds(60));
    }

    /** The processes that run the engine, one per data-parallel rank, in the order of their ranks. */
    List<Long> engineCores() {
        List<Long> titled = descendants("EngineCore");
        return titled.isEmpty() ? descendants("spawn_main") : titled; // before 0.10 they had no title
    }

    private List<Long> descendants(String titled) {
        try (Stream<ProcessHandle> all = child.process().toHandle().descendants()) {
            return all.map(ProcessHandle::pid)
                    .filter(pid -> title(pid).contains(titled))
                    .sorted(java.util.Comparator.comparing(RealVllm::title))
                    .toList();
        }
    }

    private static String title(long pid) {
        try {
            return Files.readString(Path.of("/proc/" + pid + "/cmdline"));
        } catch (IOException gone) {
            return "";
        }
    }

    @Override
    public void close() {
        child.close();
    }
}
