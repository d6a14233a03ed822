package dev.pilotlight.kube;

import dev.pilotlight.kube.ApiServer.Answer;
import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * What went wrong in a row, and how long to leave the API server alone after it. A right that is missing is asked for seldom, for it
 * may be given later. But a server that has just started denies all until it has read its roles: whoever was served before asks
 * again soon, and is slow to believe that a right was taken away.
 *
 * @param failures in a row
 * @param denials in a row, the failures' last ones
 * @param served whether it ever did as asked
 */
public record Retries(int failures, int denials, boolean served) {
    public static final Retries NONE = new Retries(0, 0, false);

    /** So many denials in a row are forgiven to a server that never served us: 7 to 15 s, by {@link Backoff#DEFAULT}. */
    private static final int FORGIVEN_TO_STRANGERS = 4;
    /** And so many to one that did: 1.5 to 3 minutes. */
    private static final int FORGIVEN = 10;

    public Retries succeeded() {
        return new Retries(0, 0, true);
    }

    public Retries failed(Answer answer) {
        boolean denied = answer.is(401) || answer.is(403);
        return new Retries(failures + 1, denied ? denials + 1 : 0, served);
    }

    /** Whether a right is missing beyond doubt. */
    public boolean isDenied() {
        return denials > (served ? FORGIVEN : FORGIVEN_TO_STRANGERS);
    }

    /**
     * The pause after the failure counted last. The first denial is the server's first sign of life: the pauses begin again with it.
     *
     * @param seldom how long to wait where a right is missing
     */
    public Duration pause(Answer answer, Backoff backoff, Duration seldom, RandomGenerator chance) {
        Duration pause = backoff.after(denials > 0 ? denials : failures, chance);
        return answer.retryAfter(isDenied() ? seldom.plus(pause) : pause);
    }
}
