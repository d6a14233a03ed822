package dev.pilotlight.simulator;

import dev.pilotlight.engine.EngineSnapshot;
import dev.pilotlight.engine.VllmMetrics;
import dev.pilotlight.prometheus.Limits;
import dev.pilotlight.prometheus.PageReading;
import dev.pilotlight.prometheus.PrometheusText;
import dev.pilotlight.prometheus.Wanted;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;

/** A simulated engine's page, written out and read again by the product's reader, under the names of one vLLM version or another. */
public enum Pages {
    V0_10(PageOptions.DEFAULT.withVersion(PageOptions.Version.V0_10)),
    V0_32(PageOptions.DEFAULT),
    HOSTED_BY_RAY(PageOptions.DEFAULT.withPrefix("ray_vllm:"));

    private final PageOptions options;

    Pages(PageOptions options) {
        this.options = options;
    }

    public EngineSnapshot read(Batch batch, double processStart) {
        ProcessFamilies process = new ProcessFamilies(processStart, processStart + 40, 60, 8, 0);
        String page = new VllmPage(
                        options, batch.profile().model(), List.of(batch), Sleep.AWAKE, new HttpTally(), process)
                .render(Set.of());
        PageReading reading = new PrometheusText(Wanted.of(VllmMetrics.wanted()), Limits.DEFAULT)
                .read(page.getBytes(StandardCharsets.UTF_8));
        return switch (reading) {
            case PageReading.Refused(String why) -> throw new AssertionError(why);
            case PageReading.Read(var samples) ->
                switch (dev.pilotlight.engine.VllmPage.read(samples)) {
                    case dev.pilotlight.engine.VllmPage.Missing(var tried) ->
                        throw new AssertionError("none of " + tried);
                    case dev.pilotlight.engine.VllmPage.Impossible(String why) -> throw new AssertionError(why);
                    case dev.pilotlight.engine.VllmPage.Found(EngineSnapshot snapshot) -> snapshot;
                };
        };
    }
}
