package dev.pilotlight.pool.role;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.engine.CacheConfig;
import dev.pilotlight.engine.EngineReading;
import dev.pilotlight.engine.EngineSnapshot;
import dev.pilotlight.engine.EngineTrack;
import dev.pilotlight.engine.HealthAnswer;
import dev.pilotlight.engine.Latencies;
import dev.pilotlight.engine.Rank;
import dev.pilotlight.engine.Sleep;
import dev.pilotlight.lifecycle.Phase;
import dev.pilotlight.pool.plan.NamedPods.State;
import dev.pilotlight.pool.plan.Plan;
import dev.pilotlight.signal.OwnTraffic;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeSet;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** The role of a pod of a managed pool that the plan does not name. */
class RoleTrackTest {
    private static final Instant NOW = Instant.parse("2026-11-25T12:00:00Z");
    private static final RolePolicy POLICY =
            new RolePolicy.Managed("self", Duration.ofSeconds(60), Duration.ofSeconds(60));

    private RoleTrack track = RoleTrack.begin(NOW);

    private String role(State named, Optional<String> labelled, String... active) {
        Plan plan = new Plan(new JsonObject(), 1, 1, "z", 3, 1, new TreeSet<>(List.of(active)), "");
        return role(Optional.of(plan), named, labelled);
    }

    private String role(Optional<Plan> plan, State named, Optional<String> labelled) {
        track = track.advance(
                new Phase.Ready(NOW, ""),
                EngineTrack.begin(NOW),
                OwnTraffic.NONE,
                true,
                POLICY,
                new RoleTrack.Inputs(plan, named, labelled),
                NOW);
        return track.role().orElseThrow().word();
    }

    private String role(State named) {
        return role(named, Optional.empty(), "a");
    }

    @Test
    void servesOnceNobodyWhoIsNamedHasForLongAndUntilSomebodyDoes() {
        assertThat(role(State.UNKNOWN)).isEqualTo("standby");
        assertThat(role(State.SERVING)).isEqualTo("standby");
        assertThat(role(State.SILENT)).isEqualTo("standby");
        assertThat(role(State.LOST)).isEqualTo("active");
        assertThat(role(State.SILENT)).as("until it is known").isEqualTo("active");
        assertThat(role(State.SERVING)).isEqualTo("standby");
    }

    @Test
    void goesOnServingAsTheSidecarBeforeItDidUntilSomebodyWhoIsNamedDoes() {
        assertThat(role(State.UNKNOWN, Optional.of("active"), "a")).isEqualTo("active");
        assertThat(role(State.SILENT)).isEqualTo("active");
        assertThat(role(State.SERVING)).isEqualTo("standby");
    }

    @Test
    void goesOnAsTheSidecarBeforeItWhereNoPlanIsInSight() {
        assertThat(role(Optional.empty(), State.UNKNOWN, Optional.of("active"))).isEqualTo("active");
        assertThat(role(Optional.empty(), State.UNKNOWN, Optional.of("active"))).isEqualTo("active");
        track = RoleTrack.begin(NOW);
        assertThat(role(Optional.empty(), State.UNKNOWN, Optional.of("standby")))
                .isEqualTo("standby");
    }

    @Test
    void doesNotTakeAnOldLabelForItsRole() {
        assertThat(role(State.SERVING, Optional.of("active"), "a")).isEqualTo("standby");
        assertThat(role(State.UNKNOWN, Optional.of("active"), "a"))
                .as("the label is not written yet")
                .isEqualTo("standby");
    }

    @Test
    void servesWhileItIsNamedWhoeverElseDoes() {
        assertThat(role(State.SERVING, Optional.empty(), "self")).isEqualTo("active");
        assertThat(role(State.SERVING)).as("and stands by at the word").isEqualTo("standby");
    }

    /** A sidecar that only says whether its pod is on traffic. */
    @Nested
    class WhereItOnlyReports {
        private static final RolePolicy OBSERVE = new RolePolicy.Observe(Duration.ofSeconds(60));

        private Instant now = NOW;
        private EngineTrack engine = EngineTrack.begin(NOW);

        private String second(double running, double waiting, double successes, OwnTraffic own) {
            return second(running, waiting, successes, own, true);
        }

        private String second(double running, double waiting, double successes, OwnTraffic own, boolean isIdleKnown) {
            now = now.plusSeconds(1);
            engine = engine.advance(page(now, running, waiting, successes, OptionalDouble.empty()));
            return role(isIdleKnown, own);
        }

