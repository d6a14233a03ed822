package dev.pilotlight.pool.role;

import dev.pilotlight.engine.EngineReading.Answered;
import dev.pilotlight.engine.EngineTrack;
import dev.pilotlight.lifecycle.Phase;
import dev.pilotlight.pool.plan.NamedPods;
import dev.pilotlight.pool.plan.Plan;
import dev.pilotlight.signal.OwnTraffic;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * The role of the pod. In pool mode {@code observe} it only reports whether the pod is on traffic; in a managed pool the plan says it.
 *
 * @param role of a ready pod
 * @param trafficAt when traffic was last seen or could not be ruled out, or the pod became ready
 * @param othersServed requests finished that were not the sidecar's own, at the newest reading
 * @param orphanSince since when a ready pod of a managed pool has seen no plan
 * @param flippedAt when the role last changed between active and standby
 */
public record RoleTrack(
        Optional<Role> role,
        Instant trafficAt,
        double othersServed,
        Optional<Instant> orphanSince,
        Optional<Instant> flippedAt) {

    /**
     * What the cluster says of the role.
     *
     * @param plan of a managed pool
     * @param named whether any pod that it names serves
     * @param labelled what the pod's label says: the last role of a sidecar before this one
     */
    public record Inputs(Optional<Plan> plan, NamedPods.State named, Optional<String> labelled) {
        public static final Inputs NOTHING = new Inputs(Optional.empty(), NamedPods.State.UNKNOWN, Optional.empty());
    }

    public static RoleTrack begin(Instant now) {
        return new RoleTrack(Optional.empty(), now, 0, Optional.empty(), Optional.empty());
    }

    /** @param isIdleKnown false where nobody can see whether the engine works: it is no standby then */
    public RoleTrack advance(
            Phase phase,
            EngineTrack engine,
            OwnTraffic own,
            boolean isIdleKnown,
            RolePolicy policy,
            Inputs inputs,
            Instant now) {
        double served = engine.numbers()
                .flatMap(numbers -> of(numbers.snapshot().successes()))
                .map(successes -> Math.max(0, successes - own.sent()))
                .orElse(0.0);
        boolean isRecounted = engine.replaced() || engine.recounted();
        boolean traffic = !isIdleKnown
                || engine.numbers().map(numbers -> isOnTraffic(numbers, own)).orElse(false)
                || !isRecounted && served > othersServed;
        double most = isRecounted ? served : Math.max(served, othersServed);
        return switch (phase) {
            case Phase.Ready ready -> {
                Instant last = traffic ? now : role.isPresent() ? trafficAt : ready.since();
                boolean quiet = Duration.between(last, now).compareTo(policy.standbyAfter()) >= 0;
                yield switch (policy) {
                    case RolePolicy.Observe _ -> in(observed(quiet, now), last, most, Optional.empty(), now);
                    case RolePolicy.Managed managed -> {
                        Optional<Instant> orphan =
                                inputs.plan().isPresent() ? Optional.empty() : orphanSince.or(() -> Optional.of(now));
                        yield in(planned(managed, inputs, orphan, now), last, most, orphan, now);
                    }
                };
            }
            case Phase.Starting _, Phase.Warming _, Phase.Suspended _, Phase.Draining _, Phase.Failed _ ->
                new RoleTrack(Optional.empty(), trafficAt, most, Optional.empty(), flippedAt);
        };
    }

    private RoleTrack in(Role next, Instant last, double most, Optional<Instant> orphan, Instant now) {
        boolean flipped = role.isPresent() && !role.get().word().equals(next.word());
        return new RoleTrack(Optional.of(next), last, most, orphan, flipped ? Optional.of(now) : flippedAt);
    }

    private Role observed(boolean quiet, Instant now) {
        return quiet ? standby(now) : active(now);
    }

    /** The last plan seen stands, whoever is away. Without any, or with one that names nobody who serves, serve rather than starve. */
    private Role planned(RolePolicy.Managed managed, Inputs inputs, Optional<Instant> orphan, Instant now) {
        boolean wasActive =
                role.isEmpty() && inputs.labelled().filter("active"::equals).isPresent();
        if (inputs.plan().isPresent()) {
            return inputs.plan().get().active().contains(managed.pod())
                    ? active(now)
                    : switch (inputs.named()) {
                        case SERVING -> standby(now);
                        case LOST -> active(now);
                        case UNKNOWN, SILENT -> wasActive ? active(now) : role.orElse(new Role.Standby(now));
                    };
        }
        boolean starved =
                orphan.isPresent() && Duration.between(orphan.get(), now).compareTo(managed.orphanAfter()) >= 0;
        return starved || wasActive ? active(now) : role.orElse(new Role.Standby(now));
    }

    private Role active(Instant now) {
        return role.filter(Role.Active.class::isInstance).orElse(new Role.Active(now));
    }

    private Role standby(Instant now) {
        return role.filter(Role.Standby.class::isInstance).orElse(new Role.Standby(now));
    }

    /** Whether somebody's request was seen lately. */
    public boolean isOnTraffic(RolePolicy policy, Instant now) {
        return Duration.between(trafficAt, now).compareTo(policy.standbyAfter()) < 0;
    }

    private static boolean isOnTraffic(Answered numbers, OwnTraffic own) {
        double busiest = Math.max(
                numbers.snapshot().running() + numbers.snapshot().waiting(),
                numbers.inFlight().orElse(0));
        return busiest > own.inFlight();
    }

    private static Optional<Double> of(java.util.OptionalDouble value) {
        return value.isPresent() ? Optional.of(value.getAsDouble()) : Optional.empty();
    }
}
