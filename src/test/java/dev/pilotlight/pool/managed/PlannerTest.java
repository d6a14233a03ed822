package dev.pilotlight.pool.managed;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.pool.managed.Planner.Decision;
import dev.pilotlight.pool.peers.PeerReport;
import dev.pilotlight.pool.plan.Plan;
import dev.pilotlight.signal.Inflow;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** What the leader of a pool decides from one look at it. */
class PlannerTest {
    private static final Instant START = Instant.parse("2026-01-05T10:00:00Z");
    private static final PoolPolicy POLICY = new PoolPolicy(2, 2, 0.7, 0.8, 0.4, Duration.ofSeconds(120));

    private final Map<String, Peer> peers = new TreeMap<>();
    private Instant now = START.plusSeconds(100);
    private Planner planner = Planner.begin(START);
    private Optional<Plan> plan = Optional.empty();

    private void pod(String name, double load, int readySeconds) {
        report(name, true, OptionalDouble.of(load), readySeconds, Optional.empty());
    }

    private void report(String name, boolean ready, OptionalDouble load, int readySeconds, Optional<Duration> flipped) {
        peers.put(
                name,
                new Peer(
                        name,
                        true,
                        false,
                        Optional.of(new PeerReport(
                                now, ready, load, Duration.ofSeconds(readySeconds), flipped, Optional.empty()))));
    }

    private void active(int wanted, String... names) {
        plan = Optional.of(plan(wanted, names));
    }

    private static Plan plan(int wanted, String... names) {
        return new Plan(new JsonObject(), 1, 1, "a", 6, wanted, new TreeSet<>(Arrays.asList(names)), "");
    }

    private Decision look() {
        Decision decision = planner.look(new ArrayList<>(peers.values()), plan, POLICY, now);
        planner = decision.next();
        return decision;
    }

    private List<String> activeAfter() {
        return look().change().map(change -> List.copyOf(change.active())).orElse(List.of());
    }

    /** The same pods, heard again at every second; the first change there is. */
    private Optional<Planner.Change> after(int seconds) {
        for (int i = 0; i < seconds; i++) {
            now = now.plusSeconds(1);
            peers.replaceAll((name, peer) -> new Peer(
                    name,
                    true,
                    peer.terminating(),
                    peer.report()
                            .map(it -> new PeerReport(
                                    now, it.ready(), it.load(), it.readyFor(), it.flippedAgo(), it.inflow()))));
            Optional<Planner.Change> change = look().change();
            if (change.isPresent()) {
                return change;
            }
        }
        return Optional.empty();
    }

    /** Four in front of traffic, two behind. */
    private void usual(double load) {
        for (String name : List.of("a", "b", "c", "d")) {
            pod(name, load, 600);
        }
        pod("e", 0, 500);
        pod("f", 0, 900);
        active(4, "a", "b", "c", "d");
    }

    @Test
    void beginsWithAllButTheStandbys() {
        for (String name : List.of("a", "b", "c", "d", "e", "f")) {
            pod(name, 0, name.charAt(0));
        }
        assertThat(activeAfter()).as("the warmest").containsExactly("c", "d", "e", "f");
    }

    @Test
    void keepsTheLeastInFrontBeforeAnyStandsBy() {
        pod("a", 0, 5);
        assertThat(activeAfter()).containsExactly("a");
        active(1, "a");
        pod("b", 0, 5);
        assertThat(activeAfter()).containsExactly("a", "b");
        active(2, "a", "b");
        pod("c", 0, 5);
        assertThat(look().change()).as("the first to stand by").isEmpty();
    }

    @Test
    void changesNothingInSteadyState() {
        usual(0.6);
        assertThat(after(600)).isEmpty();
    }

    @Test
    void promotesTheWarmestInTheVeryLookThatSeesTheSurge() {
        usual(0.81);
        assertThat(activeAfter()).containsExactly("a", "b", "c", "d", "f");
    }

    @Test
    void promotesAsManyAsTheLoadAsksForAndNoMoreThanThereAre() {
        usual(1.0);
        assertThat(activeAfter()).hasSize(6);
        usual(3.0);
        assertThat(activeAfter()).containsExactly("a", "b", "c", "d", "e", "f");
    }

    /** Each pod believes in its 8 requests a second a moment longer; together they cannot be by chance. */
    @Test
    void promotesForWhatComesToAllTogetherBeforeAnyPodSaysSo() {
        usual(0.4);
        for (int second = 1; second <= 60; second++) {
            cameBy(second, 8 * second);
            assertThat(look().change()).isEmpty();
        }
        cameBy(61, 8 * 60 + 24);
        assertThat(look().change().map(Planner.Change::reason))
                .contains("promoted e, f: the active pods' mean load is 1.20, above 0.80");
    }

