package dev.pilotlight.replay;

import dev.pilotlight.hpa.MetricSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/** Scrapes each pod at its own moment of the interval, and answers the autoscaler as of a while ago. */
final class Prometheus implements MetricSource {
    private final int intervalSeconds;
    private final long delayNanos;
    private final Map<Pod, Scrapes> pods = new LinkedHashMap<>();
    private final Map<String, PromQuery> queries = new HashMap<>();
    private long nowNanos;

    Prometheus(int intervalSeconds, long delayNanos) {
        this.intervalSeconds = intervalSeconds;
        this.delayNanos = delayNanos;
    }

    void second(List<Pod> fleet, long second, long nowNanos) {
        this.nowNanos = nowNanos;
        pods.keySet().removeIf(pod -> pod.stage() == Pod.Stage.GONE);
        for (Pod pod : fleet) {
            boolean isDue = (second + 7L * pod.number) % intervalSeconds == 0;
            if (isDue && pod.stage() != Pod.Stage.PENDING && pod.stage() != Pod.Stage.GONE) {
                pods.computeIfAbsent(pod, _ -> new Scrapes()).take(pod, nowNanos);
            }
        }
    }

    @Override
    public Map<String, Long> pods(String metric) {
        Series series = Series.named(metric);
        Map<String, Long> values = new HashMap<>();
        pods.forEach((pod, scrapes) -> {
            double value = scrapes.newest(series, nowNanos - delayNanos);
            if (!Double.isNaN(value)) {
                values.put(pod.name, milli(value));
            }
        });
        return values;
    }

    @Override
    public OptionalLong external(String query) {
        double value = queries.computeIfAbsent(query, PromQuery::new)
                .value(new ArrayList<>(pods.values()), nowNanos - delayNanos);
        return Double.isNaN(value) ? OptionalLong.empty() : OptionalLong.of(milli(value));
    }

    /** Quantities are rounded up to thousandths. */
    private static long milli(double value) {
        return (long) Math.ceil(value * 1000);
    }
}
