package dev.pilotlight.hpa;

import java.util.ArrayDeque;

/** Changes of the replica count in one direction, and when. */
final class ScaleEvents {
    private static final long REMEMBERED_NANOS = 1_800_000_000_000L; // the longest period that the API allows

    private record Change(long atNanos, int replicas) {}

    private final ArrayDeque<Change> changes = new ArrayDeque<>();

    void add(long atNanos, int replicas) {
        while (!changes.isEmpty() && changes.peek().atNanos < atNanos - REMEMBERED_NANOS) {
            changes.poll();
        }
        changes.add(new Change(atNanos, replicas));
    }

    int since(long fromNanos) {
        int sum = 0;
        for (Change change : changes) {
            sum += change.atNanos > fromNanos ? change.replicas : 0;
        }
        return sum;
    }
}
