package dev.pilotlight.k8s;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.pilotlight.process.Program;
import dev.pilotlight.process.Said;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The chart makes what the kustomizations make, and says before anything is applied what it cannot do. Skipped where there is no Helm. */
class ChartTest {
    private static final String CHART = "charts/pilotlight";
    private static final String IMAGE = "registry.test/pilotlight:0.1.0";
    private static final String[] SERVED = {
        "admissionregistration.k8s.io/v1/MutatingAdmissionPolicy",
        "cert-manager.io/v1",
        "keda.sh/v1alpha1",
        "monitoring.coreos.com/v1"
    };

    @TempDir
    private static Path folder;

    private static Said helm(List<String> sets, String... served) {
        Stream<String> arguments = Stream.of("template", "pilotlight", CHART, "--namespace", "pilotlight-system");
        Stream<String> set = sets.stream().flatMap(it -> Stream.of("--set", it));
        Stream<String> apis = Stream.of(served).flatMap(it -> Stream.of("--api-versions", it));
        return Program.HELM.run(
                Stream.concat(arguments, Stream.concat(set, apis)).toArray(String[]::new));
    }

    /** What the chart makes, without the labels that every object of it has. */
    private static Map<String, JsonNode> made(String... sets) {
        List<String> all = new ArrayList<>(List.of("image.repository=registry.test/pilotlight", "clusterRights=false"));
        all.addAll(List.of(sets));
        return byName(objects(helm(all, SERVED).orFail()).stream()
                .filter(JsonNode::isObject)
                .map(ChartTest::withoutChart)
                .toList());
    }

    /** Without Helm's own words: that files/ is a link. */
    private static List<JsonNode> objects(String said) {
        return Kustomization.documents(said.replaceAll("(?m)^level=INFO .*$", ""));
    }

    private static JsonNode withoutChart(JsonNode object) {
        ObjectNode metadata = (ObjectNode) object.path("metadata");
        ObjectNode labels = (ObjectNode) metadata.path("labels");
        labels.remove(List.of("helm.sh/chart", "app.kubernetes.io/managed-by", "app.kubernetes.io/part-of"));
        if (labels.isEmpty()) {
            metadata.remove("labels");
        }
        if (metadata.path("annotations").has("helm.sh/resource-policy")) {
            metadata.remove("annotations");
        }
        return object;
    }

    private static Map<String, JsonNode> byName(List<JsonNode> objects) {
        Map<String, JsonNode> named = new TreeMap<>();
        objects.forEach(object -> named.put(
                object.path("kind").asText() + " "
                        + object.at("/metadata/namespace").asText("") + " "
                        + object.at("/metadata/name").asText(),
                object));
        return named;
    }

    private static Map<String, JsonNode> kustomized(String path) {
        return byName(new Kustomization(Path.of(path)).build());
    }

    /** As an overlay would place a folder that says no namespace. */
    private static Map<String, JsonNode> kustomizedIn(String namespace, String path) throws IOException {
        Path overlay = Files.createTempDirectory(folder.toRealPath(), "overlay");
        Files.writeString(
                overlay.resolve("kustomization.yaml"),
                "namespace: %s\nresources: [%s]\n"
                        .formatted(namespace, overlay.relativize(Path.of(path).toRealPath())));
        return byName(Kustomization.documents(
                Program.KUBECTL.run("kustomize", overlay.toString()).orFail()));
    }

    private static Map<String, JsonNode> only(Map<String, JsonNode> objects, Predicate<String> names) {
        Map<String, JsonNode> some = new TreeMap<>(objects);
        some.keySet().removeIf(names.negate());
        return some;
    }

    @Nested
    class Equals {
        @Test
        void theRightsOfAllNamespaces() {
            assertThat(made("injection=none", "clusterRights=true")).isEqualTo(kustomized("k8s/cluster"));
        }

        @Test
        void theRightsOfOneNamespace() throws IOException {
            assertThat(made("injection=none", "namespaces[0].name=vllm")).isEqualTo(kustomizedIn("vllm", "k8s/base"));
        }