        private String role(boolean isIdleKnown, OwnTraffic own) {
            track = track.advance(
                    new Phase.Ready(NOW, ""), engine, own, isIdleKnown, OBSERVE, RoleTrack.Inputs.NOTHING, now);
            return track.role().orElseThrow().word();
        }

        private static EngineReading page(
                Instant at, double running, double waiting, double successes, OptionalDouble inFlight) {
            OptionalDouble none = OptionalDouble.empty();
            Rank rank = new Rank(
                    "0", running, waiting, none, none, none, OptionalDouble.of(successes), none, none, none, none);
            EngineSnapshot snapshot = new EngineSnapshot(
                    List.of(rank),
                    List.of(),
                    OptionalDouble.of(1000),
                    CacheConfig.UNKNOWN,
                    Sleep.UNKNOWN,
                    Latencies.NONE);
            return new EngineReading.Answered(
                    at,
                    snapshot,
                    new HealthAnswer.Healthy(),
                    Optional.empty(),
                    "",
                    inFlight,
                    EngineReading.Pause.UNKNOWN,
                    "whole");
        }

        private void quiet(int seconds, String until, double successes) {
            for (int i = 0; i < seconds; i++) {
                assertThat(second(0, 0, successes, OwnTraffic.NONE))
                        .as("second %d", i)
                        .isEqualTo(until);
            }
        }

        @Test
        void standsByAMinuteAfterTheLastRequestAndNotASecondBefore() {
            assertThat(second(1, 0, 0, OwnTraffic.NONE)).isEqualTo("active");
            quiet(59, "active", 0);
            assertThat(track.isOnTraffic(OBSERVE, now)).isTrue();
            quiet(1, "standby", 0);
            assertThat(track.isOnTraffic(OBSERVE, now)).isFalse();
            assertThat(track.flippedAt()).contains(now);
            Instant flipped = now;
            quiet(10, "standby", 0);
            assertThat(track.flippedAt()).as("once").contains(flipped);
        }

        @Test
        void countsFromWhenItWasReadyWhereNothingEverCame() {
            quiet(59, "active", 0);
            quiet(1, "standby", 0);
        }

        @Test
        void servesAtTheFirstRequestSeenRunningOrWaitingOrEndedBetweenTwoReadings() {
            quiet(59, "active", 0);
            quiet(1, "standby", 0);
            assertThat(second(0, 1, 0, OwnTraffic.NONE)).as("waits").isEqualTo("active");
            quiet(59, "active", 0);
            quiet(1, "standby", 0);
            assertThat(second(0, 0, 1, OwnTraffic.NONE)).as("came and went").isEqualTo("active");
            quiet(59, "active", 1);
            quiet(1, "standby", 1);
            now = now.plusSeconds(1);
            engine = engine.advance(page(now, 0, 0, 1, OptionalDouble.of(2)));
            assertThat(role(true, OwnTraffic.NONE)).as("on /load alone").isEqualTo("active");
        }

        @Test
        void takesItsOwnRequestsForNobodysTraffic() {
            quiet(59, "active", 0);
            quiet(1, "standby", 0);
            assertThat(second(1, 0, 0, new OwnTraffic(1, 1))).isEqualTo("standby");
            assertThat(second(0, 0, 1, new OwnTraffic(1, 0))).isEqualTo("standby");
            assertThat(second(2, 0, 1, new OwnTraffic(2, 1)))
                    .as("and somebody's")
                    .isEqualTo("active");
        }

        @Test
        void isNoStandbyWhereNobodyCanSeeWhetherItIsIdle() {
            for (int i = 0; i < 300; i++) {
                assertThat(second(0, 0, 0, OwnTraffic.NONE, false)).isEqualTo("active");
            }
        }

        @Test
        void isThereInTheReadyPhaseAlone() {
            quiet(1, "active", 0);
            track = track.advance(
                    new Phase.Draining(now), engine, OwnTraffic.NONE, true, OBSERVE, RoleTrack.Inputs.NOTHING, now);
            assertThat(track.role()).isEmpty();
        }
    }

    /** A ready pod of a managed pool that sees no plan. */
    @Test
    void servesAfterAMinuteWithoutAPlanAndNotBefore() {
        Instant now = NOW;
        for (int second = 0; second <= 60; second++) {
            track = track.advance(
                    new Phase.Ready(NOW, ""),
                    EngineTrack.begin(NOW),
                    OwnTraffic.NONE,
                    true,
                    POLICY,
                    RoleTrack.Inputs.NOTHING,
                    now);
            assertThat(track.role().orElseThrow().word()).isEqualTo(second < 60 ? "standby" : "active");
            now = now.plusSeconds(1);
        }
    }
}
