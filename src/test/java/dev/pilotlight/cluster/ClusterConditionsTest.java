package dev.pilotlight.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.kube.Cached;
import dev.pilotlight.kube.KubeTally;
import dev.pilotlight.kube.Problem;
import dev.pilotlight.pod.OwnPod;
import dev.pilotlight.pool.plan.NamedPods;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** What is said of the API server, and when. */
class ClusterConditionsTest {
    private static final Instant START = Instant.parse("2026-11-25T10:00:00Z");
    private static final Optional<Problem> NONE = Optional.empty();
    private static final Optional<Problem> CUT = Optional.of(new Problem(true, "the watch broke off"));
    private static final Optional<Problem> DENIED = Optional.of(new Problem(false, "HTTP 403"));

    private ClusterConditions conditions = ClusterConditions.NONE;
    private Instant now = START;
    private final List<String> said = new ArrayList<>();

    /** A second in which the own pod's watch and the pool have these problems. */
    private void second(Optional<Problem> pod, Optional<Problem> pool, Optional<String> metadata) {
        ClusterConditions before = conditions;
        Cached<OwnPod> cached = new Cached<>(Map.of(), Optional.of(START), pod);
        ClusterView view = new ClusterView(
                Optional.of(cached),
                Optional.empty(),
                NamedPods.State.UNKNOWN,
                Optional.empty(),
                pool,
                Optional.empty(),
                KubeTally.EMPTY);
        conditions = conditions.advance(view, metadata, now);
        note("silence", before.silence(), conditions.silence());
        note("pool", before.pool(), conditions.pool());
        note("metadata", before.metadata(), conditions.metadata());
        now = now.plusSeconds(1);
    }

    private void note(String what, Debounced before, Debounced after) {
        if (before.problem().isPresent() != after.problem().isPresent()) {
            said.add(what + (after.problem().isPresent() ? " begins" : " ends"));
        }
    }

    private void seconds(int length, Optional<Problem> pod, Optional<Problem> pool) {
        for (int i = 0; i < length; i++) {
            second(pod, pool, Optional.empty());
        }
    }

    @Test
    void aServerThatIsAwayForFourSecondsIsNotSpokenOf() {
        seconds(4, CUT, NONE);
        seconds(60, NONE, NONE);
        assertThat(said).isEmpty();
    }

    /** A portal in front of an API server that was away: that is news of its own. */
    @Test
    void aStrangerIsSpokenOfThoughTheServerHasLongBeenSilent() {
        seconds(20, CUT, NONE);
        assertThat(conditions.stranger().problem()).isEmpty();
        seconds(20, Optional.of(new Problem(true, true, "a page")), NONE);
        assertThat(conditions.stranger().problem()).contains("a page");
    }

    @Test
    void whatIsBelievedIsTheNewestReason() {
        seconds(3, CUT, NONE);
        seconds(3, DENIED, NONE);
        assertThat(conditions.silence().problem()).contains("HTTP 403");
    }

    @Test
    void aServerThatComesBackHaltinglyIsBackOnce() {
        seconds(40, CUT, CUT);
        var chance = new SplittableRandom(1);
        for (int i = 0; i < 60; i++) {
            // As it starts it takes a watch, breaks it off, denies the lease and the patch, and then serves.
            second(
                    i % 4 == 3 || chance.nextInt(3) == 0 ? CUT : NONE,
                    chance.nextBoolean() ? DENIED : NONE,
                    chance.nextBoolean() ? Optional.of("HTTP 403") : Optional.empty());
        }
        seconds(60, NONE, NONE);
        assertThat(said).containsExactly("silence begins", "silence ends");
    }

    @Test
    void aServerThatHangsIsSeenByThePoolFirst() {
        seconds(130, NONE, CUT);
        seconds(60, CUT, CUT);
        seconds(60, NONE, NONE);
        assertThat(said).containsExactly("silence begins", "silence ends");
    }

    @Test
    void aRightThatIsMissingIsSaidOnceThoughTheWatchIsSound() {
        seconds(600, NONE, DENIED);
        assertThat(said).containsExactly("pool begins");
        assertThat(conditions.pool().problem()).contains("HTTP 403");
    }

    @Test
    void marksThatAreDeniedAreSaidOnce() {
        for (int i = 0; i < 600; i++) {
            second(NONE, NONE, Optional.of("HTTP 403"));
        }
        assertThat(said).containsExactly("metadata begins");
    }
}
