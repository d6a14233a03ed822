package dev.pilotlight.inject;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.cluster.ControlPlane;
import dev.pilotlight.process.Await;
import io.fabric8.kubernetes.client.http.HttpClient;
import io.fabric8.kubernetes.client.http.HttpResponse;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;

/**
 * A real API server makes the same pod of the whole corpus by the policy and by the webhook, which is also the pod that it takes when our
 * patch was applied by hand; and neither changes a pod twice.
 */
@Tag("cluster")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class InjectionIT {
    private static final Duration SOON = Duration.ofMinutes(1);
    private static final Path CONFIGURATION = Path.of("k8s/injection/webhook/configuration.yaml");

    /** Its own: other tests' pods ask for nothing. */
    private final ControlPlane plane = ControlPlane.start("injection");

    private final Injector injector = Injector.start("cluster");
    private final Map<String, Admitted> byHand = new TreeMap<>();
    private final Map<String, Admitted> byPolicy = new TreeMap<>();
    private final Map<String, Admitted> byWebhook = new TreeMap<>();
    private final Map<String, Admitted> again = new TreeMap<>();
    private String namespace;
    private String asking;
    private String declining;

    /** What the API server made of a pod. */
    private record Admitted(int status, JsonObject body, List<String> warnings) {
        /** The spec without what is made up again each time. */
        JsonObject spec() {
            assertThat(status).as(body.encode()).isEqualTo(201);
            return new JsonObject(
                    body.getJsonObject("spec").encode().replaceAll("kube-api-access-[a-z0-9]{5}", "kube-api-access"));
        }

        boolean injected() {
            return spec().getJsonArray("initContainers", new JsonArray()).stream()
                    .anyMatch(container ->
                            ((JsonObject) container).getString("name").equals("pilotlight"));
        }
    }

    @BeforeAll
    void admitAllInEachWay() throws Exception {
        namespace = plane.namespace("models");
        asking = plane.namespace("asking");
        declining = plane.namespace("declining");
        label(asking, "true");
        label(declining, "false");
        JsonObject probe = Corpus.all().getFirst().pod();

        for (Corpus.Case it : Corpus.all()) {
            Review.Asked asked =
                    (Review.Asked) Review.read(Corpus.review(it.pod()).encode().getBytes());
            JsonObject patched = Corpus.patched(
                    it.pod(),
                    asked.answer(
                            asked.decide(InjectionDecision.OptIn.POD), SidecarTemplate.read(), DocumentedPatch.IMAGE));
            byHand.put(it.name(), admitted(namespace, patched));
        }

        Path policy = overlay(Path.of("k8s/injection/policy"));
        plane.apply("default", policy);
        Await.until("the policy acts", SOON, () -> admitted(namespace, probe).injected());
        for (Corpus.Case it : Corpus.all()) {
            byPolicy.put(it.name(), admitted(namespace, it.pod()));
            again.put("policy " + it.name(), admitted(namespace, again(byHand.get(it.name()))));
        }
        namespaces(byPolicy);
        plane.kubectl("delete", "-k", policy.toString());
        Await.until(
                "the policy is gone", SOON, () -> !admitted(namespace, probe).injected());

        Path configuration = plane.home().resolve("configuration.json");
        Files.writeString(configuration, onLoopback().encode());
        plane.apply("default", configuration);
        Await.until("the webhook acts", SOON, () -> admitted(namespace, probe).injected());
        for (Corpus.Case it : Corpus.all()) {
            byWebhook.put(it.name(), admitted(namespace, it.pod()));
            again.put("webhook " + it.name(), admitted(namespace, again(byHand.get(it.name()))));
        }
        namespaces(byWebhook);
    }

    /** As the comment on top of it tells a person to name the image. */
    private Path overlay(Path resource) throws IOException {
        Path folder = Files.createDirectories(plane.home().toRealPath().resolve("overlay"));
        Files.writeString(
                folder.resolve("kustomization.yaml"),
                new JsonObject()
                        .put(
                                "resources",
                                new JsonArray()
                                        .add(folder.relativize(resource.toAbsolutePath())
                                                .toString()))
                        .put("patches", DocumentedPatch.of(resource))
                        .encode());
        return folder;
    }

    private void namespaces(Map<String, Admitted> way) throws Exception {
        JsonObject silent = Corpus.yaml(
                "apiVersion: v1\nkind: Pod\nmetadata: { name: silent }\nspec: { containers: [{ name: vllm, image: vllm/vllm-openai }] }");
        way.put("silent pod in a namespace that asks", admitted(asking, silent));
        way.put("silent pod in a namespace that says nothing", admitted(namespace, silent));
        JsonObject willing = silent.copy();
        willing.getJsonObject("metadata").put("labels", new JsonObject().put("pilotlight.dev/inject", "true"));
        way.put("pod that asks in a namespace that declines", admitted(declining, willing));
        JsonObject unwilling = silent.copy();
        unwilling.getJsonObject("metadata").put("labels", new JsonObject().put("pilotlight.dev/inject", "false"));
        way.put("pod that declines in a namespace that asks", admitted(asking, unwilling));
    }

    @AfterAll
    void end() {
        injector.close();
        plane.close();
    }

    @TestFactory
    Stream<DynamicTest> takesThePodOfOurPatch() {
        return Corpus.each(it -> true, it -> assertThat(byHand.get(it.name()).injected())
                .isEqualTo(it.injected() || it.decision().equals("already-injected")));
    }

    @TestFactory
    Stream<DynamicTest> makesTheSamePodByThePolicy() {
        return Corpus.each(it -> true, it -> assertThat(byPolicy.get(it.name()).spec())
                .isEqualTo(byHand.get(it.name()).spec()));
    }

    @TestFactory
    Stream<DynamicTest> makesTheSamePodByTheWebhook() {
        return Corpus.each(it -> true, it -> assertThat(byWebhook.get(it.name()).spec())
                .isEqualTo(byHand.get(it.name()).spec()));
    }

    @TestFactory
    Stream<DynamicTest> changesNoPodTwice() {
        return again.entrySet().stream()
                .map(once -> DynamicTest.dynamicTest(
                        once.getKey(), () -> assertThat(once.getValue().spec())
                                .isEqualTo(byHand.get(once.getKey()
                                                .substring(once.getKey().indexOf(' ') + 1))
                                        .spec())));
    }

    @Test
    void asksTheNamespaceWhereThePodSaysNothing() {
        for (Map<String, Admitted> way : List.of(byPolicy, byWebhook)) {
            assertThat(way.get("silent pod in a namespace that asks").injected())
                    .isTrue();
            assertThat(way.get("silent pod in a namespace that says nothing").injected())
                    .isFalse();
            assertThat(way.get("pod that asks in a namespace that declines").injected())
                    .isFalse();
            assertThat(way.get("pod that declines in a namespace that asks").injected())
                    .isFalse();
        }
    }

    @Test
    void tellsTheReasonInAWarningAndInTheAuditLog() throws Exception {
        assertThat(byWebhook.get("nginx").warnings())
                .singleElement()
                .asString()
                .contains("pilotlight was not injected (no-engine): ");
        assertThat(byWebhook.get("own-pre-stop").warnings())
                .singleElement()
                .asString()
                .contains("keeps its own preStop hook");
        assertThat(byWebhook.get("opted-out").warnings()).isEmpty();
        Await.until("the audit log has it", SOON, () -> {
            try (Stream<String> lines = Files.lines(plane.home().resolve("audit.log"))) {
                return lines.anyMatch(line -> line.contains("\"pods.inject.pilotlight.dev/decision\":\"no-engine\""));
            }
        });
    }

    @Test
    void letsPodsInWhileTheWebhookIsDown() throws Exception {
        Path configuration = plane.home().resolve("nobody.json");
        String nobody = onLoopback()
                .encode()
                .replace(injector.secure("").toString(), "https://127.0.0.1:1")
                .replace("pilotlight-injector", "nobody");
        Files.writeString(configuration, nobody);
        plane.apply("default", configuration);
        assertThat(admitted(namespace, Corpus.all().getFirst().pod()).status()).isEqualTo(201);
        plane.kubectl("delete", "-f", configuration.toString());
    }

    /** The configuration as it is, but for the address: nothing routes Services here. */
    private JsonObject onLoopback() throws IOException {
        JsonObject configuration = Corpus.yaml(CONFIGURATION);
        String authority = Base64.getEncoder().encodeToString(Files.readAllBytes(injector.certificate()));
        configuration.getJsonArray("webhooks").forEach(webhook -> {
            JsonObject client = ((JsonObject) webhook).getJsonObject("clientConfig");
            String path = client.getJsonObject("service").getString("path");
            client.remove("service");
            client.put("url", injector.secure(path).toString()).put("caBundle", authority);
        });
        return configuration;
    }

    /** As somebody would apply it again who got it from the API server. */
    private static JsonObject again(Admitted admitted) {
        JsonObject metadata = admitted.body().getJsonObject("metadata").copy();
        List.of("uid", "creationTimestamp", "managedFields", "resourceVersion", "generation")
                .forEach(metadata::remove);
        return new JsonObject()
                .put("apiVersion", "v1")
                .put("kind", "Pod")
                .put("metadata", metadata)
                .put("spec", admitted.body().getJsonObject("spec"));
    }

    private void label(String name, String value) {
        plane.kubectl("label", "namespace", name, "pilotlight.dev/inject=" + value);
    }

    /** Server-side dry run of a creation, with strict validation of fields. */
    private Admitted admitted(String where, JsonObject pod) throws Exception {
        HttpClient http = plane.admin().getHttpClient();
        HttpResponse<String> answer = http.sendAsync(
                        http.newHttpRequestBuilder()
                                .uri(URI.create(plane.url() + "/api/v1/namespaces/" + where
                                        + "/pods?dryRun=All&fieldValidation=Strict"))
                                .post("application/json", pod.encode())
                                .build(),
                        String.class)
                .get(20, TimeUnit.SECONDS);
        return new Admitted(answer.code(), new JsonObject(answer.body()), answer.headers("Warning"));
    }
}
