package dev.pilotlight.drain;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.pod.OwnPod;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import org.junit.jupiter.api.Test;

class LateStartTest {
    private static final Optional<OwnPod> UNSEEN = Optional.empty();

    private int ends;
    private int looks;

    private static Optional<OwnPod> pod(boolean deleted, boolean engineRuns) {
        JsonObject metadata = new JsonObject().put("uid", "1");
        if (deleted) {
            metadata.put("deletionTimestamp", "2026-11-29T00:00:00Z");
        }
        JsonObject state = engineRuns
                ? new JsonObject().put("running", new JsonObject().put("startedAt", "2026-11-29T00:00:00Z"))
                : new JsonObject().put("waiting", new JsonObject().put("reason", "PodInitializing"));
        return Optional.of(OwnPod.of(
                new JsonObject()
                        .put("metadata", metadata)
                        .put(
                                "spec",
                                new JsonObject()
                                        .put(
                                                "containers",
                                                new JsonArray()
                                                        .add(new JsonObject()
                                                                .put("name", "vllm")
                                                                .put("image", "vllm/vllm-openai:v0.32.0"))))
                        .put(
                                "status",
                                new JsonObject()
                                        .put(
                                                "containerStatuses",
                                                new JsonArray()
                                                        .add(new JsonObject()
                                                                .put("name", "vllm")
                                                                .put("state", state)))),
                Optional.empty()));
    }

    /** @param toldAfter so many looks SIGTERM comes after all; -1 for never */
    private void run(int toldAfter, List<Optional<OwnPod>> seen) {
        Queue<Optional<OwnPod>> left = new ArrayDeque<>(seen);
        new LateStart(
                        () -> left.size() > 1 ? left.remove() : left.element(),
                        () -> toldAfter >= 0 && looks >= toldAfter,
                        () -> ends++,
                        () -> looks++)
                .run();
    }

    @Test
    void endsAPodThatWasDeletedBeforeItLooked() {
        run(-1, List.of(UNSEEN, UNSEEN, pod(true, false)));

        assertThat(ends).isOne();
    }

    @Test
    void leavesASigtermThatCameToItsOwnWay() {
        run(3, List.of(pod(true, false)));

        assertThat(ends).isZero();
    }

    @Test
    void leavesALaterDeletionToSigterm() {
        run(-1, List.of(pod(false, false), pod(true, false)));

        assertThat(ends).isZero();
        assertThat(looks).isZero();
    }

    @Test
    void staysBesideAnEngineThatDrains() {
        run(-1, List.of(pod(true, true)));

        assertThat(ends).isZero();
    }

    @Test
    void givesUpWhereThereIsNothingToSee() {
        run(-1, List.of(UNSEEN));

        assertThat(ends).isZero();
        assertThat(looks).isBetween(1, 10_000);
    }
}
