package dev.pilotlight.pool.managed;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.kube.ApiServer.Answer;
import dev.pilotlight.kube.FakeApiServer;
import dev.pilotlight.kube.Names;
import dev.pilotlight.pool.plan.NamedPods.State;
import dev.pilotlight.pool.plan.Plan;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Pod {@code self} is not named: whether those that are serve is asked of an API server in memory. */
class LookoutTest {
    private static final Duration ORPHAN_AFTER = Duration.ofSeconds(60);
    private static final String PODS = Names.pods("ns");

    private final FakeApiServer server = new FakeApiServer();
    private Instant now = Instant.parse("2026-11-25T12:00:00Z");
    private Optional<Plan> plan = Optional.empty();
    private final Lookout lookout =
            new Lookout(server, "ns", "self", ORPHAN_AFTER, () -> plan, () -> now, new Random(1), () -> {});

    private void planned(int pods, String... active) {
        plan = Optional.of(new Plan(
                new JsonObject(), 1, 1, "z", pods, active.length, new TreeSet<>(Arrays.asList(active)), "as it was"));
    }

    private void pod(String name, String role, String ready) {
        server.put(PODS + "/" + name, new JsonObject("""
                {"metadata": {"labels": {"pilotlight.dev/role": "%s"}},
                 "status": {"conditions": [{"type": "Initialized", "status": "True"}, {"type": "Ready", "status": "%s"}]}}""".formatted(role, ready)));
    }

    private State after(int seconds) {
        for (int i = 0; i < seconds * 4; i++) {
            lookout.step();
            now = now.plusMillis(250);
        }
        return lookout.state();
    }

    @Test
    void asksNobodyWhileThePlanNamesTheOwnPodOrThereIsNone() {
        after(100);
        planned(2, "self");
        assertThat(after(100)).isEqualTo(State.SERVING);
        assertThat(server.asked()).isEmpty();
    }

    @Test
    void asksSeldomWhileOneServes() {
        pod("a", "active", "True");
        planned(2, "a");
        assertThat(after(600)).isEqualTo(State.SERVING);
        assertThat(server.asked()).hasSize(60);
    }

    @Test
    void asksTheMoreSeldomTheMorePodsThereAre() {
        pod("a", "active", "True");
        planned(1000, "a");
        after(600);
        assertThat(server.asked()).hasSize(12);
    }

    @Test
    void saysThatNoneServesWithinOrphanAfterOfTheLastOneThatDid() {
        pod("a", "active", "True");
        planned(2, "a");
        assertThat(after(5)).isEqualTo(State.SERVING);
        server.delete(PODS + "/a");
        assertThat(after(50)).isEqualTo(State.SILENT);
        assertThat(after(11)).isEqualTo(State.LOST);
    }

    @Test
    void takesNeitherAPodThatIsNotReadyNorAStandbyNorOneThatLeavesForOneThatServes() {
        pod("a", "active", "False");
        pod("b", "standby", "True");
        server.put(PODS + "/c", new JsonObject("""
                {"metadata": {"labels": {"pilotlight.dev/role": "active"}, "deletionTimestamp": "2026-11-25T12:00:00Z"},
                 "status": {"conditions": [{"type": "Ready", "status": "True"}]}}"""));
        server.put(PODS + "/d", new JsonObject("{\"metadata\": {\"labels\": 3}, \"status\": [\"Ready\"]}"));
        planned(4, "a", "b", "c", "d");
        assertThat(after(61)).isEqualTo(State.LOST);
        pod("b", "active", "True");
        assertThat(after(11)).isEqualTo(State.SERVING);
    }

    @Test
    void takesAPlanThatNamesNobodyForOneWhoseNobodyServes() {
        planned(2);
        assertThat(after(59)).isEqualTo(State.SILENT);
        assertThat(after(2)).isEqualTo(State.LOST);
    }

    @Test
    void takesASilentServerForNoEvidence() {
        planned(2, "a");
        server.fault(_ -> Optional.of(new Answer.Lost("timeout")));
        assertThat(after(600)).isEqualTo(State.UNKNOWN);
        server.fault(_ -> Optional.empty());
        assertThat(after(45)).isEqualTo(State.SILENT);
        assertThat(after(30)).isEqualTo(State.LOST);
        server.fault(_ -> Optional.of(FakeApiServer.refused(403, "forbidden")));
        assertThat(after(600)).as("and for none that they serve again").isEqualTo(State.LOST);
    }

    @Test
    void looksAtOnceWhereAnotherPlanCouldMend() {
        planned(2, "a");
        assertThat(after(61)).isEqualTo(State.LOST);
        pod("b", "active", "True");
        planned(2, "b");
        assertThat(after(1)).isEqualTo(State.SERVING);
    }

    @Test
    void asksForAFewOfALargePlanAtATime() {
        planned(1000, IntStream.range(0, 900).mapToObj(i -> "p" + i).toArray(String[]::new));
        lookout.step();
        assertThat(server.asked()).hasSize(5);
    }
}
