package dev.pilotlight.pool.election;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.kube.ApiServer;
import dev.pilotlight.kube.ApiServer.Answer;
import dev.pilotlight.kube.Call;
import dev.pilotlight.kube.FakeApiServer;
import dev.pilotlight.kube.KubeTally;
import dev.pilotlight.kube.Names;
import dev.pilotlight.pool.plan.Plan;
import dev.pilotlight.pool.plan.PlanView;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Seats of one pool beside one API server, on a clock of the test's own: whoever is due first goes first. */
class LeaderElectorTest {
    private static final String LEASE = Names.leases("ns") + "/pilotlight-pool-vllm";
    private static final Instant START = Instant.parse("2026-11-25T12:00:00Z");

    private final FakeApiServer server = new FakeApiServer();
    private final List<Candidate> candidates = new ArrayList<>();
    private Instant now = START;
    private Optional<Plan> plan = Optional.empty();

    /** A sidecar's elector, and its way to the API server. */
    private final class Candidate implements ApiServer {
        final String name;
        final LeaderElector elector;
        Instant dueAt = now;
        boolean retired;
        boolean busy;
        Function<Call, Optional<Answer>> fault = _ -> Optional.empty();

        Candidate(String name, long seed) {
            this.name = name;
            this.elector = new LeaderElector(
                    this, "ns", "vllm", name, () -> plan, () -> retired, () -> now, new SplittableRandom(seed));
            candidates.add(this);
        }

        void step() {
            busy = true;
            dueAt = elector.step();
            busy = false;
        }

        @Override
        public Answer send(Call call) {
            return fault.apply(call).orElseGet(() -> server.send(call));
        }

        @Override
        public Events watch(Call call) {
            throw new UnsupportedOperationException("an elector watches nothing");
        }

        @Override
        public KubeTally calls() {
            return server.calls();
        }

        boolean leads() {
            return elector.term().isPresent();
        }

        void loseEverything() {
            fault = _ -> Optional.of(new Answer.Lost("connection refused"));
        }

        void loseNothing() {
            fault = _ -> Optional.empty();
        }

        /** Stops in the middle of its next write for so long; then the write goes on its way. */
        void freezeInItsNextWrite(Duration length) {
            fault = call -> {
                if (call.verb() == Call.Verb.GET) {
                    return Optional.empty();
                }
                loseNothing();
                run(length);
                return Optional.empty();
            };
        }
    }

    private Candidate candidate(String name) {
        return new Candidate(name, name.hashCode());
    }

    /** Lets all that are not in the middle of something go on for so long. */
    private void run(Duration length) {
        Instant until = now.plus(length);
        while (true) {
            Optional<Candidate> next = candidates.stream()
                    .filter(it -> !it.busy && !it.retired && !it.dueAt.isAfter(until))
                    .min(Comparator.comparing(it -> it.dueAt));
            if (next.isEmpty()) {
                now = until.isAfter(now) ? until : now;
                return;
            }
            now = next.get().dueAt.isAfter(now) ? next.get().dueAt : now;
            next.get().step();
            assertThat(leaders()).as("at %s", now).hasSizeLessThan(2);
        }
    }

    private List<String> leaders() {
        return candidates.stream().filter(Candidate::leads).map(it -> it.name).toList();
    }

    private JsonObject spec() {
        return server.object(LEASE).orElseThrow().getJsonObject("spec");
    }

    private Optional<Integer> term() {
        return candidates.stream().flatMap(it -> it.elector.term().stream()).findFirst();
    }

    private void seconds(int seconds) {
        run(Duration.ofSeconds(seconds));
    }

    private static Plan planOf(int term, int pods) {
        return new Plan(new JsonObject(), 1, term, "x", pods, 1, new TreeSet<>(), "");
    }

    @Test
    void makesTheLeaseWhereThereIsNone() {
        Candidate a = candidate("a");
        seconds(1);
        assertThat(a.elector.term()).contains(1);
        assertThat(a.elector.problem()).isEmpty();
        assertThat(spec()).isEqualTo(new JsonObject("""
                {"holderIdentity": "a", "leaseDurationSeconds": 8, "leaseTransitions": 1,
                 "renewTime": "2026-11-25T12:00:00.000000Z"}"""));
    }

    @Test
    void takesALeaseThatWasGivenBackAtOnceAndLeavesTheRestOfItAlone() {
        server.put(LEASE, new JsonObject("""
                {"metadata": {"labels": {"app": "vllm"}}, "spec": {"holderIdentity": "", "leaseTransitions": 6}}"""));
        Candidate a = candidate("a");
        seconds(1);
        assertThat(a.elector.term()).contains(7);
        assertThat(server.object(LEASE).orElseThrow().getJsonObject("metadata").getJsonObject("labels"))
                .isEqualTo(new JsonObject("{\"app\": \"vllm\"}"));
    }

    @Test
    void beginsNoTermThatThePlanHasSeen() {
        plan = Optional.of(planOf(41, 3));
        Candidate a = candidate("a");
        seconds(1);
        assertThat(a.elector.term()).contains(42);
    }

