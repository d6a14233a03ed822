package dev.pilotlight.prometheus;

import static dev.pilotlight.prometheus.Pages.page;
import static dev.pilotlight.prometheus.Pages.read;
import static dev.pilotlight.prometheus.Pages.sample;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** One reader over many pages, and what it is told to look for. */
class ReaderTest {
    @Nested
    class AReader {
        private final PrometheusText reader = new PrometheusText(Wanted.of(List.of("up", "down")), Limits.DEFAULT);

        @Test
        void leavesEarlierPagesAsTheyWere() {
            MetricPage one = read(reader, "# TYPE down gauge\nup{a=\"1\"} 1\nup{a=\"2\"} 2\nup x\n");
            MetricPage two = read(reader, "up{a=\"2\"} 3\nup{a=\"1\"} 4\n");
            MetricPage three = read(reader, "up{a=\"2\"} 5\n");

            assertThat(one.samples("up")).containsExactly(sample("up", 1, "a", "1"), sample("up", 2, "a", "2"));
            assertThat(one.declares("down")).isTrue();
            assertThat(one.malformedLines()).isEqualTo(1);
            assertThat(two.samples("up")).containsExactly(sample("up", 3, "a", "2"), sample("up", 4, "a", "1"));
            assertThat(two.declares("down")).isFalse();
            assertThat(two.malformedLines()).isZero();
            assertThat(three.samples("up")).containsExactly(sample("up", 5, "a", "2"));
        }

        @Test
        void forgetsAPageThatWasNotEnded() {
            MetricPage before = read(reader, "up{a=\"1\"} 1\nup{a=\"2\"} 2\n");
            reader.begin();
            byte[] cut = "up{a=\"2\"} 7\nup{a=\"3\"} 8\nup x\nup{a=\"1\"} 9".getBytes(StandardCharsets.UTF_8);
            reader.feed(cut, 0, cut.length);
            MetricPage after = read(reader, "up{a=\"1\"} 3\nup{a=\"2\"} 4\n");

            assertThat(after.samples("up")).containsExactly(sample("up", 3, "a", "1"), sample("up", 4, "a", "2"));
            assertThat(after.malformedLines()).isZero();
            assertThat(after.samples("up").getLast().series())
                    .isSameAs(before.samples("up").getLast().series());
        }

        @Test
        void refusesBytesOutsideOfAPage() {
            assertThatThrownBy(() -> reader.feed(new byte[1], 0, 1))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("no page is open: begin() comes first");
            assertThatThrownBy(reader::end).isInstanceOf(IllegalStateException.class);
        }

        @Test
        void refusesARangeOutsideOfTheChunk() {
            reader.begin();

            assertThatThrownBy(() -> reader.feed(new byte[4], 2, 3)).isInstanceOf(IndexOutOfBoundsException.class);
        }
    }

    @Nested
    class WhatIsWanted {
        @Test
        void isListedInTheOrderGivenAndOnce() {
            assertThat(Wanted.of(List.of("b", "a", "b")).names()).containsExactly("b", "a");
        }

        @Test
        void isNeverBlank() {
            assertThatThrownBy(() -> Wanted.of(List.of("up", " ")))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("a wanted sample name is blank: [up,  ]");
        }

        @Test
        void mayBeNothing() {
            assertThat(page("up 1\n# TYPE up gauge\n").isEmpty()).isTrue();
        }
    }
}
