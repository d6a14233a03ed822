package dev.pilotlight.pool.election;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.hostile.Mutations;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What others than a leader may have written into a pool's Lease. */
class HostileLeaseTest {
    private static final Instant NOON = Instant.parse("2026-11-24T12:00:00Z");
    /** The end of the range of terms. */
    private static final int MOST_TERM = 1_000_000_000;

    /** Whatever stands there, somebody can be elected over it. */
    @Test
    void aLeaseIsReadAsFarAsItCanBe() {
        Random chance = new Random(22);
        JsonObject good = LeaseView.object("p", Optional.empty(), "a-0", 3, Duration.ofSeconds(15), NOON);
        for (int i = 0; i < 2000; i++) {
            JsonObject said = Mutations.values(good, chance);
            LeaseView lease = LeaseView.of(said);
            assertThat(lease.term()).as(said.encode()).isBetween(0, MOST_TERM);
            LeaseView.oddity(said, NOON).ifPresent(HostileLeaseTest::isOneLine);
            JsonObject next = LeaseView.object(
                    "p", Optional.of(lease), "b-1", lease.term() + 1, Duration.ofSeconds(15), NOON.plusSeconds(1));
            assertThat(LeaseView.of(next).holder()).isEqualTo("b-1");
        }
    }

    private static void isOneLine(String text) {
        assertThat(text).doesNotContainPattern("\\p{Cntrl}").hasSizeLessThan(2_100);
    }
}
