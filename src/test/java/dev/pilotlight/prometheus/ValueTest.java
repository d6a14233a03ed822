package dev.pilotlight.prometheus;

import static dev.pilotlight.prometheus.Pages.page;
import static dev.pilotlight.prometheus.Pages.sample;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What stands after the name and the labels: the value, a timestamp, an exemplar. */
class ValueTest {
    @Nested
    class AValue {
        @ParameterizedTest
        @CsvSource({
            "0, 0",
            "-0.0, -0.0",
            "36.0, 36",
            "+7, 7",
            "1., 1",
            ".5, 0.5",
            "-12.25, -12.25",
            "007, 7",
            "1e+09, 1000000000",
            "1e+010, 10000000000",
            "1.7954773632236104e+09, 1795477363.2236104",
            "0.0019536019536019467, 0.0019536019536019467",
            "9.223372036854776e+18, 9.223372036854776e18",
            "9007199254740993, 9007199254740992",
            "123456789012345678901234567890, 1.2345678901234568e29",
            "1E-3, 0.001",
            "4.9e-324, 4.9e-324",
            "1e-400, 0",
            "NaN, NaN",
            "nan, NaN",
            "Inf, Infinity",
            "+Inf, Infinity",
            "-Inf, -Infinity",
            "+inf, Infinity",
            "-Infinity, -Infinity",
            "1e400, Infinity",
        })
        void isReadAsItIsWritten(String text, double value) {
            assertThat(page("up " + text + "\n", "up").samples("up")).containsExactly(sample("up", value));
        }

        @ParameterizedTest
        @ValueSource(
                strings = {
                    "",
                    " ",
                    "-",
                    "+",
                    ".",
                    "e5",
                    "1e",
                    "1e+",
                    "1e5.5",
                    "--1",
                    "+-1",
                    "1_000",
                    "1,5",
                    "0x10",
                    "0x1p3",
                    "1d",
                    "1f",
                    "1.0D",
                    "1L",
                    "1..2",
                    "1.2.3",
                    "one",
                    "na",
                    "nanny",
                    "+NaN",
                    "-nan",
                    "Info",
                    "in",
                    "∞",
                    "1\u00a0",
                    "١",
                    "\"1\"",
                    "null",
                    "1;",
                    "=1",
                    "1 2 3",
                    "1 two",
                    "1 NaN",
                    "1 Inf",
                    "1 0x2",
                    "1 2x",
                    "1 #",
                    "1 # note",
                    "1# {} 1",
                    "1 2# {} 1",
                    "1\r2",
                    "1 2 # note"
                })
        void isSkippedAndCountedWhenItIsNoNumber(String text) {
            MetricPage page = page("up 1\nup " + text + "\ndown 2\n", "up", "down");

            assertThat(page.samples("up")).containsExactly(sample("up", 1));
            assertThat(page.samples("down")).containsExactly(sample("down", 2));
            assertThat(page.malformedLines()).isEqualTo(1);
        }

        @Test
        void isMissedEvenWhereTheBlankBeforeItIsMissingToo() {
            MetricPage page = page("up\n", "up");

            assertThat(page.samples("up")).isEmpty();
            assertThat(page.malformedLines()).isEqualTo(1);
        }

        @Test
        void isNotReadFromALineWhoseNameRunsIntoOtherCharacters() {
            MetricPage page = page("up-1 2\nup.x 2\nup\"a\" 2\nup}1 2\nup/2 2\n", "up");

            assertThat(page.samples("up")).isEmpty();
            assertThat(page.malformedLines()).isEqualTo(5);
        }
    }

    @Nested
    class ATimestamp {
        @ParameterizedTest
        @ValueSource(strings = {"1395066363000", "-3982045", "1520879607.789", "+5", "1.5e9", "0"})
        void isPassedOver(String timestamp) {
            assertThat(page("up{a=\"b\"} 12.5 " + timestamp + "\nup 3 \t" + timestamp + " \n", "up")
                            .samples("up"))
                    .containsExactly(sample("up", 12.5, "a", "b"), sample("up", 3));
        }
    }

    @Nested
    class AnExemplar {
        @ParameterizedTest
        @ValueSource(
                strings = {
                    " # {trace_id=\"x\"} 1 123",
                    " # {} 0.67",
                    " 1520879607.789 # {trace_id=\"a # } 7\"} 0.67 1520879607.5",
                    "\t#{id=\"x\"} 1"
                })
        void isPassedOver(String rest) {
            assertThat(page("foo_bucket{le=\"0.1\"} 8" + rest + "\n", "foo_bucket")
                            .samples("foo_bucket"))
                    .containsExactly(sample("foo_bucket", 8, "le", "0.1"));
        }
    }
}
