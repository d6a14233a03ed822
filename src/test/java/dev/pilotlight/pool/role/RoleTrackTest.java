package dev.pilotlight.pool.role;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.engine.EngineTrack;
import dev.pilotlight.lifecycle.Phase;
import dev.pilotlight.pool.plan.NamedPods.State;
import dev.pilotlight.pool.plan.Plan;
import dev.pilotlight.signal.OwnTraffic;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
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
}
