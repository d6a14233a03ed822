package dev.pilotlight.pool.managed;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.hostile.EveryField;
import dev.pilotlight.pod.OwnPod;
import dev.pilotlight.pool.election.LeaseView;
import dev.pilotlight.pool.peers.PoolPod;
import dev.pilotlight.pool.plan.Plan;
import dev.pilotlight.pool.plan.PlanView;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/** One field of an object is null or of another type: whatever else the object says is read all the same. */
class EveryFieldTest {
    private static final Instant NOON = Instant.parse("2026-11-24T12:00:00Z");
    private static final String LLM = "/spec/containers/1";
    private static final String RUNNING = "/status/containerStatuses/0";

    private static final JsonObject POD = new JsonObject("""
            {"apiVersion": "v1", "kind": "Pod",
             "metadata": {"name": "vllm-0", "namespace": "shop", "uid": "705ab4f5", "resourceVersion": "100",
              "creationTimestamp": "2026-11-24T10:59:00Z",
              "deletionTimestamp": "2026-11-24T12:01:00Z", "deletionGracePeriodSeconds": 60,
              "labels": {"app": "vllm", "pilotlight.dev/role": "active"}, "annotations": {"note": "b"},
              "ownerReferences": [{"kind": "ReplicaSet", "name": "vllm", "controller": true}],
              "managedFields": [
               {"manager": "kubectl", "fieldsV1": {"f:metadata": {"f:labels": {"f:app": {}}}}},
               {"manager": "karpenter", "fieldsV1": {"f:metadata": {"f:annotations": {"f:note": {}}}}}]},
             "spec": {"terminationGracePeriodSeconds": 90, "containers": [
               {"name": "proxy", "image": "envoy:1"},
               {"name": "llm", "image": "vllm/vllm-openai:v0.20", "args": ["--model", "m", "--port", "8001"],
                "env": [{"name": "A", "value": "b"}], "ports": [{"containerPort": 8001}],
                "resources": {"limits": {"nvidia.com/gpu": 1}},
                "livenessProbe": {"httpGet": {"path": "/q/health/group/engine"}},
                "lifecycle": {"preStop": {"exec": {"command": ["curl", "/api/v1/drain"]}}}}]},
             "status": {"phase": "Running", "podIP": "10.0.0.7",
              "conditions": [{"type": "Initialized", "status": "True"}, {"type": "Ready", "status": "True"}],
              "initContainerStatuses": [{"name": "pilotlight", "restartCount": 1, "state": {"running": {}},
               "lastState": {"terminated": {"exitCode": 139}}}],
              "containerStatuses": [{"name": "llm", "restartCount": 3,
               "state": {"running": {"startedAt": "2026-01-05T10:00:00Z"}}}]}}
            """);

    private static final JsonObject LEASE = new JsonObject("""
            {"kind": "Lease", "metadata": {"name": "pilotlight-pool-vllm", "resourceVersion": "7", "labels": {"a": "b"}},
             "spec": {"holderIdentity": "vllm-0", "leaseDurationSeconds": 15, "leaseTransitions": 4,
              "renewTime": "2026-11-24T11:59:58.000000Z"}}
            """);

    private static final JsonObject PLAN = new JsonObject("""
            {"kind": "ConfigMap", "metadata": {"name": "pilotlight-pool-vllm", "resourceVersion": "7", "annotations": {"a": "b"}},
             "immutable": true,
             "data": {"generation": "12", "term": "4", "holder": "vllm-0", "pods": "3", "wanted": "2",
              "active": "vllm-0 vllm-1", "reason": "quiet"}}
            """);

    /** @param from the fields that it is read from */
    private record Said<T>(String what, List<String> from, Function<T, Object> read) {}

    private static <T> Said<T> said(String what, Function<T, Object> read, String... from) {
        return new Said<>(what, List.of(from), read);
    }

    private static <T> void holds(JsonObject object, Function<JsonObject, T> reader, List<Said<T>> all) {
        T whole = reader.apply(object);
        EveryField.of(object, new Random(20), (path, changed) -> {
            T read = reader.apply(changed);
            for (Said<T> said : all) {
                if (said.from().stream().noneMatch(it -> EveryField.related(it, path))) {
                    assertThat(said.read().apply(read))
                            .as("%s with another %s: %s", said.what(), path, changed)
                            .isEqualTo(said.read().apply(whole));
                }
            }
        });
    }

