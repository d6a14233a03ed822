package dev.pilotlight.loop;

import dev.pilotlight.engine.EngineReading;
import dev.pilotlight.engine.EngineTrack;
import dev.pilotlight.gpu.readings.GpuReading;
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

    /** With the polls that ended since the last tick. */
    PollTally advance(
            EngineTrack before, EngineTrack after, GpuTrack gpuBefore, GpuTrack gpuAfter, Observation observation) {
        PollTally next = this;
        if (after.latest() != before.latest()) {
            next = next.add(
                    "engine", outcome(after.latest()), observation.engine().took());
        }
        // The reading that stands there before the first poll took no time, and is none.
        if (gpuAfter.latest() != gpuBefore.latest() && !observation.gpu().took().isZero()) {
            next = next.add("gpu", outcome(gpuAfter.latest()), observation.gpu().took());
        }
        return next;
    }

    private static String outcome(EngineReading reading) {
        return switch (reading) {
            case EngineReading.NotYet _ -> "none";
            case EngineReading.Answered _ -> "answered";
            case EngineReading.Unreadable _ -> "unreadable";
            case EngineReading.Unreachable _ -> "unreachable";
        };
    }

    private static String outcome(GpuReading reading) {
        return switch (reading) {
            case GpuReading.Devices _ -> "answered";
            case GpuReading.Absent _ -> "absent";
            case GpuReading.Failed _ -> "failed";
        };
    }

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
