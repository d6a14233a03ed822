package dev.pilotlight.pod.metadata;

import dev.pilotlight.kube.Names;
import dev.pilotlight.lifecycle.Phase;
import dev.pilotlight.pool.role.Role;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * What the pod's labels and annotations should say, from what is known of the engine. It remembers which band the load is in and since when, and
 * nothing else.
 *
 * @param band that the deletion cost stands for; empty until one has held
 * @param coming the band that the load is in now
 * @param since when it has been in it
 */
public record DesiredMetadata(Optional<DeletionCostBand> band, Optional<DeletionCostBand> coming, Instant since) {

    /**
     * What it is made from.
     *
     * @param load unless it is stale
     * @param onTraffic whether somebody's request was seen lately
     * @param coldStart how long the last start took
     */
    public record Inputs(
            Phase phase, Optional<Role> role, OptionalDouble load, boolean onTraffic, Optional<Duration> coldStart) {}

    public static DesiredMetadata begin(Instant now) {
        return new DesiredMetadata(Optional.empty(), Optional.empty(), now);
    }

    public DesiredMetadata advance(Inputs inputs, MetadataPolicy policy, Instant now) {
        Optional<DeletionCostBand> seen =
                inputs.role().flatMap(role -> DeletionCostBand.of(role, inputs.load(), coming, policy));
        if (seen.isEmpty() || seen.equals(coming)) {
            boolean held = seen.isPresent() && Duration.between(since, now).compareTo(policy.costHold()) >= 0;
            return new DesiredMetadata(held ? seen : band, coming, since);
        }
        return new DesiredMetadata(band, seen, now);
    }

    public PodMetadata wanted(Inputs inputs, MetadataPolicy policy) {
        if (!policy.enabled()) {
            return PodMetadata.NONE;
        }
        Map<String, Optional<String>> labels = new HashMap<>();
        labels.put(Names.PHASE, Optional.of(inputs.phase().word()));
        labels.put(Names.ROLE, inputs.role().map(Role::word));
        policy.pool().ifPresent(pool -> labels.put(Names.POOL, Optional.of(pool)));
        Map<String, Optional<String>> annotations = new HashMap<>();
        band.ifPresent(
                it -> annotations.put(Names.DELETION_COST, Optional.of(Integer.toString(it.cost(policy.costs())))));
        boolean precious = isPrecious(inputs);
        annotations.put(Names.SAFE_TO_EVICT, precious ? Optional.of("false") : Optional.empty());
        annotations.put(Names.DO_NOT_DISRUPT, precious ? Optional.of("true") : Optional.empty());
        Map<String, Optional<String>> alongside = new HashMap<>();
        alongside.put(Names.REASON, Optional.of(reason(inputs.phase())));
        alongside.put(Names.LOAD, text(inputs.load()));
        inputs.coldStart()
                .ifPresent(took -> alongside.put(Names.COLD_START, Optional.of(Long.toString(took.toSeconds()))));
        return new PodMetadata(labels, annotations, alongside);
    }

    /** A node that goes now would take minutes of loading, or requests, with it. */
    private static boolean isPrecious(Inputs inputs) {
        return switch (inputs.phase()) {
            case Phase.Starting _, Phase.Warming _ -> true;
            case Phase.Ready _, Phase.Draining _ -> inputs.onTraffic();
            case Phase.Suspended _, Phase.Failed _ -> false;
        };
    }

    private static Optional<String> text(OptionalDouble load) {
        return load.isPresent()
                ? Optional.of(String.format(Locale.ROOT, "%.1f", load.getAsDouble()))
                : Optional.empty();
    }

    private static String reason(Phase phase) {
        return switch (phase) {
            case Phase.Starting starting -> starting.why();
            case Phase.Warming _ -> "model listed, warm-up under way";
            case Phase.Ready ready -> ready.how();
            case Phase.Suspended suspended -> "the engine is " + suspended.how() + " on request";
            case Phase.Draining _ -> "told to stop";
            case Phase.Failed failed -> failed.reason();
        };
    }
}
