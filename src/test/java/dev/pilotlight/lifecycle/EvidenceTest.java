package dev.pilotlight.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.engine.CacheConfig;
import dev.pilotlight.engine.EngineReading.Answered;
import dev.pilotlight.engine.EngineReading.Pause;
import dev.pilotlight.engine.EngineSnapshot;
import dev.pilotlight.engine.EngineTrack;
import dev.pilotlight.engine.HealthAnswer;
import dev.pilotlight.engine.Latencies;
import dev.pilotlight.engine.Rank;
import dev.pilotlight.engine.Sleep;
import dev.pilotlight.signal.OwnTraffic;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** What is asked of the evidence before a verdict, and when nothing in flight will end. */
class EvidenceTest {
    private static final Instant START = Instant.parse("2026-11-29T12:00:00Z");
    private static final Instant NOW = START.plusSeconds(120);
    private static final LivenessPolicy POLICY = new LivenessPolicy(
            Duration.ofSeconds(10), Duration.ofSeconds(60), Duration.ofSeconds(60), Optional.empty());

    private static Pulse lost(int requests, Instant movedAt) {
        Pulse pulse = Pulse.begin(Pulse.Signs.UNKNOWN, movedAt);
        for (int i = 0; i < requests; i++) {
            pulse = pulse.gotNoAnswer(movedAt.plusSeconds(60 + i));
        }
        return pulse;
    }

    private static Progress ranks(Pulse... pulses) {
        Map<String, Pulse> ranks = new TreeMap<>();
        Arrays.stream(pulses).forEach(pulse -> ranks.put("" + ranks.size(), pulse));
        return new Progress(ranks, Optional.empty(), 0, Sight.NONE, Optional.empty());
    }

    @Nested
    class Hopeless {
        private static Optional<String> of(Condition found, Progress progress) {
            return Judgement.hopeless(Map.of(found, "why"), progress, POLICY, NOW);
        }

        @Test
        void isWhatADeadOrAStuckEngineHasInFlight() {
            assertThat(of(Condition.DEAD, Progress.NONE)).contains("why");
            assertThat(of(Condition.STUCK, Progress.NONE)).contains("why");
            assertThat(of(Condition.ERRORS, ranks(lost(2, START)))).isEmpty();
        }

        @Test
        void isWhatOneHasThatLostTwoRequestsAndStoodTwiceAsLongAsItTakesToAsk() {
            assertThat(of(Condition.UNRESPONSIVE, ranks(lost(2, START)))).contains("why");
            assertThat(of(Condition.UNRESPONSIVE, ranks(lost(3, START.minusSeconds(1)))))
                    .contains("why");
            assertThat(of(Condition.UNRESPONSIVE, ranks(lost(1, START)))).isEmpty();
            assertThat(of(Condition.UNRESPONSIVE, ranks(lost(2, START.plusSeconds(1)))))
                    .isEmpty();
            assertThat(of(Condition.UNRESPONSIVE, ranks(lost(2, START), lost(0, NOW))))
                    .as("another rank goes on")
                    .isEmpty();
            assertThat(of(Condition.UNRESPONSIVE, Progress.NONE))
                    .as("of no rank anything is known")
                    .isEmpty();
        }
    }

    @Nested
    class OfARank {
        private static Rank rank(String name, String address, double running, double waiting, double deferred) {
            OptionalDouble none = OptionalDouble.empty();
            return new Rank(name, running, waiting, none, none, none, none, none, none, none, none, deferred, address);
        }

        /** Two servers, read at {@code START}. */
        private static Evidence at(Instant now, OwnTraffic own, Progress progress) {
            EngineSnapshot page = new EngineSnapshot(
                    List.of(rank("0", "a", 1, 3, 1), rank("1", "b", 0, 1, 1)),
                    List.of("tiny"),
                    OptionalDouble.empty(),
                    CacheConfig.UNKNOWN,
                    Sleep.AWAKE,
                    Latencies.NONE);
            Answered answered = new Answered(
                    START,
                    page,
                    new HealthAnswer.Healthy(),
                    Optional.empty(),
                    "",
                    OptionalDouble.empty(),
                    Pause.NONE,
                    "whole");
            return new Evidence(
                    EngineTrack.begin(START).advance(answered),
                    progress,
                    Rejections.NONE,
                    Optional.empty(),
                    own,
                    Optional.empty(),
                    POLICY,
                    Duration.ofSeconds(10),
                    now);
        }

        @Test
        void tellsWhatRunsAndWhatWaitsForASlotWhileTheReadingIsFresh() {
            Evidence fresh = at(START.plusSeconds(9), OwnTraffic.NONE, Progress.NONE);
            assertThat(fresh.runs("0")).isTrue();
            assertThat(fresh.runs("1")).isFalse();
            assertThat(fresh.waits("0")).isTrue();
            assertThat(fresh.waits("1")).as("for a transfer").isFalse();
            Evidence stale = at(START.plusSeconds(10), OwnTraffic.NONE, Progress.NONE);
            assertThat(stale.runs("0")).isFalse();
            assertThat(stale.waits("0")).isFalse();
        }

        @Test
        void isOfEveryAddressOrOfNone() {
            Progress one = ranks(lost(2, START), lost(0, START));
            Progress both = ranks(lost(2, START), lost(1, START));
            assertThat(at(NOW, OwnTraffic.NONE, one).everywhere((_, it) -> it.lost() > 0, _ -> "stuck"))
                    .isEmpty();
            assertThat(at(NOW, OwnTraffic.NONE, both).everywhere((_, it) -> it.lost() > 0, _ -> "stuck"))
                    .contains("rank 0 is stuck");
        }

        @Test
        void standsSinceItsFirstLostRequestWasDueUnlessItWorks() {
            Pulse lost = lost(1, START);
            assertThat(at(START, OwnTraffic.NONE, Progress.NONE).stoodSince("1", lost))
                    .isEqualTo(START);
            Pulse late = Pulse.begin(Pulse.Signs.UNKNOWN, START).gotNoAnswer(START.plusSeconds(90));
            assertThat(at(START, OwnTraffic.NONE, Progress.NONE).stoodSince("2", late))
                    .as("it stood idle; what it cannot is known from a minute before")
                    .isEqualTo(START.plusSeconds(30));
        }
    }
}
