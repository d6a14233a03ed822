package dev.pilotlight.api;

import dev.pilotlight.health.HealthRules;
import dev.pilotlight.health.Verdict;
import dev.pilotlight.loop.Picture;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The status of a picture, as plain maps in the order that people read: unknown values are left out. */
final class StatusView {
    private StatusView() {}

    /** @param scraped when somebody outside of the pod last asked for the metrics */
    static Map<String, Object> status(
            Picture picture, Map<String, String> configuration, Optional<Instant> scraped, Instant now) {
        Map<String, Object> view = SignalView.phaseAndRole(picture, now);
        view.put("phaseSince", picture.phase().since().toString());
        picture.role().ifPresent(role -> view.put("roleSince", role.since().toString()));
        view.put("ready", verdict(HealthRules.ready(picture, now)));
        view.put("engineLive", verdict(HealthRules.engine(picture)));
        view.put("conditions", conditions(picture));
        view.put("engine", EngineView.of(picture, now));
        EngineView.warmUp(picture).ifPresent(it -> view.put("warmUp", it));
        view.put("progress", EngineView.progress(picture));
        picture.drain().ifPresent(drain -> view.put("drain", DrainResource.view(drain)));
        view.put("gpu", GpuView.of(picture, now));
        view.put("signals", SignalView.nested(picture, now));
        view.put("coldStartSeconds", EngineView.coldStart(picture));
        PodView.of(picture, now).ifPresent(it -> view.put("cluster", it));
        view.put(
                "scrape",
                scraped.<Map<String, Object>>map(at -> Map.of("ageSeconds", Numbers.seconds(Duration.between(at, now))))
                        .orElse(Map.of()));
        view.put("configuration", configuration);
        return view;
    }

    private static Map<String, Object> verdict(Verdict verdict) {
        return Map.of("up", verdict.up(), "reason", verdict.reason());
    }

    /** What is held against the engine or said of it, the weightiest first. */
    private static List<Map<String, Object>> conditions(Picture picture) {
        return picture.conditions().standing().entrySet().stream()
                .map(each -> {
                    Map<String, Object> view = new LinkedHashMap<>();
                    view.put("condition", each.getKey().word());
                    view.put("effect", each.getKey().effect().word());
                    view.put("since", each.getValue().since().toString());
                    view.put("why", each.getValue().why());
                    return view;
                })
                .toList();
    }
}