    @Test
    void renewsEveryTwoSecondsInTheSameTerm() {
        Candidate a = candidate("a");
        seconds(1);
        int asked = server.asked().size();
        seconds(60);
        assertThat(a.elector.term()).contains(1);
        assertThat(server.asked()).hasSize(asked + 30);
        assertThat(spec().getString("renewTime")).isEqualTo("2026-11-25T12:01:00.000000Z");
    }

    @Test
    void leavesALeaseAloneThatIsRenewedThoughClocksDisagree() {
        Candidate b = candidate("b");
        for (int i = 0; i < 30; i++) {
            server.put(
                    LEASE,
                    new JsonObject()
                            .put(
                                    "spec",
                                    new JsonObject()
                                            .put("holderIdentity", "stranger")
                                            .put("leaseTransitions", 3)
                                            .put("renewTime", "2001-01-01T00:00:%02d.000000Z".formatted(i))));
            seconds(4);
            assertThat(b.leads()).isFalse();
        }
        // The stranger is heard of no more.
        seconds(16);
        assertThat(b.elector.term()).contains(4);
    }

    /** A holder that is no more: what its lease says of the time is not asked. */
    @ParameterizedTest
    @ValueSource(strings = {"2099-01-01T00:00:00.000000Z", "+999999999-12-31T23:59:59.999999999Z", "tomorrow"})
    void takesALeaseUntilTheEndOfTimeOnceNobodyRenewsIt(String renewed) {
        server.put(LEASE, held("stranger", 3, renewed));
        Candidate a = candidate("a");
        seconds(7);
        assertThat(a.leads()).isFalse();
        seconds(9);
        assertThat(a.elector.term()).contains(4);
    }

    @Test
    void saysThatALeaseSaysWhatNoLeaderWritesUntilItIsItsOwn() {
        server.put(LEASE, held("stranger", 3, "2099-01-01T00:00:00.000000Z"));
        Candidate a = candidate("a");
        seconds(7);
        assertThat(a.elector.problem().orElseThrow().why())
                .isEqualTo(
                        "the Lease pilotlight-pool-vllm counts for nothing until a leader writes it again: its renewTime"
                                + " 2099-01-01T00:00:00Z is far in the future");
        seconds(9);
        assertThat(a.leads()).isTrue();
        assertThat(a.elector.problem()).isEmpty();
    }

    @Test
    void takesALeaseThatIsTouchedAndNotRenewed() {
        Candidate a = candidate("a");
        for (int i = 0; i < 8 && !a.leads(); i++) {
            server.put(
                    LEASE,
                    held("stranger", 3, "2026-11-25T12:00:00.000000Z")
                            .put(
                                    "metadata",
                                    new JsonObject().put("annotations", new JsonObject().put("touched", "" + i))));
            seconds(2);
        }
        assertThat(a.elector.term()).contains(4);
    }

    @ParameterizedTest
    @ValueSource(strings = {"2147483647", "4294967296", "1e300", "-7", "\"many\""})
    void countsNoTermThatCannotBe(String transitions) {
        server.put(
                LEASE,
                new JsonObject("{\"spec\": {\"holderIdentity\": \"\", \"leaseTransitions\": " + transitions + "}}"));
        Candidate a = candidate("a");
        seconds(2);
        assertThat(a.elector.term()).contains(1);
        assertThat(spec().getInteger("leaseTransitions")).isEqualTo(1);
    }

    @Test
    void beginsTheCountAgainAtItsEnd() {
        plan = Optional.of(planOf(PlanView.MOST_TERM, 3));
        Candidate a = candidate("a");
        seconds(1);
        assertThat(a.elector.term()).contains(1);
    }

    private static JsonObject held(String holder, int term, String renewed) {
        return new JsonObject()
                .put(
                        "spec",
                        new JsonObject()
                                .put("holderIdentity", holder)
                                .put("leaseTransitions", term)
                                .put("renewTime", renewed));
    }

    @Test
    void stepsDownBeforeAnybodyElseMayTakeIt() {
        Candidate a = candidate("a");
        seconds(1);
        candidate("b");
        a.loseEverything();
        seconds(3);
        assertThat(leaders()).as("the last renewal is not old enough").containsExactly("a");
        assertThat(a.elector.problem().orElseThrow().silent()).isTrue();
        seconds(3);
        assertThat(leaders()).isEmpty();
        seconds(10);
        assertThat(leaders()).containsExactly("b");
        assertThat(term()).contains(2);
        a.loseNothing();
        seconds(60);
        assertThat(leaders()).containsExactly("b");
        assertThat(a.elector.problem()).isEmpty();
    }

    @Test
    void keepsTheSeatOverAShortOutage() {
        Candidate a = candidate("a");
        candidate("b");
        seconds(1);
        String first = leaders().getFirst();
        candidates.forEach(Candidate::loseEverything);
        seconds(3);
        candidates.forEach(Candidate::loseNothing);
        seconds(20);
        assertThat(leaders()).containsExactly(first);
        assertThat(term()).contains(1);
        assertThat(a.elector.problem()).isEmpty();
    }