    private void cameBy(int second, double requests) {
        now = START.plusSeconds(100 + second);
        peers.replaceAll((name, peer) -> new Peer(
                name,
                true,
                false,
                peer.report()
                        .map(it -> new PeerReport(
                                now,
                                it.ready(),
                                it.load(),
                                it.readyFor(),
                                it.flippedAgo(),
                                Optional.of(
                                        plan.orElseThrow().active().contains(name)
                                                ? new Inflow(now, requests, 8, 0.05, 2)
                                                : new Inflow(now, 0, 0, 0.05, 2))))));
    }

    @Test
    void replacesALostPodAtOnce() {
        usual(0.5);
        peers.put("b", new Peer("b", true, true, peers.get("b").report()));
        assertThat(activeAfter()).containsExactly("a", "c", "d", "f");
        usual(0.5);
        peers.remove("c");
        assertThat(activeAfter()).containsExactly("a", "b", "d", "f");
        usual(0.5);
        report("d", false, OptionalDouble.empty(), 0, Optional.empty());
        assertThat(activeAfter()).as("d has its place taken").containsExactly("a", "b", "c", "f");
    }

    @Test
    void goesOnNamingAPodThatIsDownWhereNobodyTakesItsPlace() {
        usual(0.5);
        peers.remove("e");
        down("b");
        down("c");
        assertThat(activeAfter()).as("one for two").containsExactly("a", "b", "d", "f");
    }

    private void down(String name) {
        report(name, false, OptionalDouble.empty(), 0, Optional.empty());
    }

    @Test
    void replacesAPodThatAnswersNobodyButLeavesItInFront() {
        usual(0.5);
        PeerReport last = peers.get("a").report().orElseThrow();
        peers.put("a", new Peer("a", true, false, Optional.of(last)));
        now = now.plusSeconds(3);
        for (String name : List.of("b", "c", "d")) {
            pod(name, 0.5, 600);
        }
        pod("f", 0, 900);
        assertThat(activeAfter()).containsExactly("a", "b", "c", "d", "f");
    }

    @Test
    void givesALeaderNewInOfficeTimeToHear() {
        usual(0.5);
        peers.replaceAll((name, _) -> new Peer(name, true, false, Optional.empty()));
        planner = Planner.begin(now);
        assertThat(look().change()).isEmpty();
        now = now.plusMillis(2900);
        assertThat(look().change()).isEmpty();
    }

    @Test
    void takesNobodyOutWhenItHearsNobody() {
        usual(0.1);
        now = now.plusSeconds(60);
        for (int second = 0; second < 600; second++) {
            now = now.plusSeconds(1);
            assertThat(look().change()).isEmpty();
        }
    }

    @Test
    void demotesTheLeastLoadedInTimeAndOnlyOne() {
        usual(0.3);
        pod("e", 0.3, 500);
        pod("c", 0.2, 600);
        active(5, "a", "b", "c", "d", "e");
        assertThat(after(119)).isEmpty();
        assertThat(after(3)).hasValueSatisfying(change -> {
            assertThat(change.active()).containsExactly("a", "b", "d", "e");
            assertThat(change.reason()).contains("demoted c");
        });
    }

    @Test
    void demotesNobodyWhileAnActivePodAnswersNobody() {
        usual(0.1);
        active(6, "a", "b", "c", "d", "e", "f");
        peers.put("f", new Peer("f", true, false, Optional.empty()));
        assertThat(after(600)).isEmpty();
        pod("f", 0.1, 900);
        assertThat(after(1))
                .hasValueSatisfying(change -> assertThat(change.active()).hasSize(5));
    }

    @Test
    void takesOutNobodyButThePodThatItDemotes() {
        usual(0.3);
        pod("e", 0.2, 500);
        down("f");
        active(6, "a", "b", "c", "d", "e", "f");
        assertThat(after(122)).hasValueSatisfying(change -> {
            assertThat(change.active()).containsExactly("a", "b", "c", "d", "f");
            assertThat(change.wanted()).isEqualTo(4);
        });
    }

    @Test
    void takesOutNamesOfPodsThatAreGoneAfterHalfAMinuteAndNobodyElse() {
        usual(0.6);
        down("down");
        peers.put("silent", new Peer("silent", true, false, Optional.empty()));
        active(4, "a", "b", "c", "d", "down", "gone", "silent");
        assertThat(after(30)).isEmpty();
        assertThat(after(1)).hasValueSatisfying(change -> {
            assertThat(change.active()).containsExactly("a", "b", "c", "d", "down", "silent");
            assertThat(change.wanted()).isEqualTo(4);
        });
        active(4, "a", "b", "c", "d", "down", "silent");
        assertThat(after(60)).isEmpty();
    }

