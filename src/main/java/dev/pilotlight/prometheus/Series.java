package dev.pilotlight.prometheus;

import java.util.Collections;
import java.util.Comparator;
import java.util.Iterator;
import java.util.Map;
import java.util.SequencedMap;
import java.util.TreeMap;

/**
 * One series: its sample name and its labels, sorted by label name. Pages read by one {@link PrometheusText} share the
 * instance for as long as the series stays on the page.
 */
public record Series(String name, Map<String, String> labels) {
    /** By name, then label by label. */
    static final Comparator<Series> ORDER = Comparator.comparing(Series::name).thenComparing(Series::compareLabels);

    public Series {
        SequencedMap<String, String> sorted = new TreeMap<>(labels);
        labels = Collections.unmodifiableSequencedMap(sorted);
    }

    /** The value of a label, empty when the series has none of that name: Prometheus knows no difference. */
    public String label(String key) {
        return labels.getOrDefault(key, "");
    }

    private static int compareLabels(Series one, Series other) {
        Iterator<Map.Entry<String, String>> others = other.labels.entrySet().iterator();
        for (Map.Entry<String, String> label : one.labels.entrySet()) {
            if (!others.hasNext()) {
                return 1;
            }
            Map.Entry<String, String> opposite = others.next();
            int byKey = label.getKey().compareTo(opposite.getKey());
            int order = byKey != 0 ? byKey : label.getValue().compareTo(opposite.getValue());
            if (order != 0) {
                return order;
            }
        }
        return others.hasNext() ? -1 : 0;
    }
}
