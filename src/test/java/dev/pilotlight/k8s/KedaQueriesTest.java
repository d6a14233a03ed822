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
        assertQuery(series, query, at, "{ labels: '{}', value: %s }".formatted(value));
    }

    private void assertNoAnswer(String series, String query, String at) throws IOException {
        assertQuery(series, query, at, "");
    }

    private void assertQuery(String series, String query, String at, String sample) throws IOException {
        String test = """
                evaluation_interval: 1m
                tests:
                  - interval: 1m
                    input_series:
                %s
                    promql_expr_test:
                      - expr: 'round(%s, 0.001)'
                        eval_time: %s
                        exp_samples: [%s]
                """.formatted(series.indent(4), query, at, sample);
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

    /** Seven pods; two are seen, one more works on unseen, and four have just become ready. */
    @Test
    void podsWithoutALoadAreFullAtMost() throws IOException {
        String load = "k8s/autoscaling/keda/load/scaled-object.yaml";
        String pods = pod("vllm-0", 2, 40, 40) + pod("vllm-1", 2, 40, 40) + pod("vllm-2", 2, 10, 40);
        assertQuery(pods, trigger(load, 1).asText(), "8m", 6);
        assertQuery(pods, trigger(load, 1).asText(), "25m", 5);
        assertQuery(pods + justReady("vllm-3"), trigger(load, 1).asText(), "25m", 6);
        assertNoAnswer(
                pods + justReady("vllm-3") + justReady("vllm-4"),
                trigger(load, 1).asText(),
                "25m");
    }

    private static String justReady(String name) {
        return """
                  - { series: 'up{namespace="vllm",endpoint="pilotlight",pod="%1$s"}', values: '1x40' }
                  - { series: 'pilotlight_phase{namespace="vllm",phase="ready",pod="%1$s"}', values: '1x40' }
                """.formatted(name);
    }

    /** All are out of sight from minute 10 on, and one of them is back in minute 20, with all of the traffic. */
    @Test
    void theFirstPodAfterAFreezeDoesNotSpeakForAll() throws IOException {
        StringBuilder seven = new StringBuilder("""
                  - { series: 'up{namespace="vllm",endpoint="pilotlight",pod="vllm-0"}', values: '1x10 0x9 1x20' }
                  - { series: 'pilotlight_phase{namespace="vllm",phase="ready",pod="vllm-0"}', values: '1x10 stale _x8 1x20' }
                  - { series: 'pilotlight_load_ratio{namespace="vllm",pod="vllm-0"}', values: '0.8x10 stale _x8 5.6x20' }
                """);
        for (int i = 1; i < 7; i++) {
            seven.append(pod("vllm-" + i, 0.8, 10, 40));
        }
        for (int trigger : new int[] {0, 1}) {
            String load = trigger("k8s/autoscaling/keda/load/scaled-object.yaml", trigger)
                    .asText();
            assertQuery(seven.toString(), load, "8m", trigger == 0 ? 7.7 : 5.6);
            assertNoAnswer(seven.toString(), load, "15m");
            assertNoAnswer(seven.toString(), load, "25m");
        }
    }

    /** Of the pool that was scaled to zero, only the first pod is waited for without a load. */
    @Test
    void aPoolWithoutALoadIsNotEmpty() throws IOException {
        String query = trigger("k8s/autoscaling/keda/scale-to-zero/scaled-object.yaml", 1)
                .asText();
        assertQuery(deployment(0, 0), query, "5m", 0);
        assertQuery(deployment(1, 0), query, "5m", 0);
        assertNoAnswer(deployment(1, 1), query, "5m");
        assertNoAnswer(deployment(5, 0), query, "5m");
        assertNoAnswer("  - { series: 'other', values: '0x60' }\n", query, "5m");
    }

    private static String deployment(int replicas, int ready) {
        return """
                  - { series: 'kube_deployment_spec_replicas{namespace="vllm",deployment="vllm"}', values: '%dx60' }
                  - { series: 'kube_deployment_status_replicas_ready{namespace="vllm",deployment="vllm"}', values: '%dx60' }
                """.formatted(replicas, ready);
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
