package dev.pilotlight.vllm;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A server's own metrics page, read the slow and plain way: the measure for what the sidecar made of it. */
record ServerPage(List<Line> lines) {
    private static final Pattern LINE = Pattern.compile("([A-Za-z_:][\\w:]*)(?:\\{(.*)})?\\s+(\\S+)");
    private static final Pattern LABEL = Pattern.compile("(\\w+)=\"((?:[^\"\\\\]|\\\\.)*)\"");

    record Line(String name, Map<String, String> labels, double value) {}

    static ServerPage of(String text) {
        List<Line> lines = new ArrayList<>();
        text.lines().filter(line -> !line.startsWith("#")).forEach(line -> {
            Matcher found = LINE.matcher(line);
            if (found.matches()) {
                lines.add(new Line(found.group(1), labels(found.group(2)), number(found.group(3))));
            }
        });
        return new ServerPage(lines);
    }

    private static Map<String, String> labels(String text) {
        Map<String, String> labels = new LinkedHashMap<>();
        if (text != null) {
            Matcher found = LABEL.matcher(text);
            while (found.find()) {
                labels.put(found.group(1), found.group(2));
            }
        }
        return labels;
    }

    private static double number(String text) {
        return switch (text) {
            case "+Inf" -> Double.POSITIVE_INFINITY;
            case "-Inf" -> Double.NEGATIVE_INFINITY;
            default -> Double.parseDouble(text);
        };
    }

    boolean has(String name) {
        return lines.stream().anyMatch(line -> line.name().equals(name));
    }

    /** The sum over all lines of a name; empty when there is none. */
    OptionalDouble sum(String name) {
        return sum(name, _ -> true);
    }

    OptionalDouble sum(String name, Predicate<Map<String, String>> which) {
        double[] values = lines.stream()
                .filter(line -> line.name().equals(name) && which.test(line.labels()))
                .mapToDouble(Line::value)
                .toArray();
        return values.length == 0
                ? OptionalDouble.empty()
                : OptionalDouble.of(java.util.stream.DoubleStream.of(values).sum());
    }

    /** One of these names: the first that the page has. */
    double first(String... names) {
        for (String name : names) {
            if (has(name)) {
                return sum(name).orElseThrow();
            }
        }
        throw new AssertionError("the server's page has none of " + List.of(names));
    }

    double running() {
        return first("vllm:num_requests_running");
    }

    double waiting() {
        return first("vllm:num_requests_waiting");
    }

    double finished() {
        return first("vllm:request_success_total");
    }

    double kvCacheUse() {
        return first("vllm:kv_cache_usage_perc", "vllm:gpu_cache_usage_perc");
    }

    Map<String, String> cacheConfig() {
        return lines.stream()
                .filter(line -> line.name().equals("vllm:cache_config_info"))
                .findFirst()
                .map(Line::labels)
                .orElse(Map.of());
    }
}
