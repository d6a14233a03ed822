package dev.pilotlight.pool.managed;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.pool.peers.PeerReport;
import dev.pilotlight.signal.Inflow;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** What the wish is made of: whose word counts for the whole pool. */
class SortedPoolTest {
    private static final Instant NOW = Instant.parse("2026-01-05T10:00:00Z");

    private final List<Peer> peers = new ArrayList<>();

    private void pod(String name, OptionalDouble load, Optional<Duration> coldStart, boolean counts) {
        Optional<Inflow> inflow = counts ? Optional.of(new Inflow(NOW, 100, 8, 0.05, 2)) : Optional.empty();
        peers.add(new Peer(
                name,
                true,
                false,
                Optional.of(new PeerReport(
                        NOW,
                        true,
                        Optional.empty(),
                        load,
                        coldStart,
                        Duration.ofMinutes(9),
                        Optional.empty(),
                        inflow))));
    }

    private void pod(String name, int coldStartSeconds) {
        pod(name, OptionalDouble.of(0.5), Optional.of(Duration.ofSeconds(coldStartSeconds)), true);
    }

    private Wish.Traffic traffic(String... named) {
        SortedPool pool = SortedPool.of(peers, new TreeSet<>(List.of(named)), named.length, NOW.minusSeconds(60), NOW);
        return pool.traffic(peers, OptionalDouble.of(0.5));
    }

    @Test
    void countsWhoIsThereWhoIsOnTrafficAndWhoSaysItsLoad() {
        pod("a", 100);
        pod("b", OptionalDouble.empty(), Optional.empty(), true);
        pod("standby", 100);
        peers.add(new Peer("silent", true, false, Optional.empty()));
        peers.add(new Peer("leaving", true, true, Optional.empty()));
        Wish.Traffic seen = traffic("a", "b", "silent");
        assertThat(seen.there()).isEqualTo(4);
        assertThat(seen.onTraffic()).isEqualTo(3);
        assertThat(seen.heard()).isEqualTo(1);
        assertThat(seen.silent()).as("those named are on traffic by the plan").isZero();
        assertThat(traffic("a", "b").silent()).isEqualTo(1);
        assertThat(seen.load()).hasValue(0.5);
    }

    @Test
    void takesTheMedianOfTheColdStartsThatWereWatchedAndTheLongerOfTwo() {
        pod("a", OptionalDouble.of(0.5), Optional.empty(), true);
        assertThat(traffic("a").coldStart()).isEmpty();
        pod("b", 100);
        assertThat(traffic("a", "b").coldStart()).contains(Duration.ofSeconds(100));
        pod("c", 300);
        assertThat(traffic("a", "b").coldStart()).contains(Duration.ofSeconds(300));
        pod("d", 200);
        assertThat(traffic("a", "b").coldStart()).contains(Duration.ofSeconds(200));
    }

    @Test
    void isReplacedThreeSecondsAfterItWasHeardLastAndNotBefore() {
        pod("a", 100);
        TreeSet<String> named = new TreeSet<>(List.of("a"));
        assertThat(SortedPool.of(peers, named, 1, NOW, NOW.plusMillis(2999)).serving())
                .hasSize(1);
        assertThat(SortedPool.of(peers, named, 1, NOW, NOW.plusMillis(3000)).unreachable())
                .containsExactly("a");
        assertThat(SortedPool.of(peers, new TreeSet<>(), 0, NOW, NOW.plusMillis(3000)))
                .as("a standby that says nothing is none")
                .isEqualTo(new SortedPool(0, List.of(), List.of(), List.of(), List.of(), List.of()));
    }
}
