package dev.pilotlight.api;

import dev.pilotlight.health.HealthRules;
import dev.pilotlight.loop.Picture;
import dev.pilotlight.signal.Latency;
import dev.pilotlight.signal.Signals;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** The load and what belongs to it: flat for autoscalers, nested in the status. */
final class SignalView {
    private SignalView() {}

    /** The flat form for KEDA's metrics-api and for scripts: empty when there is no fresh load to publish. */
    static Optional<Map<String, Object>> signals(Picture picture, Instant now) {
        return picture.freshSignals(now)
                .filter(signals -> signals.load().isPresent())
                .map(signals -> {
                    Map<String, Object> flat = phaseAndRole(picture, now);
                    Numbers.put(flat, "load_ratio", signals.load());
                    Numbers.put(flat, "load_forecast_ratio", signals.forecast());
                    Numbers.put(flat, "demand_pods", signals.demandPods());
                    signals.capacity().ifPresent(capacity -> {
                        flat.put("capacity_requests", Numbers.round(capacity.requests()));
                        flat.put("capacity_confidence_ratio", Numbers.round(capacity.confidence()));
                    });
                    Numbers.put(flat, "wanted_pods", picture.cluster().wantedPods());
                    flat.put("running_requests", signals.running());
                    flat.put("waiting_requests", signals.waiting());
                    Numbers.put(
                            flat, "kv_cache_usage_ratio", signals.pressures().kvCache());
                    signals.pressures()
                            .byResource()
                            .forEach((resource, value) ->
                                    flat.put("pressure_" + resource + "_ratio", Numbers.round(value)));
                    flat.put("age_seconds", Numbers.seconds(Duration.between(signals.at(), now)));
                    return flat;
                });
    }

    /** What is said instead when there is none. */
    static Map<String, Object> noSignals(Picture picture, Instant now) {
        Map<String, Object> flat = phaseAndRole(picture, now);
        flat.put("error", "no fresh load: " + picture.whyNoSignals(now));
        return flat;
    }

    static Map<String, Object> phaseAndRole(Picture picture, Instant now) {
        Map<String, Object> flat = new LinkedHashMap<>();
        flat.put("phase", picture.phase().word());
        picture.role().ifPresent(role -> flat.put("role", role.word()));
        flat.put("reason", HealthRules.ready(picture, now).reason());
        return flat;
    }

    static Map<String, Object> nested(Picture picture, Instant now) {
        Map<String, Object> view = new LinkedHashMap<>();
        Optional<Signals> fresh = picture.freshSignals(now);
        if (fresh.isEmpty()) {
            view.put("why", picture.whyNoSignals(now));
        }
        fresh.ifPresent(signals -> {
            Numbers.put(view, "load", signals.load());
            Numbers.put(view, "forecast", signals.forecast());
            Numbers.put(view, "demandPods", signals.demandPods());
            signals.capacity().ifPresent(capacity -> {
                view.put("capacityRequests", Numbers.round(capacity.requests()));
                view.put("capacityConfidence", Numbers.round(capacity.confidence()));
                view.put("capacityLimit", capacity.limit());
            });
            Map<String, Object> pressures = new LinkedHashMap<>();
            signals.pressures()
                    .byResource()
                    .forEach((resource, value) -> pressures.put(resource, Numbers.round(value)));
            view.put("pressures", pressures);
            view.put("timeToFirstTokenSeconds", latency(signals.ttft()));
            view.put("interTokenSeconds", latency(signals.itl()));
        });
        return view;
    }

    private static Map<String, Object> latency(Latency latency) {
        Map<String, Object> view = new LinkedHashMap<>();
        Numbers.put(view, "mean", latency.mean());
        Numbers.put(view, "p95", latency.p95());
        return view;
    }
}
