package dev.pilotlight.pod.metadata;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.kube.ApiServer.Answer;
import dev.pilotlight.kube.FakeApiServer;
import dev.pilotlight.kube.Informer;
import dev.pilotlight.kube.Selection;
import dev.pilotlight.pod.OwnPod;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** A patch on its way, and what is made of each answer to it. */
class MetadataPatcherTest {
    private static final String PODS = "/api/v1/namespaces/ns/pods";
    private static final Instant NOON = Instant.parse("2026-11-25T12:00:00Z");
    /** Of every pause the certain part alone. */
    private static final RandomGenerator LEAST = () -> 0;

    private final FakeApiServer server = new FakeApiServer();
    private final Informer<OwnPod> informer = new Informer<>(
            server, Selection.one(PODS, "a"), pod -> OwnPod.of(pod, Optional.empty()), () -> NOON, LEAST, () -> {});
    private final MetadataPatcher patcher = new MetadataPatcher(server, "ns", "a", informer, () -> NOON, LEAST);
    private final MetadataPatch patch = patch(server.put(PODS + "/a", new JsonObject("""
            {"metadata": {"labels": {"app": "vllm", "pilotlight.dev/role": "active"}}}""")));

    private static MetadataPatch patch(JsonObject pod) {
        return new MetadataPatch(
                pod.getJsonObject("metadata").getString("resourceVersion"),
                Map.of("pilotlight.dev/phase", Optional.of("ready"), "pilotlight.dev/role", Optional.empty()),
                Map.of());
    }

    private PatchOutcome.Failed failed(Answer answer, int times) {
        server.fault(_ -> Optional.of(answer));
        for (int i = 1; i < times; i++) {
            patcher.send(patch, i);
        }
        PatchOutcome outcome = patcher.send(patch, times);
        assertThat(outcome).isInstanceOf(PatchOutcome.Failed.class);
        return (PatchOutcome.Failed) outcome;
    }

    private static Duration pause(PatchOutcome.Failed failed) {
        return Duration.between(NOON, failed.retryAt());
    }

    @Test
    void showsThePodAsItIsAfterwardsWithoutWaitingForTheWatch() {
        assertThat(patcher.send(patch, 3)).isEqualTo(new PatchOutcome.Applied(3, NOON));
        assertThat(informer.newest().one().orElseThrow().labels())
                .isEqualTo(Map.of("app", "vllm", "pilotlight.dev/phase", "ready"));
    }

    @Test
    void changesNothingWhereThePodHasChangedSince() {
        JsonObject changed = server.put(PODS + "/a", new JsonObject());
        assertThat(patcher.send(patch, 4)).isEqualTo(new PatchOutcome.Conflict(4, NOON));
        assertThat(server.object(PODS + "/a")).contains(changed);
    }

    @Nested
    class AfterAFailure {
        @Test
        void isTriedAgainLessAndLess() {
            assertThat(List.of(
                            pause(failed(new Answer.Lost("gone"), 1)),
                            pause(failed(new Answer.Lost("gone"), 1)),
                            pause(failed(new Answer.Lost("gone"), 1)),
                            pause(failed(new Answer.Lost("gone"), 20))))
                    .containsExactly(
                            Duration.ofMillis(500),
                            Duration.ofSeconds(1),
                            Duration.ofSeconds(2),
                            Duration.ofSeconds(15));
        }

        @Test
        void tellsASilentServerFromOneThatSaysNo() {
            assertThat(failed(new Answer.Lost("gone"), 1))
                    .isEqualTo(new PatchOutcome.Failed(
                            1,
                            NOON.plusMillis(500),
                            false,
                            "the pod's labels cannot be written: the API server did not patch " + PODS + "/a: gone"));
            assertThat(failed(FakeApiServer.refused(500, "oh"), 1).answered()).isTrue();
        }

        @Test
        void waitsAsLongAsTheServerAsks() {
            assertThat(pause(failed(new Answer.Got(429, "", Optional.of(Duration.ofSeconds(42))), 1)))
                    .isEqualTo(Duration.ofSeconds(42));
        }

        @Test
        void saysWhichRuleIsMissingAndTriesSeldomOnceThatIsSure() {
            Answer denied = FakeApiServer.refused(403, "pods is forbidden");
            assertThat(failed(denied, 1).why())
                    .endsWith("the service account's Role lacks {apiGroups: [\"\"], resources: [pods], verbs: [patch]}"
                            + " in namespace ns");
            assertThat(pause(failed(denied, 4))).isGreaterThanOrEqualTo(Duration.ofMinutes(5));
        }

        @Test
        void triesAPatchThatIsWrongSeldomFromTheFirstOn() {
            assertThat(pause(failed(FakeApiServer.refused(422, "invalid"), 1))).isEqualTo(Duration.ofMinutes(5));
        }

        @Test
        void beginsAgainWithTheFirstPatchThatIsTaken() {
            failed(new Answer.Lost("gone"), 20);
            server.fault(_ -> Optional.empty());
            patcher.send(patch, 21);
            assertThat(pause(failed(new Answer.Lost("gone"), 1))).isEqualTo(Duration.ofMillis(500));
        }
    }
}
