package dev.pilotlight.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The one fatal mistake of mode observe is found, and no other Service is taken for it. */
class ServiceCheckTest {
    private static Optional<String> warning(String selector) {
        return ServiceCheck.warning(
                List.of(new JsonObject("{\"metadata\": {\"name\": \"llm\"}, \"spec\": {" + selector + "}}")),
                Map.of("app", "vllm"));
    }

    @Test
    void warnsOfAServiceOfThisPodThatSelectsOnTheRole() {
        assertThat(warning("\"selector\": {\"app\": \"vllm\", \"pilotlight.dev/role\": \"active\"}"))
                .hasValueSatisfying(it -> assertThat(it).contains("Service llm", "pilotlight.pool.mode=managed"));
    }

    @Test
    void saysNothingOfOtherServices() {
        assertThat(warning("\"selector\": {\"app\": \"vllm\"}")).isEmpty();
        assertThat(warning("\"selector\": {\"app\": \"other\", \"pilotlight.dev/role\": \"active\"}"))
                .isEmpty();
        assertThat(warning("\"type\": \"ExternalName\"")).isEmpty();
        assertThat(warning("\"selector\": null")).isEmpty();
        assertThat(warning("\"selector\": {\"app\": null, \"pilotlight.dev/role\": \"active\"}"))
                .isEmpty();
    }
}
