package dev.pilotlight.vllmpod;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The simple commands of a shell script, in order, each as its words. Variables are put in as far as they are known; whatever else a shell
 * would work out stays as it stands, with its dollar.
 */
final class Script {
    private static final String SEPARATORS = ";&|\n(){}`";
    private static final Set<String> KEYWORDS =
            Set.of("then", "do", "else", "elif", "if", "while", "until", "!", "export", "exec", "command", "local");

    private final Environment environment;
    private final String text;
    private final Map<String, String> assigned = new HashMap<>();
    private final List<List<String>> commands = new ArrayList<>();
    private final StringBuilder word = new StringBuilder();
    private List<String> words = new ArrayList<>();
    private boolean begun;
    private int at;

    private Script(String text, Environment environment) {
        this.text = text;
        this.environment = environment;
    }

    static List<List<String>> commands(String text, Environment environment) {
        return new Script(text, environment).read();
    }

    private List<List<String>> read() {
        while (at < text.length()) {
            char c = text.charAt(at);
            if (c == '\\') {
                escaped();
            } else if (c == '\'') {
                int end = text.indexOf('\'', at + 1);
                word.append(text, at + 1, end < 0 ? text.length() : end);
                begun = true;
                at = end < 0 ? text.length() : end + 1;
            } else if (c == '"') {
                begun = true;
                at++;
                quoted();
            } else if (c == '$') {
                variable(true);
            } else if (c == '#' && !begun) {
                int end = text.indexOf('\n', at);
                at = end < 0 ? text.length() : end;
            } else if (c == '&' && begun && word.toString().endsWith(">")) {
                word.append(c);
                at++;
            } else if (SEPARATORS.indexOf(c) >= 0) {
                endCommand();
                at++;
            } else if (Character.isWhitespace(c)) {
                endWord();
                at++;
            } else {
                word.append(c);
                begun = true;
                at++;
            }
        }
        endCommand();
        return commands;
    }

    private void escaped() {
        if (at + 1 < text.length() && text.charAt(at + 1) != '\n') {
            word.append(text.charAt(at + 1));
            begun = true;
        }
        at += 2;
    }

    private void quoted() {
        while (at < text.length() && text.charAt(at) != '"') {
            char c = text.charAt(at);
            if (c == '\\' && at + 1 < text.length()) {
                char next = text.charAt(at + 1);
                if (next != '\n') {
                    word.append("\"\\$`".indexOf(next) >= 0 ? "" : "\\").append(next);
                }
                at += 2;
            } else if (c == '$') {
                variable(false);
            } else {
                word.append(c);
                at++;
            }
        }
        at++;
    }

    /** {@code $NAME}, <code>${NAME}</code> and <code>${NAME:-default}</code>. Outside of quotes its value may be several words. */
    private void variable(boolean splits) {
        int from = at + 1;
        boolean braced = from < text.length() && text.charAt(from) == '{';
        int start = braced ? from + 1 : from;
        int end = start;
        while (end < text.length() && isOfName(text.charAt(end), end > start)) {
            end++;
        }
        int close = braced ? text.indexOf('}', end) : end;
        if (end == start || close < 0) {
            word.append('$');
            begun = true;
            at++;
            if (at < text.length() && "({".indexOf(text.charAt(at)) >= 0) {
                substituted();
            }
            return;
        }
        String name = text.substring(start, end);
        String operator = braced ? text.substring(end, close) : "";
        Optional<String> value = value(name);
        if (operator.startsWith(":-") || operator.startsWith("-")) {
            value = value.or(() ->
                    environment.open() ? Optional.empty() : Optional.of(operator.substring(operator.indexOf('-') + 1)));
        } else if (!operator.isEmpty()) {
            value = Optional.empty();
        }
        append(value.orElse(text.substring(at, braced ? close + 1 : end)), splits && value.isPresent());
        at = braced ? close + 1 : end;
    }

    /** What only a shell can work out, such as {@code $((8000 + RANK))}, as one piece. */
    private void substituted() {
        int depth = 0;
        do {
            char c = text.charAt(at);
            depth += "({".indexOf(c) >= 0 ? 1 : ")}".indexOf(c) >= 0 ? -1 : 0;
            word.append(c);
            at++;
        } while (at < text.length() && depth > 0 && text.charAt(at) != '\n');
    }

    private void append(String value, boolean splits) {
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (splits && Character.isWhitespace(c) && !isAssignment(word.toString())) {
                endWord();
            } else {
                word.append(c);
                begun = true;
            }
        }
        begun |= !splits;
    }

    private Optional<String> value(String name) {
        return Optional.ofNullable(assigned.get(name))
                .or(() -> environment.variable(name).map(Environment.Variable::value));
    }

    private static boolean isOfName(char c, boolean digits) {
        return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || digits && c >= '0' && c <= '9';
    }

    private void endWord() {
        if (begun) {
            String whole = word.toString();
            assign(whole);
            words.add(whole);
            word.setLength(0);
            begun = false;
        }
    }

    /** Two values are none: which of them holds depends on what only the shell knows. */
    private void assign(String whole) {
        int equals = whole.indexOf('=');
        if (isAssignment(whole)
                && (words.isEmpty() || KEYWORDS.contains(words.getLast()) || isAssignment(words.getLast()))) {
            String value = whole.substring(equals + 1);
            assigned.merge(
                    whole.substring(0, equals),
                    value.contains("$") || value.contains("`") ? Environment.UNKNOWN : value,
                    (one, other) -> one.equals(other) ? one : Environment.UNKNOWN);
        }
    }

    static boolean isAssignment(String word) {
        return word.matches("(?s)[A-Za-z_][A-Za-z0-9_]*=.*");
    }

    private void endCommand() {
        endWord();
        if (!words.isEmpty()) {
            commands.add(words);
            words = new ArrayList<>();
        }
    }
}
