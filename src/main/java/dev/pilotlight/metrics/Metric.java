package dev.pilotlight.metrics;

import java.util.List;

/** A metric as Prometheus sees it: its full sample name, type, help and label names. */
public record Metric(String name, Type type, String help, List<String> labels) {
    /** Of the Prometheus data model. */
    public enum Type {
        GAUGE,
        COUNTER,
        HISTOGRAM
    }
}