    @Test
    void beginsToWaitAgainWhenTheLoadWasNotLow() {
        usual(0.3);
        pod("e", 0.3, 500);
        active(5, "a", "b", "c", "d", "e");
        assertThat(after(100)).isEmpty();
        pod("a", 0.9, 600);
        assertThat(after(1)).isEmpty();
        pod("a", 0.3, 600);
        assertThat(after(119)).isEmpty();
        assertThat(after(3)).isPresent();
    }

    @Test
    void demotesNobodyWhereWhatIsLeftWouldBeTooFull() {
        PoolPolicy eager = new PoolPolicy(1, 2, 0.7, 0.8, 0.7, Duration.ofSeconds(60));
        pod("a", 0.55, 600);
        pod("b", 0.55, 600);
        pod("c", 0, 600);
        active(2, "a", "b");
        for (int second = 0; second < 300; second++) {
            now = now.plusSeconds(1);
            pod("a", 0.55, 600);
            pod("b", 0.55, 600);
            pod("c", 0, 600);
            Decision decision = planner.look(new ArrayList<>(peers.values()), plan, eager, now);
            planner = decision.next();
            assertThat(decision.change()).isEmpty();
        }
    }

    @Test
    void demotesNobodyWhoseLoadIsNotKnown() {
        usual(0.1);
        report("e", true, OptionalDouble.empty(), 500, Optional.empty());
        active(5, "a", "b", "c", "d", "e");
        assertThat(after(600)).isEmpty();
    }

    @Test
    void callsBackLateWhoWasCalledBackLately() {
        usual(0.85);
        report("f", true, OptionalDouble.of(0), 900, Optional.of(Duration.ofSeconds(10)));
        assertThat(activeAfter()).as("f flipped ten seconds ago").containsExactly("a", "b", "c", "d", "e");
    }

    @Test
    void asksForTheActiveDemandAndTheStandbys() {
        usual(0.35);
        assertThat(look().demandPods().getAsDouble()).isCloseTo(4 * 0.35 / 0.7 + 2, within());
        usual(0);
        assertThat(look().demandPods().getAsDouble())
                .as("no less than min-active")
                .isEqualTo(4);
        peers.replaceAll((name, peer) -> new Peer(
                name,
                true,
                false,
                peer.report()
                        .map(it -> new PeerReport(
                                now,
                                true,
                                OptionalDouble.empty(),
                                it.readyFor(),
                                Optional.empty(),
                                Optional.empty()))));
        assertThat(look().demandPods()).as("nobody says its load").isEmpty();
    }

    private static org.assertj.core.data.Offset<Double> within() {
        return org.assertj.core.data.Offset.offset(1e-9);
    }

    @Test
    void signsTheLastPlanAtFirstAndYieldsToALaterTerm() {
        usual(0.5);
        Decision nothing = look();
        assertThat(nothing.change()).isEmpty();
        assertThat(nothing.due(1, plan)).as("our own").isEmpty();
        assertThat(nothing.due(2, plan)).hasValueSatisfying(change -> assertThat(change.active())
                .isEqualTo(plan.orElseThrow().active()));
        usual(3);
        assertThat(look().due(0, plan)).as("a later leader has written").isEmpty();
        assertThat(look().due(1, plan)).isPresent();
    }

    @Test
    void onePodCountsForTenFullOnesAtMostWhateverItSays() {
        for (double said : new double[] {50, 1e308, Double.POSITIVE_INFINITY}) {
            usual(0.5);
            pod("a", said, 600);
            assertThat(look().demandPods()).as("%s", said).hasValue((10 + 3 * 0.5) / 0.7 + POLICY.standby());
        }
    }

    @Test
    void aLoadThatIsNoneHidesNoneOfTheOthers() {
        for (double said : new double[] {-1e308, -0.1, Double.NaN, Double.NEGATIVE_INFINITY}) {
            usual(0.9);
            pod("a", said, 600);
            assertThat(look().change().orElseThrow().reason()).as("%s", said).contains("mean load is 0.90");
        }
    }

    @Test
    void onlyWishesWhereNobodyDecidesWhoIsOnTraffic() {
        pod("a", 0.5, 600);
        pod("b", 0.7, 600);
        down("c");
        PoolPolicy one = new PoolPolicy(1, 0, 0.6, 0.8, 0.4, Duration.ofSeconds(120))
                .withScale(new ScalePolicy(1, 10, 0, 0.01, false, Optional.empty()));
        Decision decision = planner.observe(new ArrayList<>(peers.values()), one, now);
        assertThat(decision.change()).isEmpty();
        assertThat(decision.demandPods()).as("a managed pool's").isEmpty();
        assertThat(decision.next().wish().pods().orElseThrow())
                .as("1.2 pods' worth, none fuller than 0.9")
                .isCloseTo(1.2 / 0.9, within());
    }
}
