package dev.pilotlight.pool.election;

import dev.pilotlight.pool.plan.PlanView;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * The election of a pool's leader by one Lease, as a pure step: what was seen and the time in, what to do next out. The rules are those
 * of client-go: a lease is taken only after it was seen unchanged for its whole duration by the own clock, so that clocks need not agree,
 * and a holder that could not renew steps down before others may take it. It differs in one thing: those that do not hold it look
 * the more seldom the more they are, so that a pool of a thousand costs the API server no more reads than one of forty.
 *
 * @param self who we are; a sidecar that comes back is somebody else
 * @param held while the lease is ours
 * @param watched what was seen of somebody else's
 * @param lookAt when to look next
 */
public record Election(String self, Optional<Held> held, Optional<Watched> watched, Instant lookAt) {
    static final Duration DURATION = Duration.ofSeconds(8);
    static final Duration RENEW_EVERY = Duration.ofSeconds(2);
    /** Without a renewal for this long the leader steps down: well before {@link #DURATION} is over for others. */
    static final Duration STEP_DOWN = Duration.ofSeconds(5);
    /** Of all candidates together: reads of the lease are this far apart. */
    private static final Duration APART = Duration.ofMillis(50);

    /** @param renewedAt when the renewal that succeeded last was sent */
    public record Held(LeaseView lease, Instant renewedAt) {}

    /** @param since when it was first seen so */
    public record Watched(LeaseView lease, Instant since) {}

    /** What is to be done. */
    public sealed interface Act {
        /** Nothing before this time. */
        record Wait(Instant until) implements Act {}

        record Read() implements Act {}

        /** @param over the lease to write over; empty to create it */
        record Write(Optional<LeaseView> over, int term) implements Act {}
    }

    public static Election begin(String self, Instant now) {
        return new Election(self, Optional.empty(), Optional.empty(), now);
    }

    /** Whether the lease is ours beyond doubt: nobody else can hold it yet. */
    public boolean leads(Instant now) {
        return held.filter(it -> now.isBefore(it.renewedAt().plus(STEP_DOWN))).isPresent();
    }

    public Act next(Instant now) {
        if (held.isPresent() && leads(now)) {
            return now.isBefore(lookAt)
                    ? new Act.Wait(lookAt)
                    : new Act.Write(
                            Optional.of(held.get().lease()), held.get().lease().term());
        }
        return now.isBefore(lookAt) ? new Act.Wait(lookAt) : new Act.Read();
    }

    /** After the lease was read; what to do with it at once is in {@link #claim}. */
    public Election read(LeaseView lease, int candidates, double chance, Instant now) {
        // The newest is what a write goes over; the time is that of the holder's last sign of life.
        Watched seen = new Watched(
                lease,
                watched.filter(it -> !lease.isRenewalOf(it.lease()))
                        .map(Watched::since)
                        .orElse(now));
        boolean looksDead = lease.renewed()
                .map(renewed -> Duration.between(renewed, now).compareTo(DURATION) >= 0)
                .orElse(true);
        Instant next = looksDead ? seen.since().plus(DURATION) : now.plus(pause(candidates, chance));
        return new Election(
                self, Optional.empty(), Optional.of(seen), next.isAfter(now) ? next : now.plus(RENEW_EVERY));
    }

    /**
     * The write that would make the lease ours; empty while somebody may still hold it.
     *
     * @param latest the latest term that is known of otherwise: a lease that was deleted begins again, its terms must not
     */
    public Optional<Act.Write> claim(int latest, Instant now) {
        return watched.map(Watched::lease)
                .filter(lease -> lease.holder().equals(self))
                .map(lease -> new Act.Write(Optional.of(lease), lease.term()))
                .or(() -> watched.filter(it -> it.lease().holder().isEmpty()
                                || Duration.between(it.since(), now).compareTo(DURATION) >= 0)
                        .map(it -> new Act.Write(
                                Optional.of(it.lease()),
                                termAfter(Math.max(it.lease().term(), latest)))));
    }

    /** Honest terms never get there; whoever writes the last one begins the count again. */
    static int termAfter(int latest) {
        return latest >= PlanView.MOST_TERM ? 1 : latest + 1;
    }

    /** After a write succeeded that was sent then. */
    public Election won(LeaseView written, Instant sentAt) {
        return new Election(self, Optional.of(new Held(written, sentAt)), Optional.empty(), sentAt.plus(RENEW_EVERY));
    }

    /** After a call failed: a holder tries again as long as it may hold. */
    public Election failed(Duration pause, Instant now) {
        Optional<Held> still = leads(now) ? held : Optional.empty();
        return new Election(self, still, watched, now.plus(pause));
    }

    /** After a write lost against somebody else's. */
    public Election lost(Instant now) {
        return new Election(self, Optional.empty(), Optional.empty(), now);
    }

    private static Duration pause(int candidates, double chance) {
        Duration fair = APART.multipliedBy(candidates);
        Duration usual = fair.compareTo(RENEW_EVERY) > 0 ? fair : RENEW_EVERY;
        return usual.dividedBy(2).plus(Duration.ofMillis(Math.round(usual.toMillis() * chance)));
    }
}
