package dev.pilotlight.replay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pilotlight.hpa.HpaManifest;
import dev.pilotlight.hpa.HpaSpec;
import dev.pilotlight.hpa.MetricTarget;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class PromQueryTest {
    @ParameterizedTest
    @CsvSource({
        "1 + 2 * 3, 7",
        "(1 + 2) * 3, 9",
        "'clamp_max(9, 4) / 2', 2",
        "1 + 2 <= 3, 3",
        "2 <= 3, 2",
        "(4 <= 3) or vector(5), 5",
        "vllm:num_requests_waiting or vector(5), 5"
    })
    void computes(String query, double expected) {
        assertThat(new PromQuery(query).value(List.of(), 0)).isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "sum(vllm:num_requests_waiting",
                "histogram_quantile(0.9, vllm:num_requests_waiting)",
                "sum(unknown_metric)"
            })
    void refusesWhatItDoesNotKnow(String query) {
        assertThatThrownBy(() -> new PromQuery(query)).isInstanceOf(IllegalArgumentException.class);
    }

    /** Not those that ask something other than the pods: a mesh, or the sidecar itself. */
    static Stream<Path> manifests() throws IOException {
        try (Stream<Path> files = Files.walk(Path.of("k8s/autoscaling"))) {
            return files
                    .filter(file -> file.toString().matches(".*(hpa|scaled-object)\\.yaml"))
                    .filter(file -> !file.toString().matches(".*(without-prometheus|scale-to-zero).*"))
                    .sorted()
                    .toList()
                    .stream();
        }
    }

    @ParameterizedTest
    @MethodSource("manifests")
    void readsWhatTheManifestsAskFor(Path manifest) {
        HpaSpec spec = HpaManifest.read(manifest);
        Prometheus empty = new Prometheus(15, 0);
        for (MetricTarget target : spec.metrics()) {
            switch (target) {
                case MetricTarget.Pods pods ->
                    assertThat(empty.pods(pods.metric())).isEmpty();
                case MetricTarget.PerReplica _, MetricTarget.Whole _ -> empty.external(target.metric());
            }
        }
    }
}
