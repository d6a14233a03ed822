package dev.pilotlight.pool.managed;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.kube.ApiServer.Answer;
import dev.pilotlight.kube.Call;
import dev.pilotlight.kube.FakeApiServer;
import dev.pilotlight.kube.Informer;
import dev.pilotlight.kube.Names;
import dev.pilotlight.kube.Problem;
import dev.pilotlight.kube.Selection;
import dev.pilotlight.pool.peers.PeerReport;
import dev.pilotlight.pool.peers.PoolPod;
import dev.pilotlight.pool.plan.PlanView;
import dev.pilotlight.process.Await;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** What a leader asks of the API server and writes to it, by an API server in memory and peers that say what they are told to. */
class LeaderTest {
    private static final String PODS = Names.pods("ns");
    private static final String PLAN = Names.configMaps("ns") + "/pilotlight-pool-vllm";
    /** For what has to come: a busy machine takes its time. */
    private static final Duration AMPLE = Duration.ofSeconds(10);
    /** Of every pause the certain part alone. */
    private static final RandomGenerator LEAST = () -> 0;
    /** It goes on by this with each look at it, so that a leader is due again as soon as it has looked. */
    private static final Duration TICK = Duration.ofMillis(500);

    private final FakeApiServer server = new FakeApiServer();
    private final AtomicReference<Instant> clock = new AtomicReference<>(Instant.parse("2026-11-25T12:00:00Z"));
    private final AtomicReference<Optional<Integer>> fencingTerm = new AtomicReference<>(Optional.of(4));
    private final Map<String, String> reports = new ConcurrentHashMap<>();
    private final AtomicInteger rounds = new AtomicInteger();
    private volatile Runnable afterRound = () -> {};

    private final Informer<PlanView> plans = new Informer<>(
            server,
            Selection.one(Names.configMaps("ns"), "pilotlight-pool-vllm"),
            PlanView::of,
            this::now,
            LEAST,
            () -> {});
    private final Leader leader = new Leader(
            server,
            "ns",
            "vllm",
            "a",
            PoolPolicy.DEFAULT,
            false,
            this::read,
            plans,
            fencingTerm::get,
            this::now,
            LEAST,
            () -> {});

    private Instant now() {
        return clock.getAndUpdate(it -> it.plus(TICK));
    }

    private Map<String, PeerReport> read(Collection<PoolPod> pods, Instant now) {
        Map<String, PeerReport> heard = new ConcurrentHashMap<>();
        pods.forEach(pod -> Optional.ofNullable(reports.get(pod.name()))
                .flatMap(body -> PeerReport.of(body, now))
                .ifPresent(report -> heard.put(pod.name(), report)));
        rounds.incrementAndGet();
        afterRound.run();
        return heard;
    }

    private void pod(String name, double load) {
        server.put(PODS + "/" + name, new JsonObject("""
                {"metadata": {"labels": {"pilotlight.dev/pool": "vllm"}}, "status": {"podIP": "10.0.0.1"}}"""));
        reports.put(name, "{\"ready\":true,\"load\":" + load + ",\"readySeconds\":600}");
    }

    /** Three pods at a load that calls for nothing. */
    private void pool() {
        List.of("a", "b", "c").forEach(name -> pod(name, 0.5));
    }

    private void planned(int term, String... active) {
        server.put(
                PLAN,
                new JsonObject()
                        .put("metadata", new JsonObject("{\"labels\": {\"app\": \"vllm\"}}"))
                        .put("data", data(7, term, "z", 3, active, "as it was")));
    }

    private static JsonObject data(int generation, int term, String holder, int pods, String[] active, String reason) {
        return new JsonObject()
                .put("generation", Integer.toString(generation))
                .put("term", Integer.toString(term))
                .put("holder", holder)
                .put("pods", Integer.toString(pods))
                .put("wanted", Integer.toString(active.length))
                .put("active", String.join("\n", active))
                .put("reason", reason);
    }

    private void start() {
        plans.start();
        leader.start();
    }

    @AfterEach
    void stop() {
        leader.close();
        plans.close();
    }

    private Optional<JsonObject> written() {
        return server.object(PLAN).map(it -> it.getJsonObject("data"));
    }

    private void writes(JsonObject data) {
        Await.until("writes", AMPLE, this::written, Optional.of(data)::equals);
    }

    private List<Call> writing() {
        return server.asked().stream().filter(call -> call.body().isPresent()).toList();
    }

    private void looks(int times) {
        int before = rounds.get();
        Await.until("looks", AMPLE, () -> rounds.get() >= before + times);
    }

    private static String[] names(String... names) {
        return names;
    }

    @Test
    void makesThePlanWhereThereIsNone() {
        pool();
        start();
        writes(data(1, 4, "a", 3, names("a", "b"), "promoted a, b: 3 pods are ready and 1 are to stand by"));
        assertThat(writing()).singleElement().satisfies(call -> {
            assertThat(call.verb()).isEqualTo(Call.Verb.CREATE);
            assertThat(call.path()).isEqualTo(Names.configMaps("ns"));
        });
    }

