package dev.pilotlight.hpa;

import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * The pods behind a Deployment as the controller sorts them, those that are being deleted or have failed left out.
 *
 * @param pending names of pods of phase Pending
 * @param running names of pods of phase Running, ready or not
 * @param ready how many of these are Ready
 */
public record PodGroup(Set<String> pending, Set<String> running, int ready) {
    public PodGroup {
        pending = Set.copyOf(pending);
        running = Set.copyOf(running);
    }

    /** The running ones that a metric does not cover. */
    Set<String> without(Map<String, Long> metric) {
        Set<String> missing = new TreeSet<>(running);
        missing.removeAll(metric.keySet());
        return missing;
    }
}
