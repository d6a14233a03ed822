package dev.pilotlight.api;

import dev.pilotlight.health.HealthRules;
import dev.pilotlight.loop.Picture;
import dev.pilotlight.pool.peers.PeerReport;
import dev.pilotlight.pool.role.Role;
import dev.pilotlight.signal.Signals;
import java.time.Duration;
import java.time.Instant;
import java.util.OptionalDouble;

/** What the leader of a pool is told of a picture. */
public final class PeerView {
    private PeerView() {}

    public static PeerReport of(Picture picture, Instant now) {
        boolean ready = HealthRules.ready(picture, now).up();
        return new PeerReport(
                now,
                ready,
                picture.role().map(Role::word),
                picture.freshSignals(now).map(Signals::load).orElse(OptionalDouble.empty()),
                picture.state().coldStart().total(),
                ready ? Duration.between(picture.phase().since(), now) : Duration.ZERO,
                picture.roles().flippedAt().map(flipped -> Duration.between(flipped, now)),
                picture.freshSignals(now).flatMap(Signals::inflow));
    }
}
