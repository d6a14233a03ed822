package dev.pilotlight.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.engine.EngineSnapshot;
import dev.pilotlight.engine.VllmMetrics;
import dev.pilotlight.prometheus.Limits;
import dev.pilotlight.prometheus.PageReading;
import dev.pilotlight.prometheus.PrometheusText;
import dev.pilotlight.prometheus.Wanted;
import dev.pilotlight.replay.Snapshots;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
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
                assertThat(Snapshots.of(batch, STARTED, true)).isEqualTo(read(batch));
            }
        }
    }

    private static EngineSnapshot read(Batch batch) {
        ProcessFamilies process = new ProcessFamilies(STARTED, STARTED + 40, 60, 8, 0);
        String page = new VllmPage(
                        PageOptions.DEFAULT,
                        batch.profile().model(),
                        List.of(batch),
                        Sleep.AWAKE,
                        new HttpTally(),
                        process)
                .render(Set.of());
        PageReading reading = new PrometheusText(Wanted.of(VllmMetrics.wanted()), Limits.DEFAULT)
                .read(page.getBytes(StandardCharsets.UTF_8));
        return switch (reading) {
            case PageReading.Refused(String why) -> throw new AssertionError(why);
            case PageReading.Read(var samples) ->
                switch (dev.pilotlight.engine.VllmPage.read(samples)) {
                    case dev.pilotlight.engine.VllmPage.Missing(var tried) ->
                        throw new AssertionError("none of " + tried);
                    case dev.pilotlight.engine.VllmPage.Found(EngineSnapshot snapshot) -> snapshot;
                };
        };
    }
}
