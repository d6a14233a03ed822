package dev.pilotlight.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.replay.Snapshots;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The replay hands the product snapshots instead of pages, for speed: they have to be what its reader makes of the page. */
class SnapshotsTest {
    private static final double STARTED = 1_795_477_314.25;

    static List<Profile> profiles() {
        return Profile.NAMED;
    }

    @ParameterizedTest
    @MethodSource("profiles")
    void areWhatTheReaderMakesOfTheEnginesPage(Profile profile) {
        Batch batch = new Batch(profile.withPrefixCaching(true));
        for (int i = 0; i < 400; i++) {
            long at = i * 20_000_000L;
            batch.submit(Request.of(100 + i % 7 * 150, 1 + i % 60).withPrefix(i % 3, 96), at);
            if (i % 40 == 39) {
                batch.advanceTo(at);
                assertThat(Snapshots.of(batch, STARTED, true)).isEqualTo(Pages.V0_32.read(batch, STARTED));
            }
        }
    }
}
