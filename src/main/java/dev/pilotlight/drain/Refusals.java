package dev.pilotlight.drain;

import java.time.Duration;
import java.time.Instant;
import java.util.EnumMap;
import java.util.Map;

/**
 * The drains that were refused so far.
 *
 * @param counts one for each reason, 0 included: a counter that begins with its first event has no increase
 * @param saidAt when a refusal for the reason was last due to be said
 */
public record Refusals(Map<Refusal, Long> counts, Map<Refusal, Instant> saidAt) {
    public static final Refusals NONE = new Refusals(zeros(), Map.of());

    /** Whoever calls without end fills no log. */
    private static final Duration SAID_FOR = Duration.ofMinutes(1);

    public Refusals {
        counts = Map.copyOf(counts);
        saidAt = Map.copyOf(saidAt);
    }

    private static Map<Refusal, Long> zeros() {
        Map<Refusal, Long> counts = new EnumMap<>(Refusal.class);
        for (Refusal refusal : Refusal.values()) {
            counts.put(refusal, 0L);
        }
        return counts;
    }

    Refusals add(Refusal refusal, Instant now) {
        Map<Refusal, Long> more = new EnumMap<>(counts);
        more.merge(refusal, 1L, Long::sum);
        Map<Refusal, Instant> said = new EnumMap<>(Refusal.class);
        said.putAll(saidAt);
        if (isNews(refusal, now)) {
            said.put(refusal, now);
        }
        return new Refusals(more, said);
    }

    /** Whether a refusal for this reason is to be said now. */
    boolean isNews(Refusal refusal, Instant now) {
        Instant said = saidAt.get(refusal);
        return said == null || Duration.between(said, now).compareTo(SAID_FOR) >= 0;
    }
}
