package dev.pilotlight.pod;

import dev.pilotlight.range.Range;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * What the arguments of the vLLM container say, so that it need not be configured twice. Whatever is not understood is left out.
 *
 * @param port that vLLM listens on
 * @param maxNumSeqs its batch limit, per data-parallel rank
 * @param servedModel the first name that the model is served under
 */
public record VllmArguments(OptionalInt port, OptionalInt maxNumSeqs, Optional<String> servedModel) {
    public static final VllmArguments NONE =
            new VllmArguments(OptionalInt.empty(), OptionalInt.empty(), Optional.empty());

    private static final Set<String> SHELLS = Set.of("sh", "bash", "ash", "dash", "zsh");

    /** @param words command and arguments as they stand in the container's spec */
    public static VllmArguments of(List<String> words) {
        List<String> plain = unwrapped(words);
        return new VllmArguments(
                number(value(plain, "port"), Range.PORT),
                number(value(plain, "max-num-seqs"), Range.SLOTS),
                value(plain, "served-model-name")
                        .or(() -> value(plain, "model"))
                        .or(() -> afterServe(plain)));
    }

    /** The words of {@code sh -c "..."}, in which a shell would find them. */
    private static List<String> unwrapped(List<String> words) {
        if (words.isEmpty() || !SHELLS.contains(words.getFirst().replaceAll(".*/", ""))) {
            return words;
        }
        return words.stream()
                .skip(1)
                .filter(word -> !word.matches("[-+][a-z]+"))
                .findFirst()
                .map(VllmArguments::split)
                .orElse(List.of());
    }

    /** As a shell splits a line, quotes and backslashes heeded, variables left as they stand. */
    static List<String> split(String line) {
        List<String> words = new ArrayList<>();
        StringBuilder word = new StringBuilder();
        boolean begun = false;
        char quote = 0;
        for (int i = 0; i < line.length(); i++) {
            char c = line.charAt(i);
            if (c == '\\' && quote != '\'' && i + 1 < line.length()) {
                i++;
                if (line.charAt(i) != '\n') {
                    word.append(line.charAt(i));
                    begun = true;
                }
            } else if (quote != 0) {
                if (c == quote) {
                    quote = 0;
                } else {
                    word.append(c);
                }
            } else if (c == '"' || c == '\'') {
                quote = c;
                begun = true;
            } else if (Character.isWhitespace(c) || c == ';' || c == '&' || c == '|') {
                if (begun) {
                    words.add(word.toString());
                    word.setLength(0);
                    begun = false;
                }
            } else {
                word.append(c);
                begun = true;
            }
        }
        if (begun) {
            words.add(word.toString());
        }
        return words;
    }

    /** {@code --flag v} or {@code --flag=v}, with dashes or underscores; the last one stands, as for vLLM itself. */
    private static Optional<String> value(List<String> words, String flag) {
        Optional<String> found = Optional.empty();
        for (int i = 0; i < words.size(); i++) {
            String word = words.get(i);
            int equals = word.indexOf('=');
            String name = (equals < 0 ? word : word.substring(0, equals)).replace('_', '-');
            if (name.equals("--" + flag)) {
                if (equals >= 0) {
                    found = Optional.of(word.substring(equals + 1));
                } else if (i + 1 < words.size() && !words.get(i + 1).startsWith("--")) {
                    found = Optional.of(words.get(i + 1));
                }
            }
        }
        return found.filter(text -> !text.isBlank() && !text.contains("$"));
    }

    /** {@code vllm serve MODEL}. */
    private static Optional<String> afterServe(List<String> words) {
        int serve = words.indexOf("serve");
        return serve >= 0 && serve + 1 < words.size()
                ? Optional.of(words.get(serve + 1)).filter(word -> !word.startsWith("-") && !word.contains("$"))
                : Optional.empty();
    }

    private static OptionalInt number(Optional<String> text, Range range) {
        return text.filter(it -> it.matches("[0-9]{1,9}"))
                .map(it -> range.whole(Integer.valueOf(it)))
                .orElse(OptionalInt.empty());
    }
}
