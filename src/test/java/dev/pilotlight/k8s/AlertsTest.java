package dev.pilotlight.k8s;

import static java.util.stream.Collectors.toSet;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pilotlight.process.Program;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The alerts as Prometheus itself understands them, and what a person on call finds behind each. */
class AlertsTest {
    private static final Path RULE = Path.of("k8s/monitoring/prometheus-rule.yaml");
    private static final Path CASES = Path.of("src/test/resources/promtool/alerts.test.yaml");

    static Stream<JsonNode> alerts() {
        return groups().flatMap(group -> Kustomization.each(group.path("rules")))
                .filter(rule -> rule.has("alert"));
    }

    private static Stream<JsonNode> groups() {
        return Kustomization.each(rule().path("spec").path("groups"));
    }

    private static JsonNode rule() {
        return Kustomization.documents(Kustomization.read(RULE)).getFirst();
    }

    @ParameterizedTest
    @MethodSource("alerts")
    void tellsAPersonWhatToDo(JsonNode alert) {
        String name = alert.path("alert").asText();
        assertThat(alert.path("labels").path("severity").asText()).isIn("warning", "critical");
        JsonNode annotations = alert.path("annotations");
        assertThat(annotations.path("summary").asText()).isNotBlank();
        assertThat(annotations.path("description").asText()).isNotBlank();
        assertThat(annotations.path("runbook_url").asText())
                .endsWith("/docs/runbook.md#" + name.toLowerCase(Locale.ROOT));
        assertThat(Kustomization.read(Path.of("docs/runbook.md")).lines()).contains("## " + name);
    }

    @ParameterizedTest
    @MethodSource("alerts")
    void hasAFiringAndASilentCase(JsonNode alert) {
        String name = alert.path("alert").asText();
        List<JsonNode> cases = Kustomization.each(Kustomization.documents(Kustomization.read(CASES))
                        .getFirst()
                        .path("tests"))
                .toList();
        assertThat(expected(cases, name, name + " fires ")).isNotEmpty().allSatisfy(alerts -> assertThat(
                        alerts.path("exp_alerts").size())
                .isPositive());
        assertThat(expected(cases, name, name + " is silent ")).isNotEmpty().allSatisfy(alerts -> assertThat(
                        alerts.path("exp_alerts").size())
                .isZero());
    }

    private static List<JsonNode> expected(List<JsonNode> cases, String alert, String named) {
        return cases.stream()
                .filter(test -> test.path("name").asText().startsWith(named))
                .flatMap(test -> Kustomization.each(test.path("alert_rule_test")))
                .filter(test -> test.path("alertname").asText().equals(alert))
                .toList();
    }

    @Test
    void hasNoRunbookSectionWithoutAnAlert() {
        Set<String> sections = Kustomization.read(Path.of("docs/runbook.md"))
                .lines()
                .filter(line -> line.startsWith("## "))
                .map(line -> line.substring(3))
                .collect(toSet());
        assertThat(sections)
                .isEqualTo(alerts().map(alert -> alert.path("alert").asText()).collect(toSet()));
    }

    @Test
    void fireAndAreSilentAsPrometheusSees(@TempDir Path folder) throws IOException {
        Kustomization.YAML.writeValue(folder.resolve("rules.yaml").toFile(), rule().path("spec"));
        Path cases = Files.copy(CASES, folder.resolve(CASES.getFileName()));
        Program.PROMTOOL
                .run("check", "rules", folder.resolve("rules.yaml").toString())
                .orFail();
        assertThat(Program.PROMTOOL.run("test", "rules", cases.toString()).orFail())
                .contains("SUCCESS");
    }
}
