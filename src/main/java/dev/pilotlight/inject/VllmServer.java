package dev.pilotlight.inject;

import dev.pilotlight.inject.AdmittedPod.Container;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.Predicate;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/**
 * Knows a vLLM server by its container. The policy in {@code k8s/injection/policy} goes by the same expressions, written in CEL: they
 * keep to what RE2 and Java both understand.
 */
final class VllmServer {
    static final String NAME = "vllm";

    /** The last part of the image's name has vllm in it: {@code vllm/vllm-openai:v0.11.0}, {@code nvcr.io/nvidia/vllm@sha256:...}. */
    static final Pattern IMAGE = Pattern.compile("(^|/)[^/:@]*vllm[^/:@]*([:@][^/]*)?$");

    /** A command line that starts the OpenAI server. */
    static final Pattern SERVES = Pattern.compile("vllm serve\\b|vllm\\.entrypoints\\.");

    /** Images of what stands before an engine. */
    static final Pattern ROUTER = Pattern.compile("[^/:@]*(router|gateway)[^/:@]*([:@][^/]*)?$");

    /** A command line that starts something else of the same image: a node of a Ray cluster, a benchmark, Dynamo's worker. */
    static final Pattern OTHER =
            Pattern.compile("\\bray start\\b|\\bvllm (bench|chat|complete|run-batch)\\b|\\bdynamo\\.vllm\\b");

    /** A rank without an HTTP server: vLLM's {@code --headless}, for data parallelism over several nodes. */
    static final Pattern HEADLESS = Pattern.compile("--headless\\b");

    static final Pattern TLS = Pattern.compile("--ssl-(certfile|keyfile)\\b");
    static final Pattern SOCKET = Pattern.compile("--uds\\b");
    static final Pattern API_KEY = Pattern.compile("--api-key\\b");
    static final Pattern PORT = Pattern.compile("--port[=\\s\\\\]+['\"]?([0-9]{1,5})\\b");

    static final int DEFAULT_PORT = 8000;

    private VllmServer() {}

    /** The containers by the strongest sign that any of them bears: its name, what it runs, its image. */
    static List<Container> among(List<Container> containers) {
        List<Predicate<Container>> signs = List.of(
                container -> container.name().equals(NAME),
                container -> SERVES.matcher(container.commandLine()).find(),
                container -> IMAGE.matcher(container.image()).find()
                        && !ROUTER.matcher(container.image()).find());
        return signs.stream()
                .map(sign -> containers.stream().filter(sign).toList())
                .filter(found -> !found.isEmpty())
                .findFirst()
                .orElse(List.of());
    }

    static boolean serves(Container container) {
        return !HEADLESS.matcher(container.commandLine()).find()
                && (SERVES.matcher(container.commandLine()).find()
                        || !OTHER.matcher(container.commandLine()).find());
    }

    /** The last {@code --port}, as vLLM takes it; else port 8000 or the first one of those listed; else vLLM's default. */
    static int port(Container container) {
        OptionalInt given = PORT.matcher(container.commandLine())
                .results()
                .mapToInt(VllmServer::number)
                .filter(VllmServer::isPort)
                .reduce((earlier, last) -> last);
        return given.orElseGet(() -> container.ports().contains(DEFAULT_PORT)
                ? DEFAULT_PORT
                : container.ports().stream()
                        .filter(VllmServer::isPort)
                        .findFirst()
                        .orElse(DEFAULT_PORT));
    }

    static boolean isPort(int number) {
        return number >= 1 && number <= 65_535;
    }

    private static int number(MatchResult match) {
        return Integer.parseInt(match.group(1));
    }
}
