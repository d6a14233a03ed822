package dev.pilotlight.pod.metadata;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.pod.EarlierEnds;
import dev.pilotlight.pod.OwnPod;
import io.vertx.core.json.JsonObject;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** One patch with what differs, and none where nothing does. */
class MetadataPatchTest {
    private static final String COST = "controller.kubernetes.io/pod-deletion-cost";

    private static OwnPod pod(Map<String, String> labels, Map<String, String> annotations, Set<String> foreign) {
        return new OwnPod(
                "u",
                "42",
                labels,
                annotations,
                foreign,
                false,
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                EarlierEnds.NONE,
                Optional.empty());
    }

    private static PodMetadata metadata(
            Map<String, Optional<String>> labels,
            Map<String, Optional<String>> annotations,
            Map<String, Optional<String>> alongside) {
        return new PodMetadata(labels, annotations, alongside);
    }

    @Test
    void saysWhatDiffersAndTheVersionSeen() {
        OwnPod pod = pod(
                Map.of("app", "vllm", "pilotlight.dev/phase", "warming"),
                Map.of("karpenter.sh/do-not-disrupt", "true"),
                Set.of());
        PodMetadata wanted = metadata(
                Map.of("pilotlight.dev/phase", Optional.of("ready"), "pilotlight.dev/role", Optional.of("active")),
                Map.of("karpenter.sh/do-not-disrupt", Optional.empty(), COST, Optional.of("50")),
                Map.of());
        assertThat(MetadataPatch.of(pod, wanted)).map(MetadataPatch::body).contains(new JsonObject("""
                        {"metadata": {"resourceVersion": "42",
                          "labels": {"pilotlight.dev/phase": "ready", "pilotlight.dev/role": "active"},
                          "annotations": {"controller.kubernetes.io/pod-deletion-cost": "50",
                            "karpenter.sh/do-not-disrupt": null}}}"""));
    }

    @Test
    void isNoneWhereAllIsAsWanted() {
        OwnPod pod = pod(Map.of("pilotlight.dev/phase", "ready"), Map.of(COST, "50"), Set.of());
        PodMetadata wanted = metadata(
                Map.of("pilotlight.dev/phase", Optional.of("ready"), "pilotlight.dev/role", Optional.empty()),
                Map.of(COST, Optional.of("50")),
                Map.of());
        assertThat(MetadataPatch.of(pod, wanted)).isEmpty();
    }

    @Test
    void isNotMadeForWhatTravelsAlongside() {
        OwnPod pod = pod(Map.of("pilotlight.dev/phase", "ready"), Map.of("pilotlight.dev/load", "0.3"), Set.of());
        Map<String, Optional<String>> load = Map.of("pilotlight.dev/load", Optional.of("0.6"));
        assertThat(MetadataPatch.of(
                        pod, metadata(Map.of("pilotlight.dev/phase", Optional.of("ready")), Map.of(), load)))
                .isEmpty();
        assertThat(MetadataPatch.of(
                        pod, metadata(Map.of("pilotlight.dev/phase", Optional.of("draining")), Map.of(), load)))
                .hasValueSatisfying(patch ->
                        assertThat(patch.annotations()).containsEntry("pilotlight.dev/load", Optional.of("0.6")));
    }

    @Test
    void leavesAloneWhatAnotherManagerOwns() {
        PodMetadata wanted = metadata(Map.of(), Map.of(COST, Optional.of("50")), Map.of());
        assertThat(MetadataPatch.of(pod(Map.of(), Map.of(COST, "-5"), Set.of(COST)), wanted))
                .isEmpty();
        assertThat(MetadataPatch.of(pod(Map.of(), Map.of(COST, "-5"), Set.of()), wanted))
                .isPresent();
    }

    @Test
    void takesItsOwnKeysFromATemplateThatCopiedThem() {
        PodMetadata wanted = metadata(Map.of("pilotlight.dev/role", Optional.of("standby")), Map.of(), Map.of());
        assertThat(MetadataPatch.of(
                        pod(Map.of("pilotlight.dev/role", "active"), Map.of(), Set.of("pilotlight.dev/role")), wanted))
                .isPresent();
    }
}
