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
                 "spec": {"containers": [{"name": "engine", "image": "vllm/vllm-openai", "args": [%s]}]},
                 "status": {"podIP": "10.0.0.7"}}""".formatted(arguments));
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

    /** It listens nowhere else: asked at 127.0.0.1, it would be taken for one that does not start. */
    @Test
    void isTheOneAddressThatTheServerListensAt() {
        String[] told = {
            "\"--host\", \"::1\"", "http://[::1]:8000",
            "\"--host=10.0.0.7\", \"--port\", \"9000\"", "http://10.0.0.7:9000",
            "\"--host\", \"$(POD_IP)\"", "http://10.0.0.7:8000",
            "\"--host\", \"node-a\"", "http://10.0.0.7:8000",
            "\"--host\", \":::::\"", "http://10.0.0.7:8000",
            "\"--host\", \"999.1.1.1\"", "http://10.0.0.7:8000",
            "\"--host\", \"::\"", "http://127.0.0.1:8000",
            "\"--host\", \"localhost\"", "http://127.0.0.1:8000"
        };
        for (int i = 0; i < told.length; i += 2) {
            assertThat(EngineAddress.of(UNSET, beside(told[i]))).as(told[i]).isEqualTo(URI.create(told[i + 1]));
        }
    }

    @Test
    void isTheDefaultWhileThePodIsNotSeen() {
        assertThat(EngineAddress.of(UNSET, ClusterView.NONE)).isEqualTo(DEFAULT);
    }
}
