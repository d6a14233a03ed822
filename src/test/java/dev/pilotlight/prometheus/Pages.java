package dev.pilotlight.prometheus;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Short forms for tests: read a page that must be readable, and say what is expected of it. */
final class Pages {
    private Pages() {}

    static MetricPage page(String text, String... wanted) {
        return page(text.getBytes(StandardCharsets.UTF_8), wanted);
    }

    static MetricPage page(byte[] bytes, String... wanted) {
        return read(new PrometheusText(Wanted.of(List.of(wanted)), Limits.DEFAULT), bytes);
    }

    static MetricPage read(PrometheusText reader, String text) {
        return read(reader, text.getBytes(StandardCharsets.UTF_8));
    }

    static MetricPage read(PrometheusText reader, byte[] bytes) {
        return switch (reader.read(bytes)) {
            case PageReading.Read(MetricPage page) -> page;
            case PageReading.Refused(String why) -> throw new AssertionError("refused: " + why);
        };
    }

    /** A sample by its name, its value, and its labels as key, value, key, value. */
    static Sample sample(String name, double value, String... labels) {
        Map<String, String> map = new TreeMap<>();
        for (int i = 0; i < labels.length; i += 2) {
            map.put(labels[i], labels[i + 1]);
        }
        return new Sample(new Series(name, map), value);
    }
}
