package dev.pilotlight.prometheus;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The slow and plain reader of the same text, with regular expressions, to hold the fast one against. */
final class PlainParser {
    /** What a page holds, in a form to compare. */
    record Page(Map<String, List<Sample>> samples, Set<String> declared, int malformedLines) {
        static Page of(MetricPage page, Collection<String> wanted) {
            Map<String, List<Sample>> samples = new HashMap<>();
            Set<String> declared = new TreeSet<>();
            for (String name : wanted) {
                if (!page.samples(name).isEmpty()) {
                    samples.put(name, page.samples(name));
                }
                if (page.declares(name)) {
                    declared.add(name);
                }
            }
            return new Page(samples, declared, page.malformedLines());
        }
    }

    private static final String QUOTED_TEXT = "\"([^\"\\\\]*+(?:\\\\.[^\"\\\\]*+)*+)\"";
    private static final String ANY_QUOTED = QUOTED_TEXT.replace("\"([", "\"(?:[");
    private static final String LABEL = "(?:[a-zA-Z_:][a-zA-Z0-9_:]*+|" + ANY_QUOTED + ")[ \\t]*=[ \\t]*" + ANY_QUOTED;
    private static final String LABELS = "[ \\t]*(?:" + LABEL + "[ \\t]*(?:,[ \\t]*" + LABEL + "[ \\t]*)*+,?[ \\t]*)?";
    private static final String DECIMAL = "[+-]?(?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:[eE][+-]?[0-9]+)?";
    private static final String VALUE = "(" + DECIMAL + "|(?i:nan)|[+-]?(?i:inf|infinity))";
    private static final String REST =
            "[ \\t]*" + VALUE + "(?:[ \\t]+(" + DECIMAL + "))?(?:[ \\t]+#[ \\t]*\\{.*|[ \\t]*)";

    private static final Pattern DECLARATION =
            Pattern.compile("# (?:HELP|TYPE) [ \\t]*(\"[^\"\\\\]*\"|[0-z]+)(?:[ \\t].*)?", Pattern.DOTALL);
    private static final Pattern START = Pattern.compile("([0-z]+)|\\{[ \\t]*\"([^\"\\\\]*)\"");
    private static final Pattern BARE =
            Pattern.compile("([0-z]+)(?:[ \\t]+(?!\\{)|[ \\t]*\\{(" + LABELS + ")\\})" + REST, Pattern.DOTALL);
    private static final Pattern QUOTED =
            Pattern.compile("\\{[ \\t]*\"([^\"\\\\]*)\"[ \\t]*(?:,(" + LABELS + "))?\\}" + REST, Pattern.DOTALL);
    private static final Pattern ONE_LABEL = Pattern.compile(
            "(?:([a-zA-Z_:][a-zA-Z0-9_:]*+)|" + QUOTED_TEXT + ")[ \\t]*=[ \\t]*" + QUOTED_TEXT, Pattern.DOTALL);

    private final Collection<String> wanted;
    private final Map<String, Map<Series, Double>> samples = new HashMap<>();
    private final Set<String> declared = new TreeSet<>();
    private int malformedLines;

    private PlainParser(Collection<String> wanted) {
        this.wanted = wanted;
    }

    static Page parse(byte[] page, Collection<String> wanted) {
        PlainParser parser = new PlainParser(wanted);
        // One character for each byte: what is not ASCII is decoded where it is used.
        String text = new String(page, StandardCharsets.ISO_8859_1);
        String unmarked = text.startsWith("\u00ef\u00bb\u00bf") ? text.substring(3) : text;
        for (String line : unmarked.split("\n", -1)) {
            parser.line(line.endsWith("\r") ? line.substring(0, line.length() - 1) : line);
        }
        Map<String, List<Sample>> samples = new HashMap<>();
        parser.samples.forEach((name, values) -> {
            List<Sample> list = new ArrayList<>();
            values.forEach((series, value) -> list.add(new Sample(series, value)));
            samples.put(name, list);
        });
        return new Page(samples, parser.declared, parser.malformedLines);
    }

    private void line(String padded) {
        String line = padded.replaceFirst("^[ \\t]+", "");
        if (line.startsWith("#")) {
            Matcher declaration = DECLARATION.matcher(line);
            if (declaration.matches()) {
                declare(declaration.group(1).replace("\"", ""));
            }
            return;
        }
        Matcher start = START.matcher(line);
        if (!start.lookingAt() || !isWanted(start.group(1) != null ? start.group(1) : start.group(2))) {
            return;
        }
        Matcher sample = (line.startsWith("{") ? QUOTED : BARE).matcher(line);
        Map<String, String> labels = sample.matches() ? labels(sample.group(2)) : null;
        if (labels == null || sample.group(4) != null && Double.isInfinite(Double.parseDouble(sample.group(4)))) {
            malformedLines++;
            return;
        }
        String name = decode(sample.group(1));
        samples.computeIfAbsent(name, _ -> new LinkedHashMap<>()).put(new Series(name, labels), value(sample.group(3)));
    }

    private boolean isWanted(String name) {
        return wanted.contains(decode(name));
    }

    private void declare(String name) {
        for (String suffix : List.of("", "_total", "_bucket", "_sum", "_count")) {
            if (isWanted(name + suffix)) {
                declared.add(decode(name + suffix));
            }
        }
    }

    private static double value(String text) {
        String word = text.toLowerCase(Locale.ROOT);
        if (word.endsWith("nan")) {
            return Double.NaN;
        }
        if (word.contains("inf")) {
            return word.startsWith("-") ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
        }
        return Double.parseDouble(text);
    }

    /** The labels, or null when one name is there twice or empty. */
    private static Map<String, String> labels(String text) {
        Map<String, String> labels = new HashMap<>();
        Matcher label = ONE_LABEL.matcher(text == null ? "" : text);
        while (label.find()) {
            String name = label.group(1) != null ? label.group(1) : unescape(label.group(2));
            if (name.isEmpty() || labels.put(name, unescape(label.group(3))) != null) {
                return null;
            }
        }
        return labels;
    }

    private static String unescape(String text) {
        StringBuilder plain = new StringBuilder();
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            char next = c == '\\' ? text.charAt(++i) : 0;
            switch (next) {
                case 0 -> plain.append(c);
                case 'n' -> plain.append('\n');
                case '"', '\\' -> plain.append(next);
                default -> plain.append(c).append(next);
            }
        }
        return decode(plain.toString());
    }

    private static String decode(String bytes) {
        return new String(bytes.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
    }
}
