package dev.pilotlight.loop;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/** Poll durations counted by source and outcome: what {@code pilotlight_poll_seconds} shows. */
public record PollTally(Map<Key, Counts> counts) {
    public static final PollTally EMPTY = new PollTally(Map.of());

    /** Upper bounds of the buckets, in seconds; +Inf follows. */
    public static final double[] BOUNDS = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};

    /** @param outcome answered, unreadable, unreachable */
    public record Key(String source, String outcome) {}

    /** Polls at or below each bound but above the one before it, and the sum of their seconds. */
    public record Counts(long[] buckets, double seconds) {}

    PollTally add(String source, String outcome, Duration took) {
        Key key = new Key(source, outcome);
        Counts before = counts.getOrDefault(key, new Counts(new long[BOUNDS.length + 1], 0));
        double seconds = took.toNanos() / 1e9;
        long[] buckets = before.buckets().clone();
        int bucket = 0;
        while (bucket < BOUNDS.length && seconds > BOUNDS[bucket]) {
            bucket++;
        }
        buckets[bucket]++;
        Map<Key, Counts> after = new LinkedHashMap<>(counts);
        after.put(key, new Counts(buckets, before.seconds() + seconds));
        return new PollTally(after);
    }
}
