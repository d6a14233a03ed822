package dev.pilotlight.kube;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.kube.ApiServer.Answer;
import java.time.Duration;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/** How long the API server is left alone after what it said. */
class RetriesTest {
    private static final Duration SELDOM = Duration.ofMinutes(5);
    private static final Duration MOST = Backoff.DEFAULT.most();
    private static final Answer DENIED = new Answer.Got(403, "", Optional.empty());
    private static final Answer GONE = new Answer.Lost("connection refused");

    private final RandomGenerator chance = new SplittableRandom(6);

    private static Retries after(Retries begin, Answer answer, int times) {
        Retries retries = begin;
        for (int i = 0; i < times; i++) {
            retries = retries.failed(answer);
        }
        return retries;
    }

    private Duration pause(Retries retries, Answer answer) {
        return retries.pause(answer, Backoff.DEFAULT, SELDOM, chance);
    }

    @Test
    void askSoonAgainWhereTheServerServedBefore() {
        Retries served = Retries.NONE.succeeded();
        assertThat(pause(after(served, DENIED, 1), DENIED)).isLessThanOrEqualTo(Duration.ofSeconds(1));
        for (int denials = 1; denials <= 10; denials++) {
            assertThat(pause(after(served, DENIED, denials), DENIED)).isLessThanOrEqualTo(MOST);
        }
    }

    @Test
    void beginTheirPausesAgainWithTheFirstWordOfAServerThatWasAway() {
        Retries away = after(Retries.NONE.succeeded(), GONE, 20);
        assertThat(pause(away, GONE)).isGreaterThanOrEqualTo(MOST.dividedBy(2));
        assertThat(pause(away.failed(DENIED), DENIED)).isLessThanOrEqualTo(Duration.ofSeconds(1));
    }

    @Test
    void askSeldomForARightThatWasTakenAway() {
        assertThat(pause(after(Retries.NONE.succeeded(), DENIED, 11), DENIED)).isGreaterThanOrEqualTo(SELDOM);
    }

    @Test
    void askSeldomForARightThatNeverWas() {
        assertThat(pause(after(Retries.NONE, DENIED, 4), DENIED)).isLessThanOrEqualTo(MOST);
        assertThat(pause(after(Retries.NONE, DENIED, 5), DENIED)).isGreaterThanOrEqualTo(SELDOM);
    }

    @Test
    void countDenialsInARowOnly() {
        Retries retries = after(Retries.NONE, DENIED, 4).failed(GONE).failed(DENIED);
        assertThat(retries.isDenied()).isFalse();
        assertThat(after(Retries.NONE, DENIED, 5).succeeded().failed(DENIED).isDenied())
                .isFalse();
    }

    @Test
    void grantTheServerTheTimeThatItAsksFor() {
        Answer busy = new Answer.Got(429, "", Optional.of(Duration.ofSeconds(45)));
        assertThat(pause(Retries.NONE.failed(busy), busy)).isEqualTo(Duration.ofSeconds(45));
    }
}
