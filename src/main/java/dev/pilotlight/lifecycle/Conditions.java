package dev.pilotlight.lifecycle;

import java.time.Instant;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;

/** The conditions that stand, in order of weight. */
public record Conditions(Map<Condition, Standing> standing) {
    public static final Conditions NONE = new Conditions(Map.of());

    /** @param why what shows it, for people, with the fix where there is one */
    public record Standing(Instant since, String why) {}

    public Conditions {
        Map<Condition, Standing> ordered = new EnumMap<>(Condition.class);
        ordered.putAll(standing);
        standing = Collections.unmodifiableMap(ordered);
    }

    /** One that stood before keeps its beginning. */
    public Conditions advance(Map<Condition, String> found, Instant now) {
        Map<Condition, Standing> next = new EnumMap<>(Condition.class);
        found.forEach((condition, why) -> {
            Standing before = standing.get(condition);
            next.put(condition, new Standing(before == null ? now : before.since(), why));
        });
        return new Conditions(next);
    }

    public boolean has(Condition condition) {
        return standing.containsKey(condition);
    }
}
