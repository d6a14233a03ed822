package dev.pilotlight.vllmpod;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The container of a pod that vLLM's OpenAI server runs in. What a container runs counts before what it is called.
 *
 * @param runs it is known to start a server, and not only named by somebody
 */
public record VllmServer(ContainerSpec container, boolean runs, VllmArguments arguments) {
    /** What the pod is in its group: where a script makes one or another of it, a worker's server is not to be counted on. */
    public enum Rank {
        ALONE,
        LEADER,
        WORKER;

        /** @param labels of the pod, as LeaderWorkerSet and KubeRay set them */
        public static Rank of(Map<String, String> labels) {
            String index = labels.get("leaderworkerset.sigs.k8s.io/worker-index");
            if (index != null) {
                return index.equals("0") ? LEADER : WORKER;
            }
            return "worker".equals(labels.get("ray.io/node-type")) ? WORKER : ALONE;
        }

        private boolean serves(Program program) {
            return program.starts()
                    && switch (this) {
                        case ALONE -> !program.headless();
                        case LEADER -> true;
                        case WORKER -> !program.headless() && !program.chooses();
                    };
        }
    }

    /** What a search through a pod comes to. */
    public sealed interface Found {
        record One(VllmServer server) implements Found {}

        /** Nothing says vLLM. */
        record None() implements Found {}

        /** That container says vLLM, and is not known to start a server. */
        record NoServer(ContainerSpec container) implements Found {}

        record Several(int servers) implements Found {}

        /** The pod has no container of the name that is set. */
        record Misnamed() implements Found {}
    }

    private static final String NAME = "vllm";

    /** The last part of an image's name, without tag and digest. */
    private static final Pattern IMAGE = Pattern.compile("([^/:@]*)(?:[:@][^/]*)?$");

    /** Images whose entry point is the server: vLLM's own, and those that are named after it. */
    private static final Pattern SERVER_IMAGE = Pattern.compile("vllm-(?:openai|cpu).*");

    /** What stands before, beside or around a server and is called after it. */
    private static final Pattern OTHER = Pattern.compile(
            "router|gateway|operator|exporter|controller|manager|dashboard|webui|-ui\\b|bench|client|proxy|semantic|sidecar|scheduler");

    /** Flags that hardly anything but a vLLM server takes. */
    private static final List<String> FLAGS = List.of(
            "model",
            "served-model-name",
            "max-model-len",
            "max-num-seqs",
            "gpu-memory-utilization",
            "tensor-parallel-size",
            "enable-prefix-caching",
            "trust-remote-code");

    private static final Pattern MODEL = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*|/\\S+");
    private static final Pattern FILE = Pattern.compile("\\.(?:sh|py)$|bin/");

    /** Variables whose text well-known images append to the server's arguments. */
    private static final List<String> MORE = List.of("VLLM_ARGS", "VLLM_ADDITIONAL_ARGS");

    /** @param named the container's name, where somebody set it: it is that one, whatever is found */
    public static Found in(List<ContainerSpec> containers, Optional<String> named, Rank rank) {
        if (named.isPresent()) {
            return containers.stream()
                    .filter(it -> it.name().equals(named.get()))
                    .findFirst()
                    .map(it -> named(it, rank))
                    .orElseGet(Found.Misnamed::new);
        }
        List<VllmServer> servers =
                containers.stream().flatMap(it -> server(it, rank).stream()).toList();
        List<VllmServer> called = servers.stream()
                .filter(it -> it.container().name().equals(NAME))
                .toList();
        if (servers.size() == 1 || called.size() == 1) {
            return new Found.One(servers.size() == 1 ? servers.getFirst() : called.getFirst());
        }
        if (!servers.isEmpty()) {
            return new Found.Several(servers.size());
        }
        return containers.stream()
                .filter(VllmServer::saysVllm)
                .findFirst()
                .<Found>map(Found.NoServer::new)
                .orElseGet(Found.None::new);
    }

    private static Found named(ContainerSpec container, Rank rank) {
        Optional<VllmServer> server = server(container, rank);
        return server.isEmpty() && rank == Rank.WORKER
                ? new Found.NoServer(container)
                : new Found.One(server.orElseGet(() -> onlyNamed(container)));
    }

