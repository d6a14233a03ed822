package dev.pilotlight.inject;

import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** What is injected stands in sidecar.json; wherever else it stands, it is the same. */
class OneSidecarTest {
    private static final JsonObject TEMPLATE = SidecarTemplate.read();
    private static final Path COMPONENT = Path.of("k8s/sidecar");
    private static final Path POLICY = Path.of("k8s/injection/policy/policy.yaml");

    private static JsonObject valueOf(String file, int operation) throws IOException {
        JsonArray patch = new JsonArray(
                new YAMLMapper().readTree(COMPONENT.resolve(file).toFile()).toString());
        return patch.getJsonObject(operation);
    }

    private static List<JsonObject> documents(Path file) throws IOException {
        return documents(Files.readString(file));
    }

    private static List<JsonObject> documents(String yaml) throws IOException {
        YAMLMapper mapper = new YAMLMapper();
        List<JsonObject> documents = new ArrayList<>();
        try (MappingIterator<JsonNode> nodes = mapper.readerFor(JsonNode.class).readValues(yaml)) {
            nodes.forEachRemaining(node -> documents.add(new JsonObject(node.toString())));
        }
        return documents;
    }

    @Test
    void hasTheNumbersOfTheCode() {
        assertThat(TEMPLATE.getLong("terminationGracePeriodSeconds")).isEqualTo(InjectionDecision.GRACE_PERIOD_SECONDS);
        JsonObject container = TEMPLATE.getJsonObject("container");
        assertThat(container.getString("name")).isEqualTo(InjectionDecision.SIDECAR);
        assertThat(container.getJsonArray("ports").getJsonObject(0).getInteger("containerPort"))
                .isEqualTo(InjectionDecision.SIDECAR_PORT);
        assertThat(container.getJsonArray("env").getJsonObject(0).getString("name"))
                .isEqualTo("PILOTLIGHT_ENGINE_URL");
    }

    @Nested
    class TheComponent {
        @Test
        void addsTheSameContainer() {
            JsonObject patch = Corpus.yaml(COMPONENT.resolve("sidecar.yaml"));
            assertThat(patch.getJsonObject("spec").getJsonObject("template").getJsonObject("spec"))
                    .isEqualTo(new JsonObject()
                            .put("initContainers", new JsonArray().add(TEMPLATE.getJsonObject("container"))));
        }

        @Test
        void addsTheSameProbeHookAndGracePeriod() throws IOException {
            assertThat(valueOf("liveness-probe.yaml", 0).getJsonObject("value"))
                    .isEqualTo(TEMPLATE.getJsonObject("livenessProbe"));
            assertThat(valueOf("readiness-probe.yaml", 0).getJsonObject("value"))
                    .isEqualTo(TEMPLATE.getJsonObject("readinessProbe"));
            assertThat(valueOf("pre-stop.yaml", 1).getJsonObject("value").getJsonObject("preStop"))
                    .isEqualTo(TEMPLATE.getJsonObject("preStop"));
            JsonObject withoutShell = TEMPLATE.getJsonObject("withoutShell");
            assertThat(valueOf("liveness-probe-http.yaml", 0).getJsonObject("value"))
                    .isEqualTo(withoutShell.getJsonObject("livenessProbe"));
            assertThat(valueOf("pre-stop-http.yaml", 1).getJsonObject("value").getJsonObject("preStop"))
                    .isEqualTo(withoutShell.getJsonObject("preStop"));
            assertThat(valueOf("grace-period.yaml", 1).getLong("value"))
                    .isEqualTo(TEMPLATE.getLong("terminationGracePeriodSeconds"));
        }
    }

    @Nested
    class ThePage {
        private static final Path PROBES = Path.of("docs/probes.md");

        @Test
        void showsTheSamePodSpec() throws IOException {
            Matcher block = Pattern.compile("(?s)```yaml\n(spec:\n.*?)```").matcher(Files.readString(PROBES));
            assertThat(block.find()).isTrue();
            JsonObject spec = documents(block.group(1)).getFirst().getJsonObject("spec");
            JsonObject shown =
                    spec.getJsonArray("initContainers").getJsonObject(0).copy();
            // A setting of the page's own engine.
            shown.put(
                    "env",
                    new JsonArray(shown.getJsonArray("env").stream()
                            .filter(variable ->
                                    !((JsonObject) variable).getString("name").equals("PILOTLIGHT_ENGINE_MAX_NUM_SEQS"))
                            .toList()));
            JsonObject vllm = spec.getJsonArray("containers").getJsonObject(0);

            shown.remove("image");
            assertThat(shown).isEqualTo(TEMPLATE.getJsonObject("container"));
            assertThat(vllm.getJsonObject("readinessProbe")).isEqualTo(TEMPLATE.getJsonObject("readinessProbe"));
            assertThat(vllm.getJsonObject("livenessProbe")).isEqualTo(TEMPLATE.getJsonObject("livenessProbe"));
            assertThat(vllm.getJsonObject("lifecycle").getJsonObject("preStop"))
                    .isEqualTo(TEMPLATE.getJsonObject("preStop"));
            assertThat(spec.getLong("terminationGracePeriodSeconds"))
                    .isEqualTo(TEMPLATE.getLong("terminationGracePeriodSeconds"));
        }
    }

