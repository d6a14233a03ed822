package dev.pilotlight.pool.peers;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.signal.Inflow;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

/** What the leader makes of a peer's answer, which may be of another version, or of somebody else altogether. */
class PeerReportTest {
    private static final Instant NOW = Instant.parse("2026-01-05T10:00:00Z");

    @Test
    void readsAllThatASidecarSays() {
        assertThat(PeerReport.of("""
                        {"ready":true,"role":"active","load":0.5,"coldStartSeconds":200,"inflow":{"atSeconds":1764081000.25,"requests":1200,
                        "perSecond":8.5,"secondsEach":0.05,"staySeconds":2},"readySeconds":61.5,"flippedSecondsAgo":3.25}
                        """, NOW))
                .contains(new PeerReport(
                        NOW,
                        true,
                        Optional.of("active"),
                        OptionalDouble.of(0.5),
                        Optional.of(Duration.ofSeconds(200)),
                        Duration.ofMillis(61_500),
                        Optional.of(Duration.ofMillis(3_250)),
                        Optional.of(new Inflow(Instant.ofEpochMilli(1764081000250L), 1200, 8.5, 0.05, 2))));
    }

    @Test
    void readsWhatItHasWritten() {
        PeerReport whole = new PeerReport(
                NOW,
                true,
                Optional.of("standby"),
                OptionalDouble.of(0.123456),
                Optional.of(Duration.ofMillis(200_250)),
                Duration.ofMillis(61_500),
                Optional.of(Duration.ofMillis(3_250)),
                Optional.of(new Inflow(Instant.ofEpochMilli(1764081000250L), 1200.125, 8.0 / 3, 0.05, 2)));
        PeerReport least =
                new PeerReport(NOW, false, OptionalDouble.empty(), Duration.ZERO, Optional.empty(), Optional.empty());
        assertThat(List.of(whole, least))
                .allSatisfy(report -> assertThat(PeerReport.of(new JsonObject(report.written()).encode(), NOW))
                        .contains(report));
    }

    @Test
    void takesWhatIsNotSaidForUnknown() {
        PeerReport silent =
                new PeerReport(NOW, false, OptionalDouble.empty(), Duration.ZERO, Optional.empty(), Optional.empty());
        assertThat(PeerReport.of("{}", NOW)).contains(silent);
        assertThat(PeerReport.of("{\"inflow\":{\"requests\":3}}", NOW)).contains(silent);
    }

    @Test
    void reckonsWithNoNumberThatIsNone() {
        for (String at : new String[] {"1e18", "1e999", "-1"}) {
            assertThat(PeerReport.of(
                                    "{\"inflow\":{\"atSeconds\":" + at
                                            + ",\"requests\":1,\"perSecond\":1,\"secondsEach\":1,\"staySeconds\":1}}",
                                    NOW)
                            .flatMap(PeerReport::inflow))
                    .as(at)
                    .isEmpty();
        }
    }

    @Test
    void isNoneWhereSomebodyElseAnswers() {
        assertThat(PeerReport.of("<html>", NOW)).isEmpty();
        assertThat(PeerReport.of("{\"load\":\"high\"}", NOW)).isEmpty();
        assertThat(PeerReport.of("{\"inflow\":7}", NOW)).isEmpty();
        assertThat(PeerReport.of("", NOW)).isEmpty();
    }
}
