package dev.pilotlight.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.kube.Cached;
import dev.pilotlight.kube.KubeTally;
import dev.pilotlight.pod.OwnPod;
import dev.pilotlight.pool.plan.NamedPods;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Where the engine is looked for: what somebody configured comes first, then what the container's own arguments say. */
class EngineAddressTest {
    private static final URI DEFAULT = URI.create("http://127.0.0.1:8000");
    private static final Optional<URI> UNSET = Optional.empty();

    private static ClusterView beside(String arguments) {
        JsonObject pod = new JsonObject("""
                {"metadata": {"name": "a", "resourceVersion": "1"},
                 "spec": {"containers": [{"name": "engine", "image": "vllm/vllm-openai", "args": [%s]}]}}""".formatted(arguments));
        Cached<OwnPod> cached = new Cached<>(
                Map.of("a", new Cached.Item<>("1", OwnPod.of(pod, Optional.empty()))),
                Optional.of(Instant.EPOCH),
                Optional.empty());
        return new ClusterView(
                Optional.of(cached),
                Optional.empty(),
                NamedPods.State.UNKNOWN,
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                KubeTally.EMPTY);
    }

    @Test
    void isThePortOfTheContainersArgumentsWhereNothingIsConfigured() {
        assertThat(EngineAddress.of(UNSET, beside("\"--port\", \"9000\"")))
                .isEqualTo(URI.create("http://127.0.0.1:9000"));
        assertThat(EngineAddress.of(UNSET, beside("\"--port=9000\""))).isEqualTo(URI.create("http://127.0.0.1:9000"));
    }

    @Test
    void isWhatIsConfiguredWhateverTheArgumentsSay() {
        for (URI configured : List.of(URI.create("https://engine.example:8443/llm"), DEFAULT)) {
            assertThat(EngineAddress.of(Optional.of(configured), beside("\"--port\", \"9000\"")))
                    .isEqualTo(configured);
        }
    }

    @Test
    void isTheDefaultWhereTheArgumentsNameNoPortThatCanBeRead() {
        for (String arguments : new String[] {"", "\"--model\", \"tiny\"", "\"--port\", \"$(PORT)\"", "\"--port\""}) {
            assertThat(EngineAddress.of(UNSET, beside(arguments))).as(arguments).isEqualTo(DEFAULT);
        }
    }

    @Test
    void isTheDefaultWhileThePodIsNotSeen() {
        assertThat(EngineAddress.of(UNSET, ClusterView.NONE)).isEqualTo(DEFAULT);
    }
}
