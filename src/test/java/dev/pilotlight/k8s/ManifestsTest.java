package dev.pilotlight.k8s;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pilotlight.metrics.Metric;
import dev.pilotlight.metrics.MetricCatalog;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What stands under k8s/ builds, names what exists, and is said in k8s/README.md. A real API server takes it in ManifestsIT. */
class ManifestsTest {
    /** Not the label pilotlight_dev_pool, which Prometheus makes of the pods' label pilotlight.dev/pool. */
    private static final Pattern METRIC = Pattern.compile("\\bpilotlight_(?!dev_)[a-z0-9_]+");

    private static final Map<Kustomization, List<JsonNode>> BUILT = new ConcurrentHashMap<>();

    static List<Kustomization> all() {
        return Kustomization.all();
    }

    private static List<JsonNode> built(Kustomization kustomization) {
        return BUILT.computeIfAbsent(kustomization, Kustomization::build);
    }

    @ParameterizedTest
    @MethodSource("all")
    void builds(Kustomization kustomization) {
        assertThat(built(kustomization)).isNotEmpty().allSatisfy(object -> {
            assertThat(object.path("apiVersion").asText()).isNotEmpty();
            assertThat(object.path("metadata").path("name").asText()).isNotEmpty();
        });
    }

    /** One name, so that applying another way replaces the one before: two autoscalers on one Deployment fight. */
    @ParameterizedTest
    @MethodSource("all")
    void scalesTheOneDeploymentByOneName(Kustomization kustomization) {
        List<JsonNode> scalers = built(kustomization).stream()
                .filter(object -> Set.of("HorizontalPodAutoscaler", "ScaledObject")
                        .contains(object.path("kind").asText()))
                .toList();
        assertThat(scalers).hasSizeLessThan(2).allSatisfy(scaler -> {
            assertThat(scaler.path("metadata").path("name").asText()).isEqualTo("vllm");
            assertThat(scaler.path("metadata").path("namespace").asText()).isEqualTo("vllm");
            assertThat(scaler.path("spec").path("scaleTargetRef").path("name").asText())
                    .isEqualTo("vllm");
        });
    }

    @Test
    void namesOnlyMetricsThatArePublished() throws IOException {
        Set<String> published = MetricCatalog.ALL.stream()
                .flatMap(metric -> metric.type() == Metric.Type.HISTOGRAM
                        ? Stream.of("_bucket", "_sum", "_count").map(part -> metric.name() + part)
                        : Stream.of(metric.name()))
                .collect(Collectors.toSet());
        Set<String> named = new TreeSet<>();
        for (Path file : files()) {
            METRIC.matcher(Files.readString(file))
                    .results()
                    .map(MatchResult::group)
                    .map(name -> file + ": " + name)
                    .forEach(named::add);
        }

        assertThat(named).hasSizeGreaterThan(20);
        assertThat(named.stream().filter(line -> {
                    String name = line.substring(line.indexOf(": ") + 2);
                    return !published.contains(name);
                }))
                .as("metrics that are not in MetricCatalog")
                .isEmpty();
    }

    @Test
    void usesEveryFile() throws IOException {
        Set<Path> used = new TreeSet<>();
        for (Path file : files()) {
            if (file.endsWith("kustomization.yaml")) {
                used.add(file);
                text(Kustomization.documents(Kustomization.read(file)).getFirst())
                        .map(name -> name.contains("=") ? name.substring(name.indexOf('=') + 1) : name)
                        .map(name -> file.resolveSibling(name).normalize())
                        .forEach(used::add);
            }
        }
        assertThat(files().stream()
                        .filter(file -> file.toString().matches(".*\\.(yaml|json)"))
                        .filter(file -> !file.endsWith("values.yaml"))
                        .filter(file -> !used.contains(file)))
                .as("files that no kustomization uses")
                .isEmpty();
    }

    @Test
    void isAllInTheReadme() throws IOException {
        String readme = Files.readString(Kustomization.ROOT.resolve("README.md"));
        assertThat(Kustomization.all().stream()
                        .map(kustomization -> Kustomization.ROOT
                                .relativize(kustomization.folder())
                                .toString())
                        .filter(folder -> !readme.contains("](" + folder + ")")))
                .as("folders that k8s/README.md does not link to")
                .isEmpty();
    }

    private static Stream<String> text(JsonNode node) {
        return node.isTextual()
                ? Stream.of(node.asText())
                : Kustomization.each(node).flatMap(ManifestsTest::text);
    }

    private static List<Path> files() throws IOException {
        try (Stream<Path> files = Files.walk(Kustomization.ROOT)) {
            return files.filter(Files::isRegularFile).toList();
        }
    }
}
