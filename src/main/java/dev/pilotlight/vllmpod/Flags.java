package dev.pilotlight.vllmpod;

import dev.pilotlight.range.Range;
import dev.pilotlight.vllmpod.Environment.Variable;
import dev.pilotlight.vllmpod.VllmArguments.ApiKey;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The arguments of a vLLM server.
 *
 * @param words with what is known of the variables in them
 * @param raw the same, with the names of the variables: a secret is no text of ours
 */
record Flags(List<String> words, List<String> raw) {
    private static final Set<String> ANY_ADDRESS = Set.of("0.0.0.0", "::", "127.0.0.1", "localhost", "");
    private static final Pattern VARIABLE = Pattern.compile("\\$[({]?([A-Za-z_][A-Za-z0-9_]*)[)}]?");

    Flags {
        words = List.copyOf(words);
        raw = List.copyOf(raw);
    }

    /** {@code --flag v} or {@code --flag=v}, with dashes or underscores; the last one stands, as for vLLM itself. */
    private static Optional<String> value(List<String> words, String flag) {
        Optional<String> found = Optional.empty();
        for (int i = 0; i < words.size(); i++) {
            String word = words.get(i);
            int equals = word.indexOf('=');
            if (isFlag(word, flag)) {
                if (equals >= 0) {
                    found = Optional.of(word.substring(equals + 1));
                } else {
                    found = Optional.of(
                            i + 1 < words.size() && !words.get(i + 1).startsWith("--") ? words.get(i + 1) : "");
                }
            }
        }
        return found;
    }

    private static boolean isFlag(String word, String flag) {
        int equals = word.indexOf('=');
        return (equals < 0 ? word : word.substring(0, equals)).replace('_', '-').equals("--" + flag);
    }

    boolean has(String flag) {
        return words.stream().anyMatch(word -> isFlag(word, flag));
    }

    Optional<String> known(String flag) {
        return value(words, flag).filter(Flags::isKnown);
    }

    private static boolean isKnown(String text) {
        return !text.isBlank() && !text.contains("$") && !text.equals(Environment.UNKNOWN);
    }

    OptionalInt number(String flag, Range range) {
        return value(words, flag)
                .filter(it -> it.matches("[0-9]{1,9}"))
                .map(it -> range.whole(Integer.valueOf(it)))
                .orElse(OptionalInt.empty());
    }

    /** vLLM's default where none is given, unless a configuration file may give one. */
    OptionalInt port() {
        if (!has("port")) {
            return has("config") ? OptionalInt.empty() : OptionalInt.of(VllmArguments.DEFAULT_PORT);
        }
        return number("port", Range.PORT);
    }

    Optional<String> elsewhere() {
        return value(words, "host").filter(host -> !ANY_ADDRESS.contains(host));
    }

    /** {@code vllm serve MODEL}. */
    Optional<String> model() {
        return words.stream().findFirst().filter(word -> !word.startsWith("-") && isKnown(word));
    }

    /** {@code --api-key} comes before {@code VLLM_API_KEY}, as for vLLM itself. */
    ApiKey key(Environment environment) {
        if (!has("api-key")) {
            return environment
                    .variable("VLLM_API_KEY")
                    .filter(variable ->
                            variable.secret().isPresent() || !variable.value().isEmpty())
                    .map(Flags::from)
                    .orElseGet(ApiKey.None::new);
        }
        Matcher name = VARIABLE.matcher(value(raw, "api-key").orElse(""));
        return name.matches()
                ? environment.variable(name.group(1)).map(Flags::from).orElseGet(ApiKey.Elsewhere::new)
                : new ApiKey.Elsewhere();
    }

    private static ApiKey from(Variable variable) {
        return variable.secret().<ApiKey>map(ApiKey.InSecret::new).orElseGet(ApiKey.Elsewhere::new);
    }
}