    /** That container's server, if it is known to start one. */
    private static Optional<VllmServer> server(ContainerSpec container, Rank rank) {
        Program program = program(container, container.words(), container.environment());
        if (!rank.serves(program)) {
            return Optional.empty();
        }
        // Again with no variable known, to see which of them the key comes from.
        Environment nothing = new Environment(Map.of(), true);
        List<String> spelled = spelled(container);
        List<List<String>> raw = program(container, spelled, nothing).servers();
        List<Flags> branches = new ArrayList<>();
        for (int i = 0; i < program.servers().size(); i++) {
            List<String> words = new ArrayList<>(program.servers().get(i));
            words.addAll(more(container, spelled));
            branches.add(new Flags(words, raw.size() == program.servers().size() ? raw.get(i) : List.of()));
        }
        VllmArguments arguments = VllmArguments.of(branches, container.environment());
        return Optional.of(new VllmServer(container, true, arguments));
    }

    private static Program program(ContainerSpec container, List<String> words, Environment environment) {
        // One word with a whole command in it is for a shell that is the image's entry point.
        boolean line = container.command().isEmpty()
                && words.size() == 1
                && words.getFirst().contains(" ");
        Program said =
                line ? Program.of(List.of("sh", "-c", words.getFirst()), environment) : Program.of(words, environment);
        boolean serve = !words.isEmpty() && words.getFirst().equals("serve");
        return said.equals(Program.NOTHING) && entersServer(container, words)
                ? Program.ofServer(serve ? words.subList(1, words.size()) : words)
                : said;
    }

    /** The image's own entry point counts only where no command replaces it. */
    private static boolean entersServer(ContainerSpec container, List<String> words) {
        String image = image(container);
        if (!container.command().isEmpty()
                || !isOfVllm(image) && !isOfVllm(container.name())
                || OTHER.matcher(image).find()
                || !words.isEmpty() && !opens(words.getFirst())) {
            return false;
        }
        Flags flags = new Flags(words, List.of());
        return SERVER_IMAGE.matcher(image).matches() || FLAGS.stream().anyMatch(flags::has);
    }

    /** The first argument of a server: an option, a model of a hub or a folder, and neither a program nor a script. */
    private static boolean opens(String word) {
        return word.startsWith("-")
                || word.equals("serve")
                || MODEL.matcher(word).matches() && !FILE.matcher(word).find();
    }

    private static boolean isOfVllm(String name) {
        return name.contains(NAME) && !OTHER.matcher(name).find();
    }

    private static String image(ContainerSpec container) {
        var last = IMAGE.matcher(container.image());
        return last.find() ? last.group(1) : "";
    }

    private static boolean saysVllm(ContainerSpec container) {
        Predicate<String> says = it -> it.contains(NAME);
        return isOfVllm(container.name())
                || isOfVllm(image(container))
                || Stream.concat(container.command().stream(), container.args().stream())
                        .anyMatch(says);
    }

    /** What an image's start script appends, unless what is said here has it already. */
    private static List<String> more(ContainerSpec container, List<String> spelled) {
        return MORE.stream()
                .filter(name -> spelled.stream().noneMatch(word -> word.contains(name)))
                .flatMap(name -> container.environment().values(List.of(name)).stream())
                .flatMap(text -> Script.commands(text, container.environment()).stream())
                .flatMap(List::stream)
                .toList();
    }

    /** The flags of a container that is only known by its name, wherever they stand. */
    private static VllmServer onlyNamed(ContainerSpec container) {
        Environment nothing = new Environment(Map.of(), true);
        List<String> spelled = spelled(container);
        Flags flags = new Flags(
                Stream.concat(split(container.words(), container.environment()), more(container, spelled).stream())
                        .toList(),
                split(spelled, nothing).toList());
        return new VllmServer(container, false, VllmArguments.of(List.of(flags), container.environment()));
    }

    /** Words, and the words of a script among them. */
    private static Stream<String> split(List<String> words, Environment environment) {
        return words.stream()
                .flatMap(word -> word.contains(" ")
                        ? Script.commands(word, environment).stream().flatMap(List::stream)
                        : Stream.of(word));
    }

    private static List<String> spelled(ContainerSpec container) {
        return Stream.concat(container.command().stream(), container.args().stream())
                .toList();
    }
}