    /** The policy has no other parser than an API server's, so its text is compared with what the template makes in CEL. */
    @Nested
    class ThePolicy {
        @Test
        void addsTheSameContainerProbeAndHook() throws IOException {
            String expression = documents(POLICY)
                    .getFirst()
                    .getJsonObject("spec")
                    .getJsonArray("mutations")
                    .getJsonObject(0)
                    .getJsonObject("jsonPatch")
                    .getString("expression")
                    .replaceAll("\\s+", "");
            String sidecar = cel("Object.spec.initContainers", TEMPLATE.getJsonObject("container"))
                    .replace(
                            "name:\"pilotlight\",restartPolicy",
                            "name:\"pilotlight\",image:variables.image,restartPolicy")
                    .replace(
                            "\"http://127.0.0.1:8000\"",
                            "(variables.tls?\"https\":\"http\")+\"://127.0.0.1:\"+string(variables.port)");

            assertThat(expression).contains("value:" + sidecar + "}");
            for (String call : List.of("livenessProbe", "lifecycle.preStop")) {
                String name = call.substring(call.indexOf('.') + 1);
                JsonObject withoutShell = TEMPLATE.getJsonObject("withoutShell").getJsonObject(name);
                String ours = cel("Object.spec.containers." + call, TEMPLATE.getJsonObject(name))
                        .replaceAll(
                                "(?s)\"-c\",\"#.*?(exit 1|esac)\"",
                                "\"-c\",variables." + (name.equals("preStop") ? "preStopHook" : "engineProbe"))
                        .replace("\"8000\"", "string(variables.port)");
                assertThat(expression)
                        .contains("value:variables.withoutShell?" + cel("Object.spec.containers." + call, withoutShell)
                                + ":" + ours + "}");
            }
            assertThat(expression)
                    .contains("value:"
                            + cel("Object.spec.containers.readinessProbe", TEMPLATE.getJsonObject("readinessProbe"))
                            + "}")
                    .contains("\"/spec/terminationGracePeriodSeconds\",value:"
                            + TEMPLATE.getLong("terminationGracePeriodSeconds") + "}")
                    .contains("securityContext/runAsUser\",value:" + SidecarPatch.USER + "}")
                    .contains("resources/limits/cpu\",value:\"" + Room.CPU + "\"}")
                    .contains("resources.requests{cpu:\"" + Room.CPU + "\",memory:\""
                            + TEMPLATE.getJsonObject("container")
                                    .getJsonObject("resources")
                                    .getJsonObject("limits")
                                    .getString("memory")
                            + "\"}");
        }

        @Test
        void runsTheSameScripts() throws IOException {
            for (String call : List.of("livenessProbe", "preStop")) {
                String script = TEMPLATE.getJsonObject(call)
                        .getJsonObject("exec")
                        .getJsonArray("command")
                        .getString(2);
                assertThat(documents(POLICY).getFirst().getJsonObject("spec").getJsonArray("variables").stream()
                                .map(variable -> ((JsonObject) variable).getString("expression")))
                        .contains("r\"\"\"" + script + "\"\"\"");
            }
        }

        @Test
        void readsTheSameLabelsAndAnnotations() throws IOException {
            assertThat(Files.readString(POLICY))
                    .contains(
                            Keys.CONTAINER,
                            Keys.PORT,
                            Keys.KEEP_LIVENESS_PROBE,
                            Keys.KEEP_READINESS_PROBE,
                            Keys.WITHOUT_SHELL,
                            Keys.KEEP_PRE_STOP,
                            Keys.KEEP_GRACE_PERIOD);
        }

        private static String cel(String type, Object value) {
            return switch (value) {
                case JsonObject object ->
                    object.stream()
                            .map(entry -> entry.getKey() + ":" + cel(type + "." + entry.getKey(), entry.getValue()))
                            .collect(joining(",", type + "{", "}"));
                case JsonArray array ->
                    array.stream().map(element -> cel(type, element)).collect(joining(",", "[", "]"));
                case String text -> "\"" + text + "\"";
                default -> value.toString();
            };
        }
    }

    /** Who is asked about: the policy's bindings and the webhooks select the same pods. */
    @Nested
    class TheSelectors {
        @Test
        void areTheSameButForTheWebhooksOwnNamespace() throws IOException {
            List<JsonObject> bindings = documents(Path.of("k8s/injection/policy/bindings.yaml"));
            JsonArray webhooks = documents(Path.of("k8s/injection/webhook/configuration.yaml"))
                    .getFirst()
                    .getJsonArray("webhooks");
            for (int i = 0; i < 2; i++) {
                JsonObject policy = bindings.get(i).getJsonObject("spec").getJsonObject("matchResources");
                JsonObject webhook = webhooks.getJsonObject(i);
                assertThat(webhook.getJsonObject("objectSelector")).isEqualTo(policy.getJsonObject("objectSelector"));
                assertThat(new JsonObject(webhook.getJsonObject("namespaceSelector")
                                .encode()
                                .replace(",\"pilotlight-system\"", "")))
                        .isEqualTo(policy.getJsonObject("namespaceSelector"));
            }
        }

        @Test
        void failOpenAndAskSoon() throws IOException {
            JsonArray webhooks = documents(Path.of("k8s/injection/webhook/configuration.yaml"))
                    .getFirst()
                    .getJsonArray("webhooks");
            assertThat(webhooks.stream().map(webhook -> ((JsonObject) webhook).getString("failurePolicy")))
                    .allMatch("Ignore"::equals);
            assertThat(webhooks.stream().map(webhook -> ((JsonObject) webhook).getInteger("timeoutSeconds")))
                    .allMatch(seconds -> Set.of(1, 2).contains(seconds));
            assertThat(documents(POLICY).getFirst().getJsonObject("spec").getString("failurePolicy"))
                    .isEqualTo("Ignore");
        }
    }
}