        @Test
        void thePolicyWithItsImage() {
            Map<String, JsonNode> expected = kustomized("k8s/injection/policy");
            ObjectNode image = (ObjectNode)
                    expected.get("MutatingAdmissionPolicy  pilotlight-inject").at("/spec/variables/0");
            assertThat(image.path("name").asText()).isEqualTo("image");
            image.put("expression", "'" + IMAGE + "'");
            assertThat(made("injection=policy")).isEqualTo(expected);
        }

        @Test
        void theWebhookOfCertManagerWithItsImage() {
            Map<String, JsonNode> expected = kustomized("k8s/injection/webhook-cert-manager");
            expected.remove("Namespace  pilotlight-system");
            ObjectNode container = (ObjectNode) expected.get("Deployment pilotlight-system pilotlight-injector")
                    .at("/spec/template/spec/containers/0");
            container.put("image", IMAGE);
            ((ArrayNode) container.path("env"))
                    .addObject()
                    .put("name", "PILOTLIGHT_INJECTOR_IMAGE")
                    .put("value", IMAGE);
            assertThat(made("webhook.certificate=cert-manager")).isEqualTo(expected);
        }

        @Test
        void monitoring() {
            assertThat(only(
                            made("injection=none", "namespaces[0].name=vllm", "monitoring.enabled=true"),
                            name -> name.matches("(PodMonitor|PrometheusRule|ConfigMap) .*")))
                    .isEqualTo(kustomized("k8s/monitoring"));
        }

        @Test
        void eachWayOfAutoscaling() {
            for (Map.Entry<String, String> way : Map.of(
                            "load", "k8s/autoscaling/load",
                            "keda", "k8s/autoscaling/keda/load",
                            "warm-pool", "k8s/autoscaling/warm-pool")
                    .entrySet()) {
                Map<String, JsonNode> expected = only(
                        kustomized(way.getValue()), name -> name.matches("(HorizontalPodAutoscaler|ScaledObject) .*"));
                assertThat(made(
                                "injection=none",
                                "autoscaling[0].namespace=vllm",
                                "autoscaling[0].deployment=vllm",
                                "autoscaling[0].way=" + way.getKey()))
                        .as(way.getKey())
                        .isEqualTo(expected)
                        .hasSize(1);
            }
        }

        @Test
        void theManagedPool() throws IOException {
            assertThat(made("injection=none", "pools[0].namespace=vllm", "pools[0].name=vllm"))
                    .isEqualTo(kustomizedIn("vllm", "k8s/pool"));
        }
    }

    @Nested
    class With {
        @Test
        void aCertificateOfItsOwnTrustsWhatItServes() {
            Map<String, JsonNode> made = made("injection=webhook");
            String authority = made.get("Secret pilotlight-system pilotlight-injector-tls")
                    .at("/data/ca.crt")
                    .asText();
            assertThat(authority).isNotEmpty();
            assertThat(made.get("MutatingWebhookConfiguration  pilotlight-injector")
                            .findValuesAsText("caBundle"))
                    .containsExactly(authority, authority);
        }

        @Test
        void theWishTheMostIsAFuse() {
            JsonNode scaled = made(
                            "injection=none",
                            "pools[0].namespace=models",
                            "pools[0].name=qwen",
                            "autoscaling[0].namespace=models",
                            "autoscaling[0].deployment=qwen",
                            "autoscaling[0].way=wanted")
                    .get("HorizontalPodAutoscaler models qwen");
            assertThat(scaled.at("/spec/maxReplicas").asInt()).isEqualTo(100);
            assertThat(scaled.at("/spec/metrics/0/external/metric/name").asText())
                    .isEqualTo("pilotlight_wanted_pods");
            assertThat(scaled.at("/spec/metrics/0/external/metric/selector/matchLabels/pilotlight_dev_pool")
                            .asText())
                    .isEqualTo("qwen");
        }

