package dev.pilotlight.k8s;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pilotlight.process.Await;
import dev.pilotlight.process.Child;
import dev.pilotlight.process.PackagedSidecar;
import dev.pilotlight.process.PrometheusServer;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What {@code make run} runs, a real Prometheus that scrapes it, and every query of the dashboard asked of that. */
@Tag("dashboard")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class DashboardIT {
    private static final Path DASHBOARD = Path.of("k8s/monitoring/dashboard.json");

    /** From the start of all, over a load, a warm-up and the first wave of traffic. */
    private static final Duration FIRST_WAVE = Duration.ofMinutes(2);

    /** What Grafana and the PodMonitor put in for a pod called vllm-0. */
    private static final Map<String, String> VARIABLES = Map.of(
            "$namespace", "vllm",
            "$pod", ".*",
            "$slo", "2.5",
            "$__range", "5m",
            "$__rate_interval", "1m");

    private Child demo;
    private PrometheusServer prometheus;

    @BeforeAll
    void run(@TempDir Path home) throws URISyntaxException {
        int port = PackagedSidecar.freePort();
        demo = new Child(
                List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        Path.of(DashboardIT.class
                                        .getProtectionDomain()
                                        .getCodeSource()
                                        .getLocation()
                                        .toURI())
                                .toString(),
                        "dev.pilotlight.simulator.Demo",
                        "--sidecar-jar",
                        "target/quarkus-app/quarkus-run.jar",
                        "--port",
                        Integer.toString(port)),
                Map.of(),
                home.resolve("demo.log"),
                false);
        prometheus = PrometheusServer.start(
                home.resolve("prometheus"), """
                global: { scrape_interval: 1s }
                scrape_configs:
                  - job_name: vllm/pilotlight
                    static_configs:
                      - targets: ['127.0.0.1:%d']
                        labels: { namespace: vllm, pod: vllm-0 }
                  - job_name: vllm/vllm
                    static_configs:
                      - targets: ['%s']
                        labels: { namespace: vllm, pod: vllm-0 }
                """.formatted(port, engine(home.resolve("demo.log"))));
    }

    /** Host and port of the simulated engine, which the demo says first of all. */
    private static String engine(Path log) {
        Pattern greeting = Pattern.compile("beside a simulated engine, http://(\\S+)");
        return Await.until(
                        "the demo says where its engine is",
                        FIRST_WAVE,
                        () -> greeting.matcher(Kustomization.read(log))
                                .results()
                                .map(found -> found.group(1))
                                .findFirst(),
                        Optional::isPresent)
                .orElseThrow();
    }

    @AfterAll
    void end() throws InterruptedException {
        prometheus.close();
        // Not by force: it ends its sidecar first.
        Child.signal("TERM", demo.process().pid());
        demo.endsWithin(Duration.ofSeconds(10));
        demo.close();
    }

    record Query(String panel, String expression) {
        @Override
        public String toString() {
            return panel + ": " + expression.replaceAll("\\s+", " ");
        }
    }

    static Stream<Query> queries() {
        return Kustomization.each(dashboard().path("panels")).flatMap(panel -> Kustomization.each(panel.path("targets"))
                .map(target -> new Query(
                        panel.path("title").asText(),
                        withValues(target.path("expr").asText()))));
    }

    private static JsonNode dashboard() {
        return Kustomization.documents(Kustomization.read(DASHBOARD)).getFirst();
    }

    private static String withValues(String expression) {
        // The longest first: $__rate_interval begins like $__range.
        return VARIABLES.keySet().stream()
                .sorted((left, right) -> right.length() - left.length())
                .reduce(expression, (text, variable) -> text.replace(variable, VARIABLES.get(variable)));
    }

    @ParameterizedTest
    @MethodSource("queries")
    void hasData(Query query) {
        assertThat(query.expression()).doesNotContain("$");
        Await.until(query.toString(), FIRST_WAVE, () -> prometheus.query(query.expression()), found -> found.stream()
                .anyMatch(DashboardIT::isNumber));
    }

    private static boolean isNumber(JsonObject series) {
        return !Double.isNaN(
                Double.parseDouble(series.getJsonArray("value").getString(1).replace("Inf", "Infinity")));
    }

    @Test
    void answersTheFiveQuestionsInTheirOrder() {
        assertThat(Kustomization.each(dashboard().path("panels"))
                        .filter(panel -> panel.path("type").asText().equals("row"))
                        .map(row -> row.path("title").asText()))
                .containsExactly(
                        "Is it fast enough?",
                        "How full?",
                        "Who is active?",
                        "What did the last hour cost, and who was late?",
                        "What did the last scale-out cost?");
    }

    /** A row of Grafana's grid is 38 pixels high; with its menus a screen of 1200 lines holds 30. */
    @Test
    void fitsOnOneScreen() {
        assertThat(Kustomization.each(dashboard().path("panels"))
                        .map(panel -> panel.path("gridPos"))
                        .mapToInt(place ->
                                place.path("y").asInt() + place.path("h").asInt()))
                .allSatisfy(end -> assertThat(end).isLessThanOrEqualTo(30));
    }

    @Test
    void offersTheNamespacesAndPods() {
        Await.until(
                "the namespace on offer",
                FIRST_WAVE,
                () -> prometheus.values("namespace", "pilotlight_phase"),
                List.of("vllm")::equals);
        Await.until(
                "the pod on offer",
                FIRST_WAVE,
                () -> prometheus.values("pod", "pilotlight_phase{namespace=\"vllm\"}"),
                List.of("vllm-0")::equals);
    }

    /** Nothing is wrong in the demo, so there is no alert to mark; the query must be one all the same. */
    @Test
    void marksAlertsByAQueryThatPrometheusTakes() throws IOException, InterruptedException {
        String alerts = dashboard().at("/annotations/list/0/expr").asText();
        assertThat(prometheus.query(withValues(alerts))).isEmpty();
    }
}
