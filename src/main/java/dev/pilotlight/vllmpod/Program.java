package dev.pilotlight.vllmpod;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * What a container runs, as far as it concerns us.
 *
 * <p>The policy in {@code k8s/injection/policy} goes by the same rules, written in CEL; a test holds the two together pod by pod.
 *
 * @param servers the arguments of each vLLM server that it starts; several in a script are taken for the branches of one choice
 * @param headless whether it starts a rank without a server, or may
 * @param chooses whether it is a script that does one thing or another, or starts a node of a Ray cluster
 */
record Program(List<List<String>> servers, boolean headless, boolean chooses) {
    static final Program NOTHING = new Program(List.of(), false, false);

    /** A script in a script in a script. */
    private static final int DEEPEST = 4;

    private static final Pattern SHELL = Pattern.compile("(?:ba|da|a|z|k)?sh");
    private static final Pattern SCRIPT_FOLLOWS = Pattern.compile("-[A-Za-z]*c[A-Za-z]*");
    private static final Pattern PYTHON = Pattern.compile("python[0-9.]*");
    private static final Pattern MODULE = Pattern.compile("vllm\\.entrypoints\\.openai\\.api_server");
    private static final Pattern FILE = Pattern.compile("(?:\\S*/)?vllm/entrypoints/openai/api_server\\.py");

    /** Programs that run the program named after them. */
    private static final Pattern WRAPPER = Pattern.compile(
            "exec|command|env|nohup|time|timeout|nice|ionice|numactl|taskset|chrt|stdbuf|setsid|sudo|gosu|su-exec|tini|dumb-init|catatonit"
                    + "|uv|uvx|poetry|pipenv|pdm|conda|mamba|micromamba|ddtrace-run|opentelemetry-instrument|nsys"
                    + "|\\S*entry-?point\\S*");

    /** What may stand between a wrapper and its program: options, variables, numbers and plain names, but no file. */
    private static final Pattern BETWEEN =
            Pattern.compile("-\\S*|[A-Za-z_][A-Za-z0-9_]*=\\S*|[0-9]\\S*|[A-Za-z][A-Za-z0-9_-]*");

    private static final int MOST_BETWEEN = 8;
    private static final Set<String> KEYWORDS = Set.of("then", "do", "else", "elif", "if", "while", "until", "!");
    private static final Set<String> CHOICES = Set.of("if", "case", "elif", "else");
    private static final List<String> REST = List.of("${@}", "${*}", "$@", "$*");

    Program {
        servers = List.copyOf(servers);
    }

    /** @param words command and arguments, as the kubelet starts them */
    static Program of(List<String> words, Environment environment) {
        return of(words, environment, 0);
    }

    boolean starts() {
        return !servers.isEmpty();
    }

    /** @param words the arguments of {@code vllm serve} */
    static Program ofServer(List<String> words) {
        boolean headless = words.contains("--headless");
        return new Program(headless || words.contains("--grpc") ? List.of() : List.of(words), headless, false);
    }

    private static Program of(List<String> words, Environment environment, int depth) {
        int i = 0;
        while (i < words.size() && (KEYWORDS.contains(words.get(i)) || Script.isAssignment(words.get(i)))) {
            i++;
        }
        int most = i;
        boolean wrapped = false;
        for (; i < words.size() && i <= most; i++) {
            String name = last(words.get(i));
            List<String> after = words.subList(i + 1, words.size());
            if (SHELL.matcher(name).matches()) {
                return script(after, environment, depth);
            }
            if (name.equals("eval")) {
                return commands(String.join(" ", after), List.of(), environment, depth);
            }
            Optional<List<String>> arguments = arguments(name, after);
            if (arguments.isPresent()) {
                return ofServer(arguments.get());
            }
            if (name.equals("ray") && !after.isEmpty() && after.getFirst().equals("start")) {
                return new Program(List.of(), false, true);
            }
            if (WRAPPER.matcher(name).matches()) {
                wrapped = true;
                most = i + MOST_BETWEEN;
            } else if (!wrapped || !BETWEEN.matcher(words.get(i)).matches()) {
                break;
            }
        }
        return NOTHING;
    }

    /** The arguments of the server, if the words after that program's name make it one. */
    private static Optional<List<String>> arguments(String name, List<String> after) {
        if (name.equals("vllm")) {
            return !after.isEmpty() && after.getFirst().equals("serve")
                    ? Optional.of(after.subList(1, after.size()))
                    : Optional.empty();
        }
        if (!PYTHON.matcher(name).matches()) {
            return Optional.empty();
        }
        int i = 0;
        while (i < after.size() && after.get(i).startsWith("-") && !after.get(i).equals("-m")) {
            i++;
        }
        List<String> rest = after.subList(i, after.size());
        if (rest.size() >= 2 && rest.getFirst().equals("-m")) {
            String module = rest.get(1);
            if (MODULE.matcher(module).matches()) {
                return Optional.of(rest.subList(2, rest.size()));
            }
            boolean serves = module.equals("vllm.entrypoints.cli.main")
                    && rest.size() >= 3
                    && rest.get(2).equals("serve");
            return serves ? Optional.of(rest.subList(3, rest.size())) : Optional.empty();
        }
        return !rest.isEmpty() && FILE.matcher(rest.getFirst()).matches()
                ? Optional.of(rest.subList(1, rest.size()))
                : Optional.empty();
    }

    /** The words after {@code sh}: a script only with {@code -c}. A file's content is not to be seen. */
    private static Program script(List<String> words, Environment environment, int depth) {
        int i = 0;
        boolean follows = false;
        while (i < words.size()
                && (words.get(i).startsWith("-")
                        || words.get(i).startsWith("+")
                        || i > 0 && words.get(i - 1).matches("[-+][A-Za-z]*o"))) {
            follows |= SCRIPT_FOLLOWS.matcher(words.get(i)).matches();
            i++;
        }
        return follows && i < words.size()
                ? commands(words.get(i), words.subList(Math.min(words.size(), i + 2), words.size()), environment, depth)
                : NOTHING;
    }

    private static Program commands(String script, List<String> rest, Environment environment, int depth) {
        List<List<String>> servers = new ArrayList<>();
        boolean headless = script.contains("--headless");
        boolean chooses = false;
        if (depth < DEEPEST) {
            for (List<String> command : Script.commands(filled(script, rest), environment)) {
                Program one = of(command, environment, depth + 1);
                servers.addAll(one.servers());
                headless |= one.headless();
                chooses |= one.chooses() || CHOICES.contains(command.getFirst());
            }
        }
        return new Program(servers, headless, chooses);
    }

    /** With the script's own arguments for {@code "$@"}. */
    private static String filled(String script, List<String> rest) {
        String all = rest.stream()
                .map(word -> word.matches("[A-Za-z0-9_./:=,@%+-]+") ? word : "'" + word.replace("'", "'\\''") + "'")
                .collect(Collectors.joining(" "));
        String filled = script;
        for (String name : REST) {
            filled = filled.replace("\"" + name + "\"", all).replace(name, all);
        }
        return filled;
    }

    private static String last(String path) {
        return path.substring(path.lastIndexOf('/') + 1);
    }
}
