package dev.pilotlight.pool.managed;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.hostile.Mutations;
import dev.pilotlight.pool.peers.PeerReport;
import dev.pilotlight.pool.plan.Plan;
import dev.pilotlight.signal.Inflow;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What peers and the API server say that cannot be: nothing throws, and the leader publishes numbers. */
class HostilePoolTest {
    private static final Instant NOON = Instant.parse("2026-11-24T12:00:00Z");
    private static final PoolPolicy POLICY = new PoolPolicy(1, 1, 0.7, 0.8, 0.4, Duration.ofSeconds(120));

    private static JsonObject report() {
        return new JsonObject()
                .put("ready", true)
                .put("role", "active")
                .put("load", 0.5)
                .put("readySeconds", 600.0)
                .put("flippedSecondsAgo", 300.0)
                .put(
                        "inflow",
                        new JsonObject()
                                .put("atSeconds", NOON.getEpochSecond())
                                .put("requests", 5000.0)
                                .put("perSecond", 2.0)
                                .put("secondsEach", 0.2)
                                .put("staySeconds", 4.0));
    }

    private static PeerReport honest(Instant now, double load) {
        return new PeerReport(
                now,
                true,
                OptionalDouble.of(load),
                Duration.ofMinutes(10),
                Optional.empty(),
                Optional.of(new Inflow(now, 2.0 * now.getEpochSecond() % 1e9, 2, 0.2, 4)));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4})
    void aPoolWithPeersThatSayAnythingIsLedByNumbers(int seed) {
        Random chance = new Random(seed);
        Planner planner = Planner.begin(NOON);
        Optional<Plan> plan = Optional.empty();
        Instant now = NOON;
        for (int second = 0; second < 700; second++) {
            now = now.plusSeconds(1);
            List<Peer> peers = new ArrayList<>();
            for (int pod = 0; pod < 5; pod++) {
                String said = Mutations.json(report(), chance);
                Optional<PeerReport> heard = pod < 2 ? Optional.of(honest(now, 0.5)) : PeerReport.of(said, now);
                peers.add(new Peer("pod-" + pod, true, false, heard));
            }
            Planner.Decision decision = planner.look(peers, plan, POLICY, now);
            planner = decision.next();
            assertThat(decision.demandPods().orElse(1))
                    .as("seed %d, second %d", seed, second)
                    .isFinite()
                    .isBetween(0.0, 1e6);
        }
    }

    @Test
    void aReportIsReadOrIsNone() {
        Random chance = new Random(5);
        for (int i = 0; i < 2000; i++) {
            PeerReport.of(Mutations.json(report(), chance), NOON).ifPresent(report -> {
                assertThat(report.load().orElse(0)).isBetween(0.0, 1e4);
                assertThat(report.readyFor()).isBetween(Duration.ZERO, Duration.ofSeconds(100_000_000_000L));
                report.inflow()
                        .ifPresent(inflow -> assertThat(inflow.requests()).isBetween(0.0, 1e15));
            });
        }
    }

    @Test
    void aLoadOfOnePeerThatCannotBeHidesNobodysAndPromotesNobody() {
        for (String load : List.of("1e308", "-1e308", "1e309", "-5", "\"NaN\"")) {
            String said = report().encode().replace("\"load\":0.5", "\"load\":" + load);
            List<Peer> peers = List.of(
                    new Peer("pod-0", true, false, Optional.of(honest(NOON, 0.6))),
                    new Peer("pod-1", true, false, PeerReport.of(said, NOON)));
            Planner.Decision decision = Planner.begin(NOON).look(peers, Optional.empty(), POLICY, NOON);
            assertThat(decision.demandPods().orElse(0)).as(load).isLessThan(5);
        }
    }
}
