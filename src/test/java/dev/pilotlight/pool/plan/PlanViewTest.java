package dev.pilotlight.pool.plan;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is read of a pool's ConfigMap, which others than a leader may have written to. */
class PlanViewTest {
    private static final Plan PLAN = new Plan(
            new JsonObject("{\"name\": \"p\", \"resourceVersion\": \"7\"}"),
            8,
            3,
            "a-0",
            6,
            2,
            new TreeSet<>(List.of("a-0", "b-1")),
            "as it was");

    private static JsonObject with(String key, Object value) {
        JsonObject object = PLAN.object();
        object.getJsonObject("data").put(key, value);
        return object;
    }

    @Test
    void readsBackWhatALeaderWrote() {
        PlanView view = PlanView.of(PLAN.object());
        assertThat(view.plan()).contains(PLAN);
        assertThat(view.refused()).isEmpty();
        assertThat(view.immutable()).isFalse();
    }

    @Test
    void isNoPlanBeforeALeaderHasWrittenOne() {
        PlanView view = PlanView.of(new JsonObject("{\"metadata\": {\"name\": \"p\"}}"));
        assertThat(view.plan()).isEmpty();
        assertThat(view.refused()).isEmpty();
        assertThat(view.metadata()).isEqualTo(new JsonObject("{\"name\": \"p\"}"));
    }

    @Test
    void refusesATermThatCouldHaveNoSuccessor() {
        PlanView view = PlanView.of(with("term", "2147483647"));
        assertThat(view.plan()).isEmpty();
        assertThat(view.refused()).contains("its term is \"2147483647\", which no leader writes");
        assertThat(view.metadata())
                .as("so that the next plan can take its place")
                .isEqualTo(PLAN.metadata());
    }

    @ParameterizedTest
    @ValueSource(strings = {"generation", "term", "pods", "wanted"})
    void refusesANumberThatIsNone(String key) {
        for (String value : List.of("many", "", "-1", "1e3", "9223372036854775807", "99999999999999999999", "NaN")) {
            assertThat(PlanView.of(with(key, value)).refused()).as(value).isPresent();
        }
    }

    @Test
    void takesNothingForWhatHasAnotherTypeThanTheApiGivesIt() {
        assertThat(PlanView.of(new JsonObject("{\"data\": 3, \"metadata\": null, \"immutable\": \"yes\"}")))
                .isEqualTo(PlanView.of(new JsonObject()));
        Plan odd = PlanView.of(with("active", 4).put("x", 1)).plan().orElseThrow();
        assertThat(odd.active()).isEmpty();
    }

    @Test
    void readsNoNameThatIsNoneAndNoSecondLine() {
        Plan plan = PlanView.of(with("active", "a-0 B_1 \u001b[31m b-1 " + "x".repeat(300)))
                .plan()
                .orElseThrow();
        assertThat(plan.active()).containsExactly("a-0", "b-1");
        assertThat(PlanView.of(with("reason", "one\ntwo")).plan().orElseThrow().reason())
                .isEqualTo("one?two");
    }

    @Test
    void seesThatNothingCanBeWritten() {
        assertThat(PlanView.of(PLAN.object().put("immutable", true)).immutable())
                .isTrue();
    }
}
