package dev.pilotlight.api;

import java.time.Duration;
import java.util.Map;
import java.util.OptionalDouble;

/** Numbers as people read them: unknown values are left out. */
final class Numbers {
    private Numbers() {}

    static void put(Map<String, Object> view, String key, OptionalDouble value) {
        value.ifPresent(known -> view.put(key, round(known)));
    }

    /** Six digits after the point: more is noise. */
    static double round(double value) {
        return Math.abs(value) < 1e12 ? Math.round(value * 1e6) / 1e6 : value;
    }

    static double seconds(Duration duration) {
        return Math.round(duration.toNanos() / 1e6) / 1e3;
    }
}
