package dev.pilotlight.pod;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What is read of the own pod as the API server writes it. */
class OwnPodTest {
    private static final String POD = """
            {"metadata": {"name": "own", "uid": "u-1", "resourceVersion": "7",
              "labels": {"app": "vllm", "pilotlight.dev/phase": "ready"},
              "annotations": {"controller.kubernetes.io/pod-deletion-cost": "5"},
              "managedFields": [
                {"manager": "kube-controller-manager", "fieldsV1": {"f:metadata": {"f:labels": {".": {}, "f:app": {}}}}},
                {"manager": "karpenter", "fieldsV1": {"f:metadata": {"f:annotations": {
                  "f:controller.kubernetes.io/pod-deletion-cost": {}}}}},
                {"manager": "pilotlight", "fieldsV1": {"f:metadata": {"f:labels": {"f:pilotlight.dev/phase": {}}}}}]},
             "spec": {"terminationGracePeriodSeconds": 90, "containers": [
                {"name": "proxy", "image": "envoy:1"},
                {"name": "llm", "image": "vllm/vllm-openai:v0.20", "args": ["--model", "m", "--port", "8001"]}]},
             "status": {"containerStatuses": [
                {"name": "llm", "restartCount": 3, "state": {"running": {"startedAt": "2026-01-05T10:00:00Z"}}}]}}
            """;

    private static JsonObject pod() {
        return new JsonObject(POD);
    }

    @Test
    void tellsWhoElseOwnsAKey() {
        OwnPod pod = OwnPod.of(pod(), Optional.empty());
        assertThat(pod.foreign()).containsExactlyInAnyOrder("app", "controller.kubernetes.io/pod-deletion-cost");
        assertThat(pod.version()).isEqualTo("7");
        assertThat(pod.labels()).containsEntry("pilotlight.dev/phase", "ready");
    }

    @Test
    void findsTheContainerThatSaysVllm() {
        assertThat(OwnPod.of(pod(), Optional.empty()).vllm()).hasValueSatisfying(vllm -> {
            assertThat(vllm.name()).isEqualTo("llm");
            assertThat(vllm.restarts()).isEqualTo(3);
            assertThat(vllm.startedAt()).contains(Instant.parse("2026-01-05T10:00:00Z"));
            assertThat(vllm.arguments().port()).hasValue(8001);
        });
    }

    @Test
    void takesTheContainerThatIsNamedAndNoOther() {
        assertThat(OwnPod.of(pod(), Optional.of("proxy")).vllm())
                .map(VllmContainer::name)
                .contains("proxy");
        assertThat(OwnPod.of(pod(), Optional.of("gone")).vllm()).isEmpty();
    }

    @Test
    void takesTheOnlyContainerWhateverItsName() {
        JsonObject pod = pod();
        pod.getJsonObject("spec").getJsonArray("containers").remove(1);
        assertThat(OwnPod.of(pod, Optional.empty()).vllm())
                .map(VllmContainer::name)
                .contains("proxy");
    }

    @Test
    void seesThatItIsBeingDeletedAndWhatTimeThatLeaves() {
        assertThat(OwnPod.of(pod(), Optional.empty()).terminating()).isFalse();
        JsonObject deleted = pod();
        deleted.getJsonObject("metadata")
                .put("deletionTimestamp", "2026-01-05T10:01:30Z")
                .put("deletionGracePeriodSeconds", 40);
        OwnPod pod = OwnPod.of(deleted, Optional.empty());
        assertThat(pod.terminating()).isTrue();
        assertThat(pod.gracePeriod()).contains(Duration.ofSeconds(40));
        assertThat(pod.endsAt()).contains(Instant.parse("2026-01-05T10:01:30Z"));
    }

    @Test
    void makesNothingOfAnEmptyObject() {
        OwnPod pod = OwnPod.of(new JsonObject(), Optional.empty());
        assertThat(pod.labels()).isEmpty();
        assertThat(pod.vllm()).isEmpty();
        assertThat(pod.terminating()).isFalse();
    }
}
