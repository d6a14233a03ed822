package dev.pilotlight.kube;

import dev.pilotlight.kube.ApiServer.Answer;

/**
 * Why the API server does not do now what is asked of it.
 *
 * @param silent whether it is not there, or cannot cope, rather than says no
 * @param stranger whether something else answers in its place
 */
public record Problem(boolean silent, boolean stranger, String why) {
    public Problem(boolean silent, String why) {
        this(silent, false, why);
    }

    public static Problem of(Call call, Answer answer) {
        boolean saysNo = answer instanceof Answer.Got got && got.status() != 429 && got.status() < 500;
        return new Problem(!saysNo, answer instanceof Answer.Strange, Rights.why(call, answer));
    }

    /** With what came of it. */
    public Problem so(String consequence) {
        return new Problem(silent, stranger, consequence + ": " + why);
    }
}
