package dev.pilotlight.k8s;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pilotlight.process.Program;
import dev.pilotlight.process.Said;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the queries of the ScaledObjects come to where a real KEDA was once misled by them, asked by promtool. Skipped where there is none. */
class KedaQueriesTest {
    private static final String REQUESTS =
            "istio_requests_total{reporter=\"source\",destination_service_namespace=\"vllm\",destination_service_name=\"vllm\",source=\"%s\"}";

    @TempDir
    private Path folder;

    private static JsonNode trigger(String manifest, int index) {
        return Kustomization.documents(Kustomization.read(Path.of(manifest)))
                .getFirst()
                .at("/spec/triggers/" + index + "/metadata/query");
    }

    private static String pod(String name, double load, int reachableMinutes, int minutes) {
        String hidden = reachableMinutes < minutes ? " stale" : "";
        return ("""
                  - { series: 'up{namespace="vllm",endpoint="pilotlight",pod="%1$s"}', values: '1x%3$d 0x%4$d' }
                  - { series: 'up{namespace="vllm",endpoint="http",pod="%1$s"}', values: '1x%3$d 0x%4$d' }
                  - { series: 'pilotlight_phase{namespace="vllm",phase="ready",pod="%1$s"}', values: '1x%3$d%5$s' }
                  - { series: 'pilotlight_load_ratio{namespace="vllm",pod="%1$s"}', values: '%2$sx%3$d%5$s' }
                """).formatted(name, load, reachableMinutes, minutes - reachableMinutes, hidden);
    }

    private void assertQuery(String series, String query, String at, double value) throws IOException {
        String test = """
                evaluation_interval: 1m
                tests:
                  - interval: 1m
                    input_series:
                %s
                    promql_expr_test:
                      - expr: 'round(%s, 0.001)'
                        eval_time: %s
                        exp_samples:
                          - { labels: '{}', value: %s }
                """.formatted(series.indent(4), query, at, value);
        Said said = Program.PROMTOOL.run(
                "test",
                "rules",
                Files.writeString(folder.resolve("keda.test.yaml"), test).toString());
        assertThat(said.code()).as(said.output()).isZero();
    }

    /** Seven pods at 0.8, of which three can not be reached since minute 10: they work on. */
    @Test
    void podsThatPrometheusLosesSightOfAreNotIdle() throws IOException {
        StringBuilder seven = new StringBuilder();
        for (int i = 0; i < 7; i++) {
            seven.append(pod("vllm-" + i, 0.8, i < 4 ? 40 : 10, 40));
        }
        // One that never was ready, and is not reached either, is none of them.
        seven.append(
                "  - { series: 'up{namespace=\"vllm\",endpoint=\"pilotlight\",pod=\"vllm-7\"}', values: '0x40' }\n");
        String load = "k8s/autoscaling/keda/load/scaled-object.yaml";
        assertQuery(seven.toString(), trigger(load, 0).asText(), "8m", 7.7);
        assertQuery(seven.toString(), trigger(load, 0).asText(), "25m", 7.7);
        assertQuery(seven.toString(), trigger(load, 1).asText(), "25m", 5.6);
        assertQuery(
                seven.toString(),
                trigger("k8s/autoscaling/keda/scale-to-zero/scaled-object.yaml", 1)
                        .asText(),
                "25m",
                5.6);
        assertQuery(
                seven.toString(),
                trigger("k8s/schedule/keda/scaled-object.yaml", 0).asText(),
                "25m",
                7.7);
    }

    /** The series of a client begins with its first request, at 1. */
    @Test
    void theFirstRequestOfAClientWakesThePool() throws IOException {
        String query = trigger("k8s/autoscaling/keda/scale-to-zero/scaled-object.yaml", 0)
                .asText();
        String series = "  - { series: '%s', values: '7x60' }\n".formatted(REQUESTS.formatted("known"))
                + "  - { series: '%s', values: '_x19 1x40' }\n".formatted(REQUESTS.formatted("new"));
        assertQuery(series, query, "18m", 0);
        assertQuery(series, query, "20m", 1);
        assertQuery(series, query, "30m", 0);
        assertQuery("  - { series: 'other', values: '0x60' }\n", query, "20m", 0);
    }

    /** A gateway that Prometheus did not reach for twenty minutes has no new clients. */
    @Test
    void seriesThatComeBackWakeNobody() throws IOException {
        String series = "  - { series: '%s', values: '7x10 _x20 7x40' }\n".formatted(REQUESTS.formatted("known"));
        assertQuery(
                series,
                trigger("k8s/autoscaling/keda/scale-to-zero/scaled-object.yaml", 0)
                        .asText(),
                "32m",
                0);
    }
}
