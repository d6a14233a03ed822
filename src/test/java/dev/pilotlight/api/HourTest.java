package dev.pilotlight.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.api.Hour.Point;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class HourTest {
    private static final Instant START = Instant.parse("2026-11-29T03:00:00Z");

    private static Point point(int i, double load) {
        return new Point(START.plusSeconds(10L * i), "ready", load, 3, Double.NaN, 0.0123456);
    }

    @Test
    void keepsAnHourAndNoMore() {
        List<Point> points = List.of();
        for (int i = 0; i < 1000; i++) {
            points = Hour.with(points, point(i, 0.5));
        }
        assertThat(points).hasSize(360).first().isEqualTo(point(640, 0.5));
        assertThat(points).last().isEqualTo(point(999, 0.5));
    }

    @Test
    void saysNothingOfWhatWasNotKnown() {
        List<Point> points = List.of(point(0, Double.NaN), point(1, 1.25));
        assertThat(Hour.view(points, START.plusSeconds(15)))
                .containsExactlyInAnyOrderEntriesOf(Map.of(
                        "secondsAgo", List.of(15L, 5L),
                        "phase", List.of("ready", "ready"),
                        "load", Arrays.asList(null, 1.25),
                        "requests", List.of(3.0, 3.0),
                        "timeToFirstTokenP95Seconds", Arrays.asList(null, null),
                        "interTokenP95Seconds", List.of(0.0123, 0.0123)));
    }
}
