package dev.pilotlight.pool;

import dev.pilotlight.engine.EngineReading.Answered;
import dev.pilotlight.engine.EngineTrack;
import dev.pilotlight.lifecycle.Phase;
import dev.pilotlight.signal.OwnTraffic;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * The role in pool mode {@code observe}: it only reports whether the pod is on traffic.
 *
 * @param role of a ready pod
 * @param trafficAt when traffic was last seen, or the pod became ready
 * @param othersServed requests finished that were not the sidecar's own, at the newest reading
 */
public record RoleTrack(Optional<Role> role, Instant trafficAt, double othersServed) {

    public static RoleTrack begin(Instant now) {
        return new RoleTrack(Optional.empty(), now, 0);
    }

    public RoleTrack advance(Phase phase, EngineTrack engine, OwnTraffic own, Duration standbyAfter, Instant now) {
        double served = engine.numbers()
                .flatMap(numbers -> of(numbers.snapshot().successes()))
                .map(successes -> Math.max(0, successes - own.sent()))
                .orElse(0.0);
        boolean traffic =
                engine.numbers().map(numbers -> isOnTraffic(numbers, own)).orElse(false)
                        || !engine.replaced() && served > othersServed;
        double most = engine.replaced() ? served : Math.max(served, othersServed);
        return switch (phase) {
            case Phase.Ready ready -> {
                Instant last = traffic ? now : role.isPresent() ? trafficAt : ready.since();
                boolean quiet = Duration.between(last, now).compareTo(standbyAfter) >= 0;
                yield new RoleTrack(Optional.of(next(quiet, now)), last, most);
            }
            case Phase.Starting _, Phase.Warming _, Phase.Suspended _, Phase.Draining _, Phase.Failed _ ->
                new RoleTrack(Optional.empty(), trafficAt, most);
        };
    }

    private Role next(boolean quiet, Instant now) {
        return switch (role.orElse(new Role.Active(now))) {
            case Role.Active active -> quiet ? new Role.Standby(now) : active;
            case Role.Standby standby -> quiet ? standby : new Role.Active(now);
        };
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
