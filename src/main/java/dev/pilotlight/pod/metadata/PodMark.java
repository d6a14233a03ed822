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
 * What the pod's marks should say, from what is known of the engine. It remembers which band the load is in and since when, and
 * nothing else.
 *
 * @param band that the deletion cost stands for; empty until one has held
 * @param coming the band that the load is in now
 * @param since when it has been in it
 */
public record PodMark(Optional<Band> band, Optional<Band> coming, Instant since) {

    /**
     * What a mark is made from.
     *
     * @param load unless it is stale
     * @param onTraffic whether somebody's request was seen lately
     * @param coldStart how long the last start took
     */
    public record Look(
            Phase phase, Optional<Role> role, OptionalDouble load, boolean onTraffic, Optional<Duration> coldStart) {}

    public static PodMark begin(Instant now) {
        return new PodMark(Optional.empty(), Optional.empty(), now);
    }

    public PodMark advance(Look look, MarkPolicy policy, Instant now) {
        Optional<Band> seen = look.role().flatMap(role -> Band.of(role, look.load(), coming, policy));
        if (seen.isEmpty() || seen.equals(coming)) {
            boolean held = seen.isPresent() && Duration.between(since, now).compareTo(policy.costHold()) >= 0;
            return new PodMark(held ? seen : band, coming, since);
        }
        return new PodMark(band, seen, now);
    }

    public Mark wanted(Look look, MarkPolicy policy) {
        if (!policy.enabled()) {
            return Mark.NONE;
        }
        Map<String, Optional<String>> labels = new HashMap<>();
        labels.put(Names.PHASE, Optional.of(look.phase().word()));
        labels.put(Names.ROLE, look.role().map(Role::word));
        policy.pool().ifPresent(pool -> labels.put(Names.POOL, Optional.of(pool)));
        Map<String, Optional<String>> annotations = new HashMap<>();
        band.ifPresent(
                it -> annotations.put(Names.DELETION_COST, Optional.of(Integer.toString(it.cost(policy.costs())))));
        boolean precious = isPrecious(look);
        annotations.put(Names.SAFE_TO_EVICT, precious ? Optional.of("false") : Optional.empty());
        annotations.put(Names.DO_NOT_DISRUPT, precious ? Optional.of("true") : Optional.empty());
        Map<String, Optional<String>> alongside = new HashMap<>();
        alongside.put(Names.REASON, Optional.of(reason(look.phase())));
        alongside.put(Names.LOAD, text(look.load()));
        look.coldStart()
                .ifPresent(took -> alongside.put(Names.COLD_START, Optional.of(Long.toString(took.toSeconds()))));
        return new Mark(labels, annotations, alongside);
    }

    /** A node that goes now would take minutes of loading, or requests, with it. */
    private static boolean isPrecious(Look look) {
        return switch (look.phase()) {
            case Phase.Starting _, Phase.Warming _ -> true;
            case Phase.Ready _, Phase.Draining _ -> look.onTraffic();
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
            case Phase.Suspended suspended -> "the engine is " + suspended.how() + " by somebody's order";
            case Phase.Draining _ -> "told to stop";
            case Phase.Failed failed -> failed.reason();
        };
    }
}