    @Test
    void givesItBackWhenItsPodLeavesAndTheNextTakesItWithinSeconds() {
        Candidate a = candidate("a");
        seconds(1);
        Candidate b = candidate("b");
        seconds(10);
        a.retired = true;
        a.elector.giveBack();
        assertThat(a.leads()).isFalse();
        assertThat(spec().getString("holderIdentity")).isEmpty();
        seconds(4);
        assertThat(b.elector.term()).contains(2);
    }

    @Test
    void givesNothingBackThatItDoesNotHold() {
        Candidate a = candidate("a");
        seconds(1);
        Candidate b = candidate("b");
        seconds(1);
        int asked = server.asked().size();
        b.elector.giveBack();
        assertThat(server.asked()).hasSize(asked);
        assertThat(a.leads()).isTrue();
    }

    @Test
    void finishesItsTermWhereTheAnswerToItsWriteWasLost() {
        Candidate a = candidate("a");
        a.fault = call -> {
            if (call.verb() == Call.Verb.GET) {
                return Optional.empty();
            }
            a.loseNothing();
            server.send(call);
            return Optional.of(new Answer.Lost("connection reset"));
        };
        seconds(5);
        assertThat(a.elector.term()).contains(1);
    }

    @Test
    void isSomebodyElseAfterARestart() {
        candidate("pod_1");
        seconds(1);
        candidates.clear();
        Candidate again = candidate("pod_2");
        seconds(5);
        assertThat(again.leads()).isFalse();
        seconds(8);
        assertThat(again.elector.term()).contains(2);
    }

    @Test
    void aHolderWhoseLeaseWasDeletedIsSoonNoHolder() {
        Candidate a = candidate("a");
        seconds(1);
        server.delete(LEASE);
        seconds(3);
        assertThat(a.elector.problem()).isEmpty();
        assertThat(server.object(LEASE)).isPresent();
        assertThat(a.leads()).isTrue();
    }

    @Test
    void saysWhichRightIsMissingAndAsksSeldom() {
        server.fault(_ -> Optional.of(FakeApiServer.refused(403, "leases is forbidden")));
        Candidate a = candidate("a");
        seconds(600);
        assertThat(a.elector.problem().orElseThrow().silent()).isFalse();
        assertThat(a.elector.problem().orElseThrow().why())
                .startsWith("the pool's leader can not be elected: the API server did not get " + LEASE)
                .contains("resourceNames: [pilotlight-pool-vllm], verbs: [get]");
        assertThat(server.asked()).hasSizeLessThan(20);
    }

    @Test
    void looksTheMoreSeldomTheMoreTheyAre() {
        candidate("a");
        seconds(1);
        plan = Optional.of(planOf(1, 1000));
        Candidate b = candidate("b");
        seconds(1);
        int asked = server.asked().size();
        seconds(600);
        assertThat(server.asked().size() - asked - 300)
                .as("reads of one in a thousand")
                .isBetween(6, 25);
        assertThat(b.leads()).isFalse();
    }

    @Test
    void aHolderFrozenInARenewalFindsAnotherInItsPlace() {
        Candidate a = candidate("a");
        seconds(1);
        candidate("b");
        candidate("c");
        seconds(5);
        a.freezeInItsNextWrite(Duration.ofSeconds(60));
        seconds(70);
        assertThat(leaders()).hasSize(1).doesNotContain("a");
        assertThat(term()).contains(2);
        seconds(60);
        assertThat(term()).as("and nobody disturbs it").contains(2);
    }

    @Test
    void twoThatTakeTheSameLeaseAreNotBothHolders() {
        server.put(LEASE, new JsonObject("{\"spec\": {\"holderIdentity\": \"\", \"leaseTransitions\": 1}}"));
        Candidate a = candidate("a");
        candidate("b");
        // Frozen between what it read and its write, in which the other takes it.
        a.freezeInItsNextWrite(Duration.ofSeconds(1));
        seconds(30);
        assertThat(leaders()).containsExactly("b");
        assertThat(term()).contains(2);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
    void neverTwoOfThreeHoldWhateverBefallsThem(long seed) {
        SplittableRandom chance = new SplittableRandom(seed);
        for (int i = 0; i < 3; i++) {
            new Candidate("s" + i, chance.nextLong());
        }
        int ledSeconds = 0;
        for (int i = 0; i < 600; i++) {
            Candidate one = candidates.get(chance.nextInt(3));
            switch (chance.nextInt(12)) {
                case 0 -> one.loseEverything();
                case 1 -> one.freezeInItsNextWrite(Duration.ofMillis(chance.nextInt(20_000)));
                case 2, 3, 4 -> one.loseNothing();
                default -> {}
            }
            run(Duration.ofMillis(chance.nextInt(2000)));
            assertThat(leaders()).as("seed %d", seed).hasSizeLessThan(2);
            ledSeconds += leaders().size();
        }
        candidates.forEach(Candidate::loseNothing);
        seconds(30);
        assertThat(leaders()).as("seed %d", seed).hasSize(1);
        assertThat(ledSeconds).as("looks at which somebody led").isGreaterThan(100);
    }
}
