package dev.pilotlight.lifecycle;

import dev.pilotlight.engine.Rank;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * One rank's signs of life.
 *
 * @param signs at the newest reading
 * @param movedAt when one of them moved last, or an answer came
 * @param tokenAt when a token came or a request finished last
 * @param lost requests in a row that got no answer since then, beside an engine that was seen to stand or that said nothing at all
 * @param lostSince when the first of these was sent
 * @param refused how those in a row that came back without a token were refused
 * @param askedAt when the last request was sent to it
 * @param idleAt when the page showed it without work of others last
 */
public record Pulse(
        Signs signs,
        Instant movedAt,
        Instant tokenAt,
        int lost,
        Optional<Instant> lostSince,
        Optional<Refused> refused,
        Optional<Instant> askedAt,
        Optional<Instant> idleAt) {
    static Pulse begin(Signs signs, Instant now) {
        return new Pulse(signs, now, now, 0, Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty());
    }

    /** Others are served, so it is not the engine that fails; what our own request lacks, it still lacks. */
    Pulse moved(Signs seen, Instant when) {
        boolean gaveAToken = !seen.generationTokens().equals(signs.generationTokens())
                || !seen.successes().equals(signs.successes());
        return new Pulse(
                seen,
                when,
                gaveAToken ? when : tokenAt,
                0,
                Optional.empty(),
                refused.filter(it -> !gaveAToken || it.refusal() == Refusal.KEY || it.refusal() == Refusal.UNSUPPORTED),
                askedAt,
                idleAt);
    }

    Pulse answered(Instant when) {
        return new Pulse(signs, when, when, 0, Optional.empty(), Optional.empty(), askedAt, idleAt);
    }

    /** Without what requests that got no answer seemed to show. */
    Pulse unproven() {
        return new Pulse(signs, movedAt, tokenAt, 0, Optional.empty(), refused, askedAt, idleAt);
    }

    Pulse gotNoAnswer(Instant sentAt) {
        return new Pulse(
                signs,
                movedAt,
                tokenAt,
                lost + 1,
                lostSince.or(() -> Optional.of(sentAt)),
                Optional.empty(),
                askedAt,
                idleAt);
    }

    Pulse refused(Refusal refusal, String why) {
        if (refusal == Refusal.BROKEN && refused.isPresent()) {
            // It tells nothing, so what was told before stands.
            return new Pulse(signs, movedAt, tokenAt, 0, Optional.empty(), refused, askedAt, idleAt);
        }
        int before = refused.filter(
                        it -> it.refusal() == refusal || it.refusal().isError() && refusal.isError())
                .map(Refused::inARow)
                .orElse(0);
        return new Pulse(
                signs,
                movedAt,
                tokenAt,
                0,
                Optional.empty(),
                Optional.of(new Refused(refusal, before + 1, why, askedAt)),
                askedAt,
                idleAt);
    }

    /** What was asked by a name that is no longer served may be asked again. */
    Pulse ofAnotherModel() {
        boolean wasUnknown =
                refused.filter(it -> it.refusal() == Refusal.UNSUPPORTED).isPresent();
        return wasUnknown
                ? new Pulse(signs, movedAt, tokenAt, lost, lostSince, Optional.empty(), Optional.empty(), idleAt)
                : this;
    }

    Pulse asked(Instant when) {
        return new Pulse(signs, movedAt, tokenAt, lost, lostSince, refused, Optional.of(when), idleAt);
    }

    Pulse idle(Instant when) {
        return new Pulse(signs, movedAt, tokenAt, lost, lostSince, refused, askedAt, Optional.of(when));
    }

    /** Since when it stands while it has work: one that had none had nothing to move. */
    Instant standsAtWorkSince() {
        return idleAt.filter(movedAt::isBefore).orElse(movedAt);
    }

    /**
     * @param why what the last one was answered, with the fix
     * @param sentAt when the last one was sent
     */
    public record Refused(Refusal refusal, int inARow, String why, Optional<Instant> sentAt) {}

    /**
     * What moves on a rank that works. The counters stand still while a long prompt is read, minutes for the longest; the share of the
     * KV cache then grows with each piece of it. The numbers of running and waiting requests are left out: a front end may count them.
     */
    public record Signs(
            OptionalDouble generationTokens,
            OptionalDouble promptTokens,
            OptionalDouble successes,
            OptionalDouble steps,
            OptionalDouble kvCacheUse) {
        static final Signs UNKNOWN = new Signs(
                OptionalDouble.empty(),
                OptionalDouble.empty(),
                OptionalDouble.empty(),
                OptionalDouble.empty(),
                OptionalDouble.empty());

        static Signs of(Rank rank) {
            return new Signs(
                    rank.generationTokens(), rank.promptTokens(), rank.successes(), rank.steps(), rank.kvCacheUse());
        }

        /** Whether a token or an end would show. */
        boolean countsTokens() {
            return generationTokens.isPresent() || successes.isPresent();
        }

        boolean known() {
            return !equals(UNKNOWN);
        }
    }
}
