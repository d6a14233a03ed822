package dev.pilotlight.pool.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.hostile.Mutations;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** What others than a leader may have written into a pool's ConfigMap. */
class HostilePlanTest {
    private static JsonObject plan() {
        return new Plan(
                        new JsonObject("{\"name\": \"p\", \"resourceVersion\": \"7\", \"labels\": {\"a\": \"b\"}}"),
                        8,
                        3,
                        "a-0",
                        6,
                        2,
                        new TreeSet<>(List.of("a-0", "b-1")),
                        "as it was")
                .object();
    }

    private static void isOneLine(String text) {
        assertThat(text).doesNotContainPattern("\\p{Cntrl}").hasSizeLessThan(2_100);
    }

    /** Whatever stands there: what is believed can be, and the next plan can be written over it. */
    @Test
    void aPlanIsReadOrRefusedOrIsNone() {
        Random chance = new Random(21);
        int read = 0;
        for (int i = 0; i < 2000; i++) {
            JsonObject said = Mutations.values(plan(), chance);
            PlanView view = PlanView.of(said);
            assertThat(view.metadata()).as(said.encode()).isNotNull();
            view.refused().ifPresent(HostilePlanTest::isOneLine);
            if (view.plan().isPresent()) {
                Plan plan = view.plan().get();
                assertThat(plan.term()).isBetween(0, PlanView.MOST_TERM);
                assertThat(plan.pods()).isBetween(0, 1_000_000);
                assertThat(plan.wanted()).isBetween(0, 1_000_000);
                plan.active().forEach(HostilePlanTest::isOneLine);
                isOneLine(plan.reason());
                isOneLine(plan.holder());
                assertThat(plan.object().encode()).isNotEmpty();
                read++;
            }
        }
        assertThat(read).isGreaterThan(500);
    }
}
