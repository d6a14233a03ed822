package dev.pilotlight.hpa;

import java.util.Map;
import java.util.OptionalLong;

/** What the metrics API answers, in thousandths. */
public interface MetricSource {
    /** The custom metric of each pod that has it. */
    Map<String, Long> pods(String metric);

    /** An external (or object) metric, summed over its series; empty when the API has none. */
    OptionalLong external(String metric);
}