        @Test
        void anotherMaximumTheSpareOfKedaFollows() {
            JsonNode scaled = made(
                            "injection=none",
                            "autoscaling[0].namespace=models",
                            "autoscaling[0].deployment=qwen",
                            "autoscaling[0].way=keda",
                            "autoscaling[0].maxReplicas=6")
                    .get("ScaledObject models qwen");
            assertThat(scaled.at("/spec/triggers/0/metadata/query").asText())
                    .isEqualTo("0.75 * (sum(pilotlight_load_ratio{namespace=\"models\"})"
                            + " + clamp_max(avg(pilotlight_load_ratio{namespace=\"models\"}), 1)"
                            + " * (sum(pilotlight_phase{namespace=\"models\",phase=\"ready\"})"
                            + " + (count(up{namespace=\"models\",endpoint=\"pilotlight\"} == 0 and on (pod)"
                            + " max_over_time(pilotlight_phase{namespace=\"models\",phase=\"ready\"}[30m]) == 1) or vector(0))"
                            + " - count(pilotlight_load_ratio{namespace=\"models\"})"
                            + " <= count(pilotlight_load_ratio{namespace=\"models\"}))) + 1.5");
            assertThat(scaled.at("/spec/scaleTargetRef/name").asText()).isEqualTo("qwen");
        }

        @Test
        void accountsOfItsOwnANamespaceBindsThoseToo() {
            assertThat(made(
                                    "injection=none",
                                    "namespaces[0].name=models",
                                    "namespaces[0].serviceAccounts={default,llm}")
                            .get("RoleBinding models pilotlight-own-pod")
                            .findValuesAsText("name"))
                    .contains("pilotlight", "default", "llm");
        }
    }

    /** Nothing is half applied: Helm renders all before it applies any. */
    @Nested
    class Refuses {
        private static String refusal(String... sets) {
            Said said = helm(List.of(sets));
            assertThat(said.code()).isNotZero();
            return said.output();
        }

        @Test
        void toGuessAnImage() {
            assertThat(refusal()).contains("image.repository is not set");
            assertThat(refusal("image.repository=registry.example.com/pilotlight"))
                    .contains("is the placeholder");
        }

        @Test
        void aMisspeltValue() {
            assertThat(refusal("image.repository=r.test/x", "injektion=policy")).contains("'injektion' not allowed");
            assertThat(refusal("image.repository=r.test/x", "injection=policies"))
                    .contains("'webhook', 'policy', 'none'");
        }

        @Test
        void kindsThatTheClusterDoesNotServe() {
            String image = "image.repository=r.test/x";
            assertThat(refusal(image, "monitoring.enabled=true"))
                    .contains("monitoring.enabled needs monitoring.coreos.com/v1")
                    .contains("install prometheus-operator first");
            assertThat(refusal(image, "webhook.certificate=cert-manager")).contains("install cert-manager first");
            assertThat(refusal(image, "injection=policy")).contains("Kubernetes 1.36");
        }

        @Test
        void aSecretWithoutItsAuthority() {
            assertThat(refusal("image.repository=r.test/x", "webhook.certificate=secret"))
                    .contains("needs webhook.caBundle");
        }
    }

    @Test
    void isClean() {
        assertThat(Program.HELM
                        .run("lint", "--strict", CHART, "--set", "image.repository=r.test/x")
                        .orFail())
                .contains("0 chart(s) failed");
    }

    @Test
    void hasTheVersionOfTheProject() {
        String version = Kustomization.read(Path.of("pom.xml"))
                .lines()
                .map(String::strip)
                .filter(line -> line.startsWith("<version>"))
                .findFirst()
                .orElseThrow()
                .replaceAll("</?version>|-SNAPSHOT", "");
        JsonNode chart = Kustomization.documents(Kustomization.read(Path.of(CHART, "Chart.yaml")))
                .getFirst();
        assertThat(List.of(
                        chart.path("version").asText(), chart.path("appVersion").asText()))
                .containsOnly(version);
    }
}
