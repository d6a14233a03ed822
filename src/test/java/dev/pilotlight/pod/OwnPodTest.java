package dev.pilotlight.pod;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalInt;
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

    private static EarlierEnds earlier(String list, String status) {
        JsonObject pod = pod();
        pod.getJsonObject("status")
                .put(list, new JsonArray().add("odd").add(new JsonObject(status).put("name", "pilotlight")));
        return OwnPod.of(pod, Optional.empty()).earlier();
    }

    @Test
    void seesHowTheSidecarItselfEndedBefore() {
        assertThat(OwnPod.of(pod(), Optional.empty()).earlier()).isEqualTo(EarlierEnds.NONE);
        String running = """
                {"restartCount": 2, "state": {"running": {}}, "lastState": {"terminated": {"exitCode": 139}}}""";
        assertThat(earlier("initContainerStatuses", running)).isEqualTo(new EarlierEnds(2, OptionalInt.of(139)));
        assertThat(earlier("containerStatuses", running)).isEqualTo(new EarlierEnds(2, OptionalInt.of(139)));
        assertThat(earlier("initContainerStatuses", """
                {"restartCount": 3, "lastState": {"terminated": {"exitCode": 0, "signal": 11}}}""")).isEqualTo(new EarlierEnds(3, OptionalInt.of(139)));
    }

    /** The API server may hear of this start only after we have read the pod. */
    @Test
    void countsTheEndThatTheKubeletHasNotCountedYet() {
        assertThat(earlier("initContainerStatuses", """
                {"restartCount": 1, "state": {"waiting": {"reason": "CrashLoopBackOff"}},
                 "lastState": {"terminated": {"exitCode": 134}}}""")).isEqualTo(new EarlierEnds(2, OptionalInt.of(134)));
        assertThat(earlier("initContainerStatuses", """
                {"restartCount": 1, "state": {"terminated": {"exitCode": 139}},
                 "lastState": {"terminated": {"exitCode": 1}}}""")).isEqualTo(new EarlierEnds(2, OptionalInt.of(139)));
        assertThat(earlier("initContainerStatuses", """
                {"restartCount": 0, "state": {"waiting": {"reason": "PodInitializing"}}}""")).isEqualTo(EarlierEnds.NONE);
    }

    @Test
    void makesNothingOfAStatusOfAnotherShape() {
        assertThat(earlier("initContainerStatuses", """
                {"restartCount": "2", "state": 1, "lastState": {"terminated": {"exitCode": 1e300, "signal": -1}}}""")).isEqualTo(EarlierEnds.NONE);
    }

    @Test
    void makesNothingOfAnEmptyObject() {
        OwnPod pod = OwnPod.of(new JsonObject(), Optional.empty());
        assertThat(pod.labels()).isEmpty();
        assertThat(pod.vllm()).isEmpty();
        assertThat(pod.terminating()).isFalse();
    }
}
