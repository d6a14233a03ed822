package dev.pilotlight.api;

import dev.pilotlight.gpu.readings.Device;
import dev.pilotlight.gpu.readings.Scope;
import dev.pilotlight.gpu.readings.Throttle;
import dev.pilotlight.loop.Picture;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** What the status says of the GPUs. */
final class GpuView {
    private GpuView() {}

    static Map<String, Object> of(Picture picture, Instant now) {
        Map<String, Object> view = new LinkedHashMap<>();
        view.put("why", picture.gpu().latest().why());
        picture.gpuAge(now).ifPresent(age -> view.put("ageSeconds", Numbers.seconds(age)));
        picture.gpu().devices().ifPresent(seen -> {
            view.put("source", seen.source().name().toLowerCase(Locale.ROOT));
            view.put("scope", seen.scope() instanceof Scope.Ours ? "ours" : "unscoped");
            view.put("scopeWhy", seen.scope().why());
            view.put("devices", seen.devices().stream().map(GpuView::device).toList());
        });
        view.put(
                "faults",
                picture.gpu().faults().stream()
                        .map(fault -> Map.of(
                                "kind", fault.kind().name().toLowerCase(Locale.ROOT),
                                "action", fault.action().name().toLowerCase(Locale.ROOT),
                                "since", fault.since().toString(),
                                "reason", fault.reason()))
                        .toList());
        return view;
    }

    private static Map<String, Object> device(Device device) {
        Map<String, Object> view = new LinkedHashMap<>();
        view.put("index", device.index());
        view.put("uuid", device.key());
        view.put("name", device.name());
        view.put(
                "state",
                switch (device.state()) {
                    case Device.Working _ -> "working";
                    case Device.Lost lost -> "lost: " + lost.why();
                    case Device.ResetRequired reset -> "reset required: " + reset.why();
                    case Device.Unreadable unreadable -> "unreadable: " + unreadable.why();
                });
        Numbers.put(view, "utilizationRatio", device.gauges().utilizationRatio());
        Numbers.put(view, "memoryUsedRatio", device.gauges().memoryUsedRatio());
        Numbers.put(view, "temperatureCelsius", device.gauges().temperatureCelsius());
        Numbers.put(view, "powerWatts", device.gauges().powerWatts());
        device.gauges()
                .throttles()
                .ifPresent(reasons -> view.put(
                        "throttled",
                        reasons.stream().map(Throttle::label).sorted().toList()));
        return view;
    }
}
