package dev.pilotlight.pod.metadata;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.kube.Names;
import dev.pilotlight.lifecycle.Phase;
import dev.pilotlight.pod.EarlierEnds;
import dev.pilotlight.pod.OwnPod;
import dev.pilotlight.pool.role.Role;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/** When a pod is marked, and that it is not when there is nothing to say. */
class MetadataTrackTest {
    private static final Instant START = Instant.parse("2026-01-05T10:00:00Z");

    private final Map<String, String> labels = new HashMap<>();
    private final Map<String, String> annotations = new HashMap<>();
    private int version = 1;
    private Instant now = START;
    private MetadataTrack track = MetadataTrack.begin(START);
    private Optional<PatchOutcome> outcome = Optional.empty();

    private Optional<MetadataPatch> second(Phase phase, Optional<Role> role, double load, boolean onTraffic) {
        now = now.plusSeconds(1);
        OwnPod pod = new OwnPod(
                "u",
                Integer.toString(version),
                labels,
                annotations,
                Set.of(),
                false,
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                EarlierEnds.NONE,
                Optional.empty());
        track = track.advance(
                new DesiredMetadata.Inputs(phase, role, OptionalDouble.of(load), onTraffic, Optional.empty()),
                Optional.of(pod),
                outcome,
                MetadataPolicy.DEFAULT,
                now);
        return track.due();
    }

    private Optional<MetadataPatch> active(double load) {
        return second(new Phase.Ready(START, "warm"), Optional.of(new Role.Active(START)), load, true);
    }

    /** The API server takes it. */
    private void apply(MetadataPatch patch) {
        version++;
        put(labels, patch.labels());
        put(annotations, patch.annotations());
        outcome = Optional.of(new PatchOutcome.Applied(track.attempts(), now));
    }

    private static void put(Map<String, String> there, Map<String, Optional<String>> changes) {
        changes.forEach((key, value) -> value.ifPresentOrElse(it -> there.put(key, it), () -> there.remove(key)));
    }

    @Test
    void costsNoWriteInTenMinutesOfALoadThatVariesInsideItsBand() {
        RandomGenerator chance = new SplittableRandom(6);
        for (int second = 0; second < 60; second++) {
            active(0.4).ifPresent(this::apply);
        }
        assertThat(annotations).containsEntry(Names.DELETION_COST, "50");
        for (int second = 0; second < 600; second++) {
            assertThat(active(0.15 + 0.6 * chance.nextDouble())).isEmpty();
        }
    }

    @Test
    void writesACostOnceItsBandHasHeld() {
        for (int second = 0; second < 60; second++) {
            active(0.4).ifPresent(this::apply);
        }
        for (int second = 0; second < 30; second++) {
            assertThat(active(0.9)).isEmpty();
        }
        assertThat(active(0.9)).hasValueSatisfying(patch -> assertThat(patch.annotations())
                .containsEntry(Names.DELETION_COST, Optional.of("100"))
                .containsEntry(Names.LOAD, Optional.of("0.9")));
    }

    @Test
    void costsNoWriteWhereTheLoadFallsALittleBelowTheEdgeOfItsBand() {
        for (double edge : new double[] {MetadataPolicy.DEFAULT.fullFrom(), MetadataPolicy.DEFAULT.workingFrom()}) {
            held(edge);
            for (int second = 0; second < 100; second++) {
                assertThat(active(edge - 0.04)).as("%s", edge).isEmpty();
            }
            String before = annotations.get(Names.DELETION_COST);
            held(edge - 0.06);
            assertThat(annotations.get(Names.DELETION_COST)).as("%s", edge).isNotEqualTo(before);
        }
    }

    private void held(double load) {
        for (int second = 0; second < 60; second++) {
            active(load).ifPresent(this::apply);
        }
    }

    @Test
    void sendsNothingWhileOneIsOut() {
        assertThat(active(0.4)).isPresent();
        for (int second = 0; second < 100; second++) {
            assertThat(active(0.4)).isEmpty();
        }
    }

    @Test
    void waitsAfterAConflictForThePodAsItIsNow() {
        assertThat(active(0.4)).isPresent();
        outcome = Optional.of(new PatchOutcome.Conflict(track.attempts(), now));
        assertThat(active(0.4)).isEmpty();
        version++;
        assertThat(active(0.4)).isPresent();
    }

    @Test
    void triesAgainWhenTheApiServerIsToBeAskedAgain() {
        assertThat(active(0.4)).isPresent();
        outcome = Optional.of(new PatchOutcome.Failed(track.attempts(), now.plusSeconds(10), true, "403: no"));
        for (int second = 0; second < 9; second++) {
            assertThat(active(0.4)).isEmpty();
            assertThat(track.trouble()).contains("403: no");
        }
        assertThat(active(0.4)).isPresent();
    }

    @Test
    void doesNotRaceWithSomebodyWhoTakesItsMarksAway() {
        for (int second = 0; second < 60; second++) {
            active(0.4).ifPresent(this::apply);
        }
        int writes = 0;
        for (int second = 0; second < 600; second++) {
            if (labels.remove(Names.ROLE) != null) {
                version++;
            }
            Optional<MetadataPatch> patch = active(0.4);
            patch.ifPresent(this::apply);
            writes += patch.isPresent() ? 1 : 0;
        }
        assertThat(writes).isBetween(5, 11);
    }

    @Test
    void marksAPodThatLoadsAsNotToBeDisruptedAndTakesTheRoleAwayWhenItLeaves() {
        second(new Phase.Starting(START, "nothing listens"), Optional.empty(), 0, false)
                .ifPresent(this::apply);
        assertThat(labels).containsEntry(Names.PHASE, "starting").doesNotContainKey(Names.ROLE);
        assertThat(annotations).containsEntry(Names.SAFE_TO_EVICT, "false").containsEntry(Names.DO_NOT_DISRUPT, "true");
        second(new Phase.Ready(START, "warm"), Optional.of(new Role.Standby(START)), 0, false)
                .ifPresent(this::apply);
        assertThat(labels).containsEntry(Names.ROLE, "standby");
        assertThat(annotations).doesNotContainKeys(Names.SAFE_TO_EVICT, Names.DO_NOT_DISRUPT);
        second(new Phase.Draining(START), Optional.empty(), 0, false).ifPresent(this::apply);
        assertThat(labels).containsEntry(Names.PHASE, "draining").doesNotContainKey(Names.ROLE);
    }

    @Test
    void marksAPodThatDrainsAsNotToBeDisruptedUntilItsRequestsAreDone() {
        second(new Phase.Draining(START), Optional.empty(), 0.5, true).ifPresent(this::apply);
        assertThat(annotations).containsEntry(Names.SAFE_TO_EVICT, "false").containsEntry(Names.DO_NOT_DISRUPT, "true");
        second(new Phase.Draining(START), Optional.empty(), 0, false).ifPresent(this::apply);
        assertThat(annotations).doesNotContainKeys(Names.SAFE_TO_EVICT, Names.DO_NOT_DISRUPT);
    }

    @Test
    void waitsAMomentBesideAnEngineThatItsPredecessorHasMarked() {
        labels.put(Names.PHASE, "ready");
        for (int second = 0; second < 4; second++) {
            assertThat(second(new Phase.Starting(START, "not read yet"), Optional.empty(), 0, false))
                    .isEmpty();
        }
        assertThat(Duration.between(START, now)).isEqualTo(Duration.ofSeconds(4));
    }
}