    @Test
    void writesIntoTheConfigMapThatItWasGivenAndLeavesTheRestOfItAlone() {
        server.put(PLAN, new JsonObject("{\"metadata\": {\"labels\": {\"app\": \"vllm\"}}}"));
        String version = version();
        pool();
        start();
        writes(data(1, 4, "a", 3, names("a", "b"), "promoted a, b: 3 pods are ready and 1 are to stand by"));
        assertThat(labels()).isEqualTo(new JsonObject("{\"app\": \"vllm\"}"));
        assertThat(writing()).singleElement().satisfies(call -> {
            assertThat(call.verb()).isEqualTo(Call.Verb.UPDATE);
            assertThat(madeOver(call)).isEqualTo(version);
        });
    }

    private String version() {
        return server.object(PLAN).orElseThrow().getJsonObject("metadata").getString("resourceVersion");
    }

    private JsonObject labels() {
        return server.object(PLAN).orElseThrow().getJsonObject("metadata").getJsonObject("labels");
    }

    private static String madeOver(Call write) {
        return write.body().orElseThrow().getJsonObject("metadata").getString("resourceVersion");
    }

    @Test
    void writesItsOwnTermFirstAndThenNothingThatIsNoChange() {
        pool();
        planned(3, "a", "b");
        String version = version();
        start();
        writes(data(8, 4, "a", 3, names("a", "b"), "as it was"));
        looks(10);
        assertThat(writing()).singleElement().satisfies(call -> assertThat(madeOver(call))
                .isEqualTo(version));
        assertThat(leader.problem()).isEmpty();
        assertThat(leader.leading()).hasValueSatisfying(it -> {
            assertThat(it.term()).isEqualTo(4);
            assertThat(it.pods()).isEqualTo(3);
        });
    }

    @Test
    void writesAChangeOverItsOwnLastPlan() {
        pool();
        planned(4, "a", "b");
        start();
        looks(2);
        assertThat(writing()).isEmpty();
        pod("a", 1);
        pod("b", 1);
        Await.until("promotes", AMPLE, this::written, it -> it.orElseThrow()
                .getString("active")
                .equals("a\nb\nc"));
        assertThat(written().orElseThrow().getString("generation")).isEqualTo("8");
    }

    @Nested
    class DecidesNothing {
        private long asked(String path) {
            return server.asked().stream()
                    .filter(call -> call.path().equals(path))
                    .count();
        }

        private void whileThisFails(String path) {
            pool();
            planned(3, "a", "b");
            server.fault(call -> call.path().equals(path) && call.verb() != Call.Verb.UPDATE
                    ? Optional.of(new Answer.Lost("connection refused"))
                    : Optional.empty());
            start();
            Await.until("says so", AMPLE, leader::problem, it -> it.map(Problem::silent)
                    .orElse(false));
            // By the third time the other half was heard long ago.
            Await.until("asks again", AMPLE, () -> asked(path) >= 3);
            assertThat(rounds).as("rounds among the peers").hasValue(0);
            assertThat(writing()).isEmpty();
            assertThat(leader.leading()).isEmpty();
            server.fault(_ -> Optional.empty());
            writes(data(8, 4, "a", 3, names("a", "b"), "as it was"));
        }

        @Test
        void beforeItHasHeardOfThePods() {
            whileThisFails(PODS);
        }

        @Test
        void beforeItHasHeardOfThePlan() {
            whileThisFails(PLAN);
        }

        @Test
        void onceALaterLeaderHasWritten() {
            pool();
            planned(5, "c");
            start();
            looks(5);
            assertThat(writing()).isEmpty();
        }

        @Test
        void withoutTheSeat() {
            pool();
            fencingTerm.set(Optional.empty());
            start();
            Await.until("watches the plan", AMPLE, () -> server.watchers() == 1);
            assertThat(server.asked()).noneMatch(call -> call.path().equals(PODS));
            fencingTerm.set(Optional.of(4));
            looks(1);
        }

        @Test
        void whenItLosesTheSeatWhileItLooks() {
            pool();
            afterRound = () -> fencingTerm.set(Optional.empty());
            start();
            looks(1);
            Await.until("leaves the pods", AMPLE, () -> server.watchers() == 1);
            assertThat(writing()).isEmpty();
            assertThat(leader.leading()).isEmpty();
        }
    }

    @Nested
    class WhenAnotherWroteMeanwhile {
        /** Just before the first write arrives. */
        private void meanwhile(Runnable happens) {
            AtomicInteger writes = new AtomicInteger();
            server.fault(call -> {
                if (call.body().isPresent() && writes.getAndIncrement() == 0) {
                    happens.run();
                }
                return Optional.empty();
            });
        }

        @Test
        void leavesTheLaterLeadersPlanAlone() {
            pool();
            planned(3, "a", "b");
            meanwhile(() -> planned(9, "c"));
            start();
            looks(5);
            assertThat(written()).contains(data(7, 9, "z", 3, names("c"), "as it was"));
            assertThat(writing()).hasSize(1);
            assertThat(leader.problem()).as("a conflict is none").isEmpty();
        }

