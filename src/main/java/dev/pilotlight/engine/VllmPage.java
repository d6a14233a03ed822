package dev.pilotlight.engine;

import dev.pilotlight.prometheus.MetricPage;
import java.util.List;

/** What a metrics page of any version of vLLM says. */
public sealed interface VllmPage {
    record Found(EngineSnapshot snapshot) implements VllmPage {}

    /** The page lacks what every vLLM page has. */
    record Missing(List<String> tried) implements VllmPage {}

    /** The page says something of the engine that cannot be: nothing of it is believed. */
    record Impossible(String why) implements VllmPage {}

    static VllmPage read(MetricPage page) {
        return SnapshotReader.read(page);
    }
}
