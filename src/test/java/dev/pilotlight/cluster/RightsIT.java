package dev.pilotlight.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.argumentSet;

import dev.pilotlight.process.Await;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.GenericKubernetesResourceList;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.NonNamespaceOperation;
import io.fabric8.kubernetes.client.dsl.PodResource;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a sidecar may do with its pod's own token under k8s/cluster, k8s/base and k8s/pool, tried against a real API server. docs/security.md */
@Tag("cluster")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RightsIT {
    private static final Path CLUSTER = Path.of("k8s/cluster");
    private static final Path BASE = Path.of("k8s/base");
    private static final Path POOL = Path.of("k8s/pool");
    private static final String OURS = "pilotlight-pool-vllm";
    private static final String OTHERS = "pilotlight-pool-other";
    private static final int FORBIDDEN = 403;

    private final ControlPlane plane = ControlPlane.shared();
    private String namespace;
    private KubernetesClient sidecar;

    @BeforeAll
    void apply(@TempDir Path folder) throws IOException {
        namespace = plane.namespace("rights");
        plane.rights(namespace);
        plane.apply(namespace, POOL);
        plane.apply(
                namespace,
                Files.writeString(
                        folder.resolve("other.yaml"),
                        plane.kubectl("kustomize", POOL.toString()).orFail().replace(OURS, OTHERS)));
        Pod own = Workload.pod(
                plane, namespace, "own", OURS, Map.of("example.com/owner", "team-a", "pilotlight.dev/inject", "true"));
        Workload.pod(plane, namespace, "other", Map.of());
        plane.admin()
                .configMaps()
                .inNamespace(namespace)
                .resource(configMap("settings"))
                .create();
        sidecar = plane.as(plane.tokenFor(own));
        // A policy acts a moment after its binding was made.
        Await.until("the policy acts", Duration.ofSeconds(20), () -> refusal(
                        sidecar, "other", labels("pilotlight.dev/role", "active"))
                .contains("own pod"));
    }

    private static ConfigMap configMap(String name) {
        return new ConfigMapBuilder()
                .withNewMetadata()
                .withName(name)
                .endMetadata()
                .build();
    }

    private static String metadata(String part, String key, Object value) {
        return new JsonObject()
                .put("metadata", new JsonObject().put(part, new JsonObject().put(key, value)))
                .encode();
    }

    private static String labels(String key, Object value) {
        return metadata("labels", key, value);
    }

    private static String annotations(String key, Object value) {
        return metadata("annotations", key, value);
    }

    private PodResource pod(KubernetesClient client, String name) {
        return client.pods().inNamespace(namespace).withName(name);
    }

    private void patch(KubernetesClient client, String name, String patch) {
        pod(client, name).patch(PatchContext.of(PatchType.JSON_MERGE), patch);
    }

    /** The API server's reason; empty when it took the patch. */
    private String refusal(KubernetesClient client, String name, String patch) {
        return refusal(() -> patch(client, name, patch));
    }

    private static String refusal(Runnable deed) {
        try {
            deed.run();
            return "";
        } catch (KubernetesClientException refused) {
            assertThat(refused.getCode()).as(refused.getMessage()).isEqualTo(FORBIDDEN);
            return refused.getStatus().getMessage();
        }
    }

    @Nested
    @TestInstance(TestInstance.Lifecycle.PER_CLASS)
    class OwnPod {
        static Stream<String> allowedLabels() {
            return Stream.of("pilotlight.dev/phase", "pilotlight.dev/role", "pilotlight.dev/pool");
        }

        static Stream<String> allowedAnnotations() {
            return Stream.of(
                    "pilotlight.dev/reason",
                    "pilotlight.dev/load",
                    "pilotlight.dev/cold-start-seconds",
                    "controller.kubernetes.io/pod-deletion-cost",
                    "cluster-autoscaler.kubernetes.io/safe-to-evict",
                    "karpenter.sh/do-not-disrupt");
        }

        @ParameterizedTest
        @MethodSource("allowedLabels")
        void letsSetChangeAndRemoveTheLabel(String key) {
            patch(sidecar, "own", labels(key, "one"));
            patch(sidecar, "own", labels(key, "two"));
            assertThat(pod(sidecar, "own").get().getMetadata().getLabels()).containsEntry(key, "two");
            patch(sidecar, "own", labels(key, null));
            assertThat(pod(sidecar, "own").get().getMetadata().getLabels()).doesNotContainKey(key);
        }

        @ParameterizedTest
        @MethodSource("allowedAnnotations")
        void letsSetChangeAndRemoveTheAnnotation(String key) {
            patch(sidecar, "own", annotations(key, "1"));
            patch(sidecar, "own", annotations(key, "2"));
            assertThat(pod(sidecar, "own").get().getMetadata().getAnnotations()).containsEntry(key, "2");
            patch(sidecar, "own", annotations(key, null));
            assertThat(pod(sidecar, "own").get().getMetadata().getAnnotations()).doesNotContainKey(key);
        }

        @Test
        void isReadAndWatched() {
            assertThat(pod(sidecar, "own").get()).isNotNull();
            try (SharedIndexInformer<Pod> watch = pod(sidecar, "own").inform()) {
                assertThat(watch.getStore().list()).hasSize(1);
                assertThat(watch.isWatching()).isTrue();
            }
        }

        static Stream<Arguments> refusedPatches() {
            return Stream.of(
                    argumentSet(
                            "a new label", labels("app.kubernetes.io/name", "x"), "the labels app.kubernetes.io/name"),
                    argumentSet("a label of a Service's selector", labels("app", "x"), "the labels app"),
                    argumentSet("a label gone", labels("app", null), "the labels app"),
                    argumentSet("a new annotation", annotations("example.com/x", "y"), "the annotations example.com/x"),
                    argumentSet(
                            "another's annotation",
                            annotations("example.com/owner", "me"),
                            "the annotations example.com/owner"),
                    argumentSet(
                            "an annotation gone",
                            annotations("example.com/owner", null),
                            "the annotations example.com/owner"),
                    argumentSet(
                            "a key of ours that people set",
                            annotations("pilotlight.dev/inject", "false"),
                            "the annotations pilotlight.dev/inject"),
                    argumentSet(
                            "the deadline",
                            new JsonObject()
                                    .put("spec", new JsonObject().put("activeDeadlineSeconds", 1))
                                    .encode(),
                            "the spec of its pod"),
                    argumentSet(
                            "a finalizer",
                            new JsonObject()
                                    .put("metadata", new JsonObject().put("finalizers", List.of("example.com/held")))
                                    .encode(),
                            "finalizers"),
                    argumentSet(
                            "an owner that is no more",
                            new JsonObject()
                                    .put("metadata", new JsonObject().put("ownerReferences", List.of(DEAD_OWNER)))
                                    .encode(),
                            "owners"),
                    argumentSet(
                            "generateName",
                            new JsonObject()
                                    .put("metadata", new JsonObject().put("generateName", "vllm-"))
                                    .encode(),
                            "generateName"),
                    argumentSet(
                            "who wrote what",
                            new JsonObject()
                                    .put("metadata", new JsonObject().put("managedFields", List.of(new JsonObject())))
                                    .encode(),
                            "managedFields"));
        }

        @ParameterizedTest
        @MethodSource("refusedPatches")
        void refuses(String patch, String why) {
            String before = pod(plane.admin(), "own").get().getMetadata().getResourceVersion();
            assertThat(refusal(sidecar, "own", patch)).contains(why);
            assertThat(pod(plane.admin(), "own").get().getMetadata().getResourceVersion())
                    .isEqualTo(before);
        }

        @Test
        void refusesItsImage() {
            assertThat(
                            refusal(
                                    () -> pod(sidecar, "own")
                                            .patch(
                                                    PatchContext.of(PatchType.JSON),
                                                    "[{\"op\":\"replace\",\"path\":\"/spec/containers/0/image\",\"value\":\"other\"}]")))
                    .contains("the spec of its pod");
        }

        @Test
        void refusesItsDeletion() {
            assertThat(refusal(() -> pod(sidecar, "own").delete())).contains("cannot delete resource \"pods\"");
        }

        @Test
        void refusesItsStatus() {
            assertThat(refusal(() -> pod(sidecar, "own")
                            .subresource("status")
                            .patch(PatchContext.of(PatchType.JSON_MERGE), "{\"status\":{\"message\":\"x\"}}")))
                    .contains("pods/status");
        }
    }

    @Nested
    class OthersThings {
        @Test
        void refusesAnAllowedKeyOnAnotherPod() {
            assertThat(refusal(sidecar, "other", labels("pilotlight.dev/role", "standby")))
                    .contains("a sidecar may change its own pod own and not other");
        }

        @Test
        void refusesAnotherPodsDeletion() {
            assertThat(refusal(() -> pod(sidecar, "other").delete())).contains("cannot delete resource \"pods\"");
        }

        @Test
        void refusesANewPod() {
            assertThat(refusal(() -> sidecar.pods()
                            .inNamespace(namespace)
                            .resource(new PodBuilder(pod(plane.admin(), "own").get())
                                    .withNewMetadata()
                                    .withName("new")
                                    .endMetadata()
                                    .build())
                            .create()))
                    .contains("cannot create resource \"pods\"");
        }

        @Test
        void refusesAPodOfAnotherNamespace() {
            assertThat(refusal(() -> sidecar.pods().inNamespace("kube-system").list()))
                    .contains("cannot list resource \"pods\"");
        }

        @Test
        void refusesSecrets() {
            assertThat(refusal(() -> sidecar.secrets().inNamespace(namespace).list()))
                    .contains("cannot list resource \"secrets\"");
        }

        @Test
        void refusesADeployment() {
            assertThat(refusal(() ->
                            sidecar.apps().deployments().inNamespace(namespace).list()))
                    .contains("cannot list resource \"deployments\"");
        }
    }

    private static final JsonObject DEAD_OWNER = new JsonObject()
            .put("apiVersion", "v1")
            .put("kind", "ConfigMap")
            .put("name", "gone")
            .put("uid", "00000000-0000-0000-0000-000000000000");

    /** As the sidecar writes: an update with all of the object; the merge is of the test. */
    private String refusalOfUpdate(KubernetesClient client, String kind, String name, JsonObject change) {
        GenericKubernetesResource object =
                generic(plane.admin(), kind).withName(name).get();
        JsonObject changed = new JsonObject(Serialization.asJson(object)).mergeIn(change, true);
        return refusal(() -> generic(client, kind)
                .resource(Serialization.unmarshal(changed.encode(), GenericKubernetesResource.class))
                .update());
    }

    private NonNamespaceOperation<
                    GenericKubernetesResource, GenericKubernetesResourceList, Resource<GenericKubernetesResource>>
            generic(KubernetesClient client, String kind) {
        return client.genericKubernetesResources(kind.equals("Lease") ? "coordination.k8s.io/v1" : "v1", kind)
                .inNamespace(namespace);
    }

    @Nested
    @TestInstance(TestInstance.Lifecycle.PER_CLASS)
    class Pool {
        static Stream<Arguments> refusedChanges() {
            Stream.Builder<Arguments> all = Stream.builder();
            for (String kind : List.of("ConfigMap", "Lease")) {
                Map.of(
                                "labels", new JsonObject().put("example.com/x", "y"),
                                "annotations", new JsonObject().put("example.com/x", "y"),
                                "ownerReferences", new JsonArray().add(DEAD_OWNER),
                                "finalizers", new JsonArray().add("example.com/held"),
                                "generateName", "vllm-")
                        .forEach((key, value) -> all.add(argumentSet(
                                kind + ": " + key,
                                kind,
                                new JsonObject().put("metadata", new JsonObject().put(key, value)),
                                key.equals("ownerReferences") ? "owners" : key)));
            }
            all.add(argumentSet(
                    "ConfigMap: immutable",
                    "ConfigMap",
                    new JsonObject().put("immutable", true),
                    "not make it immutable"));
            all.add(argumentSet(
                    "ConfigMap: binaryData",
                    "ConfigMap",
                    new JsonObject().put("binaryData", new JsonObject().put("x", "eA==")),
                    "nothing but the data"));
            return all.build();
        }

        @ParameterizedTest
        @MethodSource("refusedChanges")
        void refusesAllButTheContent(String kind, JsonObject change, String why) {
            assertThat(refusalOfUpdate(sidecar, kind, OURS, change)).contains(why);
        }

        @ParameterizedTest
        @ValueSource(strings = {"ConfigMap", "Lease"})
        void refusesWhatIsAnotherPools(String kind) {
            assertThat(refusalOfUpdate(sidecar, kind, OTHERS, new JsonObject())).contains("cannot update resource");
            assertThat(refusal(() -> generic(sidecar, kind).withName(OTHERS).get()))
                    .contains("cannot get resource");
        }

        @ParameterizedTest
        @ValueSource(strings = {"ConfigMap", "Lease"})
        void refusesATokenThatIsBoundToNoPod(String kind) {
            KubernetesClient unbound = plane.as(plane.tokenFor(namespace, OURS));
            assertThat(refusalOfUpdate(unbound, kind, OURS, new JsonObject())).contains("the token is bound to no pod");
        }

        @Test
        void letsChangeItsPlan() {
            assertThat(refusalOfUpdate(
                            sidecar,
                            "ConfigMap",
                            OURS,
                            new JsonObject().put("data", new JsonObject().put("generation", "1"))))
                    .isEmpty();
            assertThat(sidecar.configMaps()
                            .inNamespace(namespace)
                            .withName(OURS)
                            .get()
                            .getData())
                    .containsEntry("generation", "1");
        }

        @Test
        void letsTakeItsLease() {
            assertThat(refusalOfUpdate(
                            sidecar,
                            "Lease",
                            OURS,
                            new JsonObject()
                                    .put(
                                            "spec",
                                            new JsonObject()
                                                    .put("holderIdentity", "own")
                                                    .put("leaseDurationSeconds", 15))))
                    .isEmpty();
            assertThat(sidecar.leases()
                            .inNamespace(namespace)
                            .withName(OURS)
                            .get()
                            .getSpec()
                            .getHolderIdentity())
                    .isEqualTo("own");
        }

        @Test
        void refusesAnotherConfigMap() {
            assertThat(refusal(() -> sidecar.configMaps()
                            .inNamespace(namespace)
                            .withName("settings")
                            .get()))
                    .contains("cannot get resource \"configmaps\"");
            assertThat(refusal(() -> sidecar.configMaps()
                            .inNamespace(namespace)
                            .resource(configMap("settings"))
                            .update()))
                    .contains("cannot ");
        }

        @Test
        void refusesANewConfigMap() {
            assertThat(refusal(() -> sidecar.configMaps()
                            .inNamespace(namespace)
                            .resource(configMap("pilotlight-pool-mine"))
                            .create()))
                    .contains("cannot create resource \"configmaps\"");
        }

        @Test
        void refusesToDeleteItsPlan() {
            assertThat(refusal(() -> sidecar.configMaps()
                            .inNamespace(namespace)
                            .withName("pilotlight-pool-vllm")
                            .delete()))
                    .contains("cannot delete resource \"configmaps\"");
        }

        @Test
        void refusesAnotherLease() {
            assertThat(refusal(() -> sidecar.leases().inNamespace("kube-system").list()))
                    .contains("cannot list");
            assertThat(refusal(() -> sidecar.leases()
                            .inNamespace(namespace)
                            .withName("another")
                            .get()))
                    .contains("cannot get resource \"leases\"");
        }
    }

    @Nested
    class OtherTokens {
        @Test
        void refusesATokenWithoutThePodsName() {
            KubernetesClient unbound = plane.as(plane.tokenFor(namespace, OURS));
            assertThat(refusal(unbound, "own", labels("pilotlight.dev/role", "active")))
                    .contains("the token is bound to no pod");
        }

        @Test
        void refusesTheTokenOfAPodThatHadTheName() {
            Pod before = Workload.pod(plane, namespace, "again", Map.of());
            KubernetesClient old = plane.as(plane.tokenFor(before));
            assertThat(refusal(old, "again", labels("pilotlight.dev/role", "active")))
                    .isEmpty();
            pod(plane.admin(), "again").withGracePeriod(0).delete();
            Workload.pod(plane, namespace, "again", Map.of());
            try {
                patch(old, "again", labels("pilotlight.dev/role", "active"));
                assertThat("taken").isEqualTo("refused");
            } catch (KubernetesClientException refused) {
                // 401: the API server itself no longer takes the token, or the policy sees another uid.
                assertThat(refused.getCode()).isIn(401, FORBIDDEN);
            }
        }

        @Test
        void leavesThoseAloneWhoManagePodsAnyway() {
            patch(plane.admin(), "other", labels("example.com/by", "admin"));
            // The garbage collector holds every right, hence the mark, too.
            KubernetesClient collector = plane.as(plane.tokenFor("kube-system", "generic-garbage-collector"));
            patch(collector, "other", labels("example.com/by", "collector"));
            assertThat(pod(plane.admin(), "other").get().getMetadata().getLabels())
                    .containsEntry("example.com/by", "collector");
        }
    }

    /** What goes away with which folder. */
    @Nested
    @TestInstance(TestInstance.Lifecycle.PER_CLASS)
    class Deleted {
        private static final String OTHER_IMAGE =
                "[{\"op\":\"replace\",\"path\":\"/spec/containers/0/image\",\"value\":\"other\"}]";

        /** By RBAC and no policy; this client reads a pod before it changes it. */
        private static final String NO_RIGHT = ".* cannot (get|patch) resource \"pods\" .*";

        private String changesAPeersImage() {
            return refusal(() -> pod(sidecar, "other").patch(PatchContext.of(PatchType.JSON), OTHER_IMAGE));
        }

        @Test
        void theRightsOfAnotherNamespaceLeaveThisOneAsItIs() {
            String teamA = plane.namespace("team-a");
            plane.rights(teamA);
            plane.kubectl("delete", "-n", teamA, "-k", BASE.toString()).orFail();
            assertThat(changesAPeersImage()).contains("a sidecar may change its own pod own and not other");
            assertThat(refusal(sidecar, "own", labels("pilotlight.dev/role", "active")))
                    .isEmpty();
        }

        @Test
        void thePoliciesTakeTheRightsWithThem() {
            plane.kubectl("delete", "-k", CLUSTER.toString()).orFail();
            try {
                Await.until(
                        "the rights are gone",
                        Duration.ofSeconds(20),
                        () -> refusal(sidecar, "own", labels("pilotlight.dev/role", "active")),
                        why -> why.matches(NO_RIGHT));
                assertThat(changesAPeersImage()).matches(NO_RIGHT);
                assertThat(pod(plane.admin(), "other")
                                .get()
                                .getSpec()
                                .getContainers()
                                .getFirst()
                                .getImage())
                        .isNotEqualTo("other");
            } finally {
                plane.apply(namespace, CLUSTER);
                Await.until(
                        "the rights are back",
                        Duration.ofSeconds(20),
                        () -> changesAPeersImage().contains("own pod")
                                && refusal(sidecar, "own", labels("pilotlight.dev/role", "standby"))
                                        .isEmpty());
            }
        }
    }
}
