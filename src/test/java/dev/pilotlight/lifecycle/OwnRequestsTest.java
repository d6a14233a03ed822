package dev.pilotlight.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.signal.OwnTraffic;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class OwnRequestsTest {
    private static final Instant END = Instant.parse("2026-11-24T12:00:00Z");

    private final OwnRequests own = new OwnRequests();

    @Test
    void areInFlightAtEveryReadingUntilTheyEnd() {
        own.began();
        own.began();
        own.ended(END);
        own.began();
        assertThat(own.at(END.minusMillis(1))).as("read before the end").isEqualTo(new OwnTraffic(3, 3));
        assertThat(own.at(END)).as("read at the end").isEqualTo(new OwnTraffic(3, 3));
        assertThat(own.at(END.plusMillis(1))).as("read after the end").isEqualTo(new OwnTraffic(3, 2));
    }

    @Test
    void areCountedForTheReadingOfAMinuteAgoToo() {
        own.began();
        own.ended(END);
        own.began();
        own.ended(END.plusSeconds(60));
        assertThat(own.at(END.minusSeconds(1))).isEqualTo(new OwnTraffic(2, 2));
    }

    @Test
    void areForgottenOnceEveryReadingIsNewer() {
        own.began();
        own.ended(END);
        own.began();
        own.ended(END.plusSeconds(61));
        assertThat(own.at(END.minusSeconds(1))).isEqualTo(new OwnTraffic(2, 1));
    }
}