    @Test
    void theOwnPodIsReadWithoutIt() {
        holds(
                POD,
                pod -> OwnPod.of(pod, Optional.empty()),
                List.of(
                        said("uid", OwnPod::uid, "/metadata/uid"),
                        said("version", OwnPod::version, "/metadata/resourceVersion"),
                        said("a label", it -> it.labels().get("app"), "/metadata/labels/app"),
                        said("an annotation", it -> it.annotations().get("note"), "/metadata/annotations/note"),
                        said("one owner", it -> it.foreign().contains("app"), "/metadata/managedFields/0"),
                        said("another owner", it -> it.foreign().contains("note"), "/metadata/managedFields/1"),
                        said("its deletion", OwnPod::terminating, "/metadata/deletionTimestamp"),
                        said("its end", OwnPod::endsAt, "/metadata/deletionTimestamp"),
                        said("its grace", OwnPod::gracePeriod, "/metadata/deletionGracePeriodSeconds"),
                        said("how we ended", OwnPod::earlier, "/status/initContainerStatuses"),
                        said("the container", it -> it.vllm().map(llm -> llm.name()), LLM),
                        said(
                                "the port",
                                it -> it.vllm().map(llm -> llm.arguments().port()),
                                LLM),
                        said("the hooks", it -> it.vllm().map(llm -> llm.hooks()), LLM),
                        said("restarts", it -> it.vllm().map(llm -> llm.restarts()), LLM, RUNNING),
                        said("its start", it -> it.vllm().map(llm -> llm.startedAt()), LLM, RUNNING)));
    }

    @Test
    void aPodOfThePoolIsReadWithoutIt() {
        holds(
                POD,
                PoolPod::of,
                List.of(
                        said("name", PoolPod::name, "/metadata/name"),
                        said("address", PoolPod::address, "/status/podIP"),
                        said("its deletion", PoolPod::terminating, "/metadata/deletionTimestamp", "/status/phase")));
        JsonObject staying = POD.copy();
        staying.getJsonObject("metadata").putNull("deletionTimestamp");
        assertThat(PoolPod.of(staying).terminating()).isFalse();
        assertThat(OwnPod.of(staying, Optional.empty()).terminating()).isFalse();
        holds(
                staying,
                pod -> pod,
                List.of(said(
                        "it serves",
                        PoolPod::isServing,
                        "/metadata/labels/pilotlight.dev/role",
                        "/metadata/deletionTimestamp",
                        "/status/conditions/1")));
    }

    @Test
    void aLeaseIsReadWithoutIt() {
        holds(
                LEASE,
                LeaseView::of,
                List.of(
                        said(
                                "its version",
                                it -> it.metadata().getValue("resourceVersion"),
                                "/metadata/resourceVersion"),
                        said("its holder", LeaseView::holder, "/spec/holderIdentity"),
                        said("its term", LeaseView::term, "/spec/leaseTransitions"),
                        said("its renewal", LeaseView::renewed, "/spec/renewTime")));
        EveryField.of(LEASE, new Random(21), (path, lease) -> assertThat(
                        LeaseView.oddity(lease, NOON).isEmpty() || EveryField.related("/spec/leaseTransitions", path))
                .as(path)
                .isTrue());
    }

    /** All but its numbers: a plan that lacks one of them is none, and that is said. */
    @Test
    void aPlanIsReadWithoutIt() {
        String[] numbers = {"/data/generation", "/data/term", "/data/pods", "/data/wanted"};
        holds(
                PLAN,
                PlanView::of,
                List.of(
                        said(
                                "its version",
                                it -> it.metadata().getValue("resourceVersion"),
                                "/metadata/resourceVersion"),
                        said("that it is final", PlanView::immutable, "/immutable"),
                        said("that it is a plan", it -> it.refused(), numbers),
                        said("its generation", it -> it.plan().map(Plan::generation), numbers)));
        JsonObject odd = PLAN.copy();
        odd.getJsonObject("data").put("term", 4);
        assertThat(PlanView.of(odd).refused()).contains("its term is no text, which no leader writes");
    }

    @Test
    void whatHasAnotherTypeIsSaidAndNullIsNot() {
        JsonObject pod = POD.copy();
        pod.getJsonObject("metadata").putNull("labels");
        assertThat(OwnPod.of(pod, Optional.empty()).oddity()).isEmpty();
        pod.getJsonObject("metadata").put("labels", "app=vllm");
        assertThat(OwnPod.of(pod, Optional.empty()).labels()).isEmpty();
        assertThat(OwnPod.of(pod, Optional.empty()).oddity()).hasValueSatisfying(why -> assertThat(why)
                .contains("metadata.labels that is no object", "read as absent", "pilotlight.kube.url"));
    }
}