        @Test
        void asksForTheNewestAndPlansOverThat() {
            pool();
            planned(3, "a", "b");
            meanwhile(() -> planned(3, "b", "c"));
            start();
            writes(data(8, 4, "a", 3, names("b", "c"), "as it was"));
            Call asked = Call.get(PLAN);
            assertThat(server.asked()).as("from the server's store").contains(asked);
            assertThat(writing().stream().map(LeaderTest::madeOver).toList()).doesNotHaveDuplicates();
        }

        @Test
        void makesNoSecondConfigMap() {
            pool();
            meanwhile(() -> planned(3, "b", "c"));
            start();
            writes(data(8, 4, "a", 3, names("b", "c"), "as it was"));
        }

        @Test
        void makesThePlanAgainWhereItWasDeleted() {
            pool();
            planned(3, "a", "b");
            meanwhile(() -> server.delete(PLAN));
            start();
            Await.until("makes it again", AMPLE, this::madeAgain);
            assertThat(written().orElseThrow().getString("term")).isEqualTo("4");
        }

        private boolean madeAgain() {
            return written().isPresent() && writing().size() > 1;
        }
    }

    @Test
    void saysWhichRightIsMissingToWriteThePlanAndIsSoundOnceItIsThere() {
        pool();
        planned(3, "a", "b");
        server.fault(call -> call.body().isPresent()
                ? Optional.of(FakeApiServer.refused(403, "configmaps is forbidden"))
                : Optional.empty());
        start();
        Problem problem = Await.until("says so", AMPLE, leader::problem, Optional::isPresent)
                .orElseThrow();
        assertThat(problem.silent()).isFalse();
        assertThat(problem.why())
                .startsWith("the pool's plan can not be written: ")
                .contains("resources: [configmaps], resourceNames: [pilotlight-pool-vllm], verbs: [update]");
        assertThat(leader.leading()).as("it leads for all that").isPresent();
        server.fault(_ -> Optional.empty());
        writes(data(8, 4, "a", 3, names("a", "b"), "as it was"));
        Await.until("is sound", AMPLE, leader::problem, Optional::isEmpty);
    }

    @Test
    void writesItsOwnOverAPlanThatNoLeaderCanHaveWritten() {
        pool();
        planned(Integer.MAX_VALUE, "a", "ghost");
        start();
        writes(data(1, 4, "a", 3, names("a", "b"), "promoted a, b: 3 pods are ready and 1 are to stand by"));
        assertThat(server.object(PLAN).orElseThrow().getJsonObject("metadata").getJsonObject("labels"))
                .isEqualTo(new JsonObject("{\"app\": \"vllm\"}"));
    }

    @Test
    void writesNothingIntoAnImmutablePlanAndGoesOnOnceItIsMadeAgain() {
        pool();
        planned(3, "a", "b");
        server.put(PLAN, server.object(PLAN).orElseThrow().put("immutable", true));
        start();
        looks(5);
        assertThat(writing()).isEmpty();
        server.delete(PLAN);
        writes(data(1, 4, "a", 3, names("a", "b"), "promoted a, b: 3 pods are ready and 1 are to stand by"));
    }

    @Test
    void saysWhatToApplyWhereThereIsNoConfigMapAndAsksSeldom() {
        pool();
        server.fault(call -> call.verb() == Call.Verb.CREATE
                ? Optional.of(FakeApiServer.refused(403, "configmaps is forbidden"))
                : Optional.empty());
        start();
        Problem problem = Await.until("says so", AMPLE, leader::problem, Optional::isPresent)
                .orElseThrow();
        assertThat(problem.why())
                .startsWith("there is no ConfigMap pilotlight-pool-vllm in namespace ns to write the pool's plan into;"
                        + " apply k8s/pool: ");
        looks(40);
        assertThat(writing()).hasSizeLessThan(rounds.get() / 2);
    }

    /** The plan is its own already: a silence that was said would stay said for want of a write. */
    @Test
    void isSoundOnceItHasHeardThoughItHasNothingToWrite() {
        pool();
        planned(4, "a", "b");
        server.fault(call -> call.path().equals(PODS) ? Optional.of(new Answer.Lost("timeout")) : Optional.empty());
        start();
        Await.until("says so", AMPLE, leader::problem, Optional::isPresent);
        server.fault(_ -> Optional.empty());
        Await.until("is sound", AMPLE, leader::problem, Optional::isEmpty);
        assertThat(writing()).isEmpty();
    }

    @Test
    void beginsAgainWithTheNextTerm() {
        pool();
        planned(3, "a", "b");
        start();
        writes(data(8, 4, "a", 3, names("a", "b"), "as it was"));
        fencingTerm.set(Optional.of(6));
        writes(data(9, 6, "a", 3, names("a", "b"), "as it was"));
        Await.until("leads by its new term", AMPLE, leader::leading, it -> it.filter(now -> now.term() == 6)
                .isPresent());
    }
}
