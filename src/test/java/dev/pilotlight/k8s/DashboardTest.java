package dev.pilotlight.k8s;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pilotlight.process.Program;
import dev.pilotlight.process.Said;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the dashboard says of an hour that is known: its queries, asked by promtool. Skipped where there is none. */
class DashboardTest {
    private static final Path DASHBOARD = Path.of("k8s/monitoring/dashboard.json");

    /**
     * Pod a has two GPUs for the whole hour, pod b one for half of it; c's cannot be seen, and it came 12 minutes ago. Of a's 1,200 requests
     * a quarter were late, of b's 300 none; elsewhere is another namespace.
     */
    private static final String HOUR = """
            rule_files: []
            evaluation_interval: 15s
            tests:
              - interval: 15s
                input_series:
                  - { series: 'pilotlight_phase{namespace="vllm",pod="a",phase="ready"}', values: '1x244' }
                  - { series: 'pilotlight_phase{namespace="vllm",pod="a",phase="warming"}', values: '0x244' }
                  - { series: 'pilotlight_gpu_memory_used_ratio{namespace="vllm",pod="a",gpu="0"}', values: '0.9x244' }
                  - { series: 'pilotlight_gpu_memory_used_ratio{namespace="vllm",pod="a",gpu="1"}', values: '0.9x244' }
                  - { series: 'pilotlight_phase{namespace="vllm",pod="b",phase="ready"}', values: '1x124 stale' }
                  - { series: 'pilotlight_gpu_memory_used_ratio{namespace="vllm",pod="b",gpu="0"}', values: '0.9x124 stale' }
                  - { series: 'pilotlight_phase{namespace="vllm",pod="c",phase="warming"}', values: '_x196 1x48' }
                  - { series: 'pilotlight_phase{namespace="elsewhere",pod="d",phase="ready"}', values: '1x244' }
                  - { series: 'vllm:time_to_first_token_seconds_count{namespace="vllm",pod="a"}', values: '0+5x244' }
                  - { series: 'vllm:time_to_first_token_seconds_bucket{namespace="vllm",pod="a",le="2.5"}', values: '0+3.75x244' }
                  - { series: 'vllm:time_to_first_token_seconds_bucket{namespace="vllm",pod="a",le="5.0"}', values: '0+5x244' }
                  - { series: 'vllm:time_to_first_token_seconds_count{namespace="vllm",pod="b"}', values: '0+1.25x244' }
                  - { series: 'vllm:time_to_first_token_seconds_bucket{namespace="vllm",pod="b",le="2.5"}', values: '0+1.25x244' }
                promql_expr_test:
            """;

    private static String expression(String panel) {
        List<JsonNode> found = Kustomization.each(Kustomization.documents(Kustomization.read(DASHBOARD))
                        .getFirst()
                        .path("panels"))
                .filter(it -> it.path("title").asText().equals(panel))
                .toList();
        assertThat(found).as(panel).hasSize(1);
        return found.getFirst()
                .at("/targets/0/expr")
                .asText()
                .replace("$namespace", "vllm")
                .replace("$pod", ".*")
                .replace("$slo", "2.5");
    }

    /** One sample of a query, to twentieths: Prometheus 2 counts one step more in a range than Prometheus 3. */
    private static String expects(String panel, Map<String, Double> samples) {
        StringBuilder test =
                new StringBuilder("      - expr: 'round(%s, 0.05)'\n        eval_time: 61m\n        exp_samples:\n"
                        .formatted(expression(panel)));
        samples.forEach(
                (labels, value) -> test.append("          - { labels: '%s', value: %s }\n".formatted(labels, value)));
        return test.toString();
    }

    @Test
    void saysWhatTheLastHourCostAndWhoWasLate(@TempDir Path folder) throws IOException {
        String test = HOUR
                + expects("GPU-hours of the last hour", Map.of("{}", 2 * 1 + 0.5 + 0.2))
                + expects("Late in the last hour", Map.of("{}", 0.2))
                + expects("Late by pod, last hour", Map.of("{pod=\"a\"}", 0.25, "{pod=\"b\"}", 0.0));
        Said said = Program.PROMTOOL.run(
                "test",
                "rules",
                Files.writeString(folder.resolve("hour.test.yaml"), test).toString());
        assertThat(said.code()).as(said.output()).isZero();
    }
}
