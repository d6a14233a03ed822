package dev.pilotlight.kube;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.hostile.Mutations;
import dev.pilotlight.pod.OwnPod;
import dev.pilotlight.process.Await;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** An API server, or a proxy before it, that answers with anything: what is known stays, and the next good object is read. */
class HostileObjectsTest {
    private static final Instant NOON = Instant.parse("2026-11-24T12:00:00Z");
    private static final String PATH = Names.pods("shop") + "/vllm-0";

    private static JsonObject pod() {
        return new JsonObject("""
                {"apiVersion": "v1", "kind": "Pod",
                 "metadata": {"name": "vllm-0", "uid": "705ab4f5", "resourceVersion": "100",
                  "deletionTimestamp": "2026-11-24T12:01:00Z", "deletionGracePeriodSeconds": 60,
                  "labels": {"app": "vllm"}, "annotations": {"a": "b"},
                  "managedFields": [{"manager": "kubectl", "fieldsV1": {"f:metadata": {"f:labels": {"f:app": {}}}}}]},
                 "spec": {"terminationGracePeriodSeconds": 60, "containers": [{"name": "vllm", "image": "vllm/vllm-openai",
                  "args": ["--port", "8000", "--max-num-seqs=64"]}]},
                 "status": {"phase": "Running", "containerStatuses": [{"name": "vllm", "restartCount": 2,
                  "state": {"running": {"startedAt": "2026-11-24T11:00:00Z"}}}]}}
                """);
    }

    /** What is read of it is possible, and nothing throws. */
    @Test
    void thePodIsReadOrRefused() {
        Random chance = new Random(6);
        int read = 0;
        for (int i = 0; i < 3000; i++) {
            ApiServer.Answer answer = new ApiServer.Answer.Got(200, Mutations.json(pod(), chance), Optional.empty());
            Optional<JsonObject> object = answer.object();
            if (object.isEmpty()) {
                continue;
            }
            OwnPod pod = OwnPod.of(object.get(), Optional.empty());
            assertThat(pod.gracePeriod().orElse(Duration.ZERO)).isBetween(Duration.ZERO, Duration.ofDays(366));
            pod.vllm().ifPresent(vllm -> assertThat(vllm.arguments().port().orElse(1))
                    .isBetween(1, 65_535));
            read++;
        }
        assertThat(read).isGreaterThan(1000);
    }

    @Test
    void aMirrorOutlivesAnswersOfOtherTypesAndReadsTheNextGoodOne() {
        FakeApiServer api = new FakeApiServer();
        api.put(PATH, pod());
        Iterator<String> wrong = List.of(
                        "{\"metadata\":[]}", "{\"metadata\":{\"resourceVersion\":7}}", "[".repeat(100_000))
                .iterator();
        api.fault(_ -> wrong.hasNext()
                ? Optional.of(new ApiServer.Answer.Got(200, wrong.next(), Optional.empty()))
                : Optional.empty());
        try (Informer<OwnPod> informer = new Informer<>(
                api,
                Selection.one(Names.pods("shop"), "vllm-0"),
                json -> OwnPod.of(json, Optional.empty()),
                () -> NOON,
                new Random(8),
                () -> {})) {
            informer.start();
            Await.until("the pod is read", Duration.ofMinutes(1), () -> informer.newest()
                    .one()
                    .flatMap(OwnPod::gracePeriod)
                    .filter(Duration.ofSeconds(60)::equals)
                    .isPresent());
        }
    }
}
