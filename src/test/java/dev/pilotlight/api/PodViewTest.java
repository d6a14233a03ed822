package dev.pilotlight.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pilotlight.pool.plan.Plan;
import io.vertx.core.json.EncodeException;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class PodViewTest {
    @Test
    void writesThePlanOfAPool() {
        Plan plan = new Plan(new JsonObject(), 7, 2, "vllm-b", 3, 2, new TreeSet<>(List.of("vllm-b", "vllm-a")), "why");
        assertThat(new JsonObject(PodView.plan(plan)).encode()).isEqualTo("""
                {"generation":7,"leader":"vllm-b","term":2,"reason":"why","active":["vllm-a","vllm-b"]}""");
    }

    /** The image has no databind; here it is on the class path. */
    @Test
    void isWrittenAsInTheImage() {
        assertThatThrownBy(() -> new JsonObject(Map.of("active", Set.of("vllm-a"))).encode())
                .isInstanceOf(EncodeException.class);
    }
}
