package dev.pilotlight.prometheus;

import static dev.pilotlight.prometheus.Pages.page;
import static dev.pilotlight.prometheus.Pages.sample;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** Names, lines and whole pages. */
class PageTest {
    @Nested
    class AName {
        @Test
        void isMatchedWholeAndNeverByItsBeginning() {
            String text = """
                    # TYPE vllm:iteration_tokens_total histogram
                    vllm:iteration_tokens_total_bucket{le="1.0"} 1
                    vllm:iteration_tokens_total_bucket{le="1e+09"} 2
                    vllm:iteration_tokens_total_bucket{le="+Inf"} 3
                    vllm:iteration_tokens_total_count 4
                    vllm:iteration_tokens_total_sum 5
                    """;

            assertThat(page(text, "vllm:iteration_tokens_total").size()).isZero();
            assertThat(page(text, "vllm:iteration_tokens_total_bucket").samples("vllm:iteration_tokens_total_bucket"))
                    .containsExactly(
                            sample("vllm:iteration_tokens_total_bucket", 1, "le", "1.0"),
                            sample("vllm:iteration_tokens_total_bucket", 2, "le", "1e+09"),
                            sample("vllm:iteration_tokens_total_bucket", 3, "le", "+Inf"));
        }

        @Test
        void isMatchedAtEveryLength() {
            String letters = "a_name_of_thirty_three_letters_xy";
            for (int length = 1; length <= letters.length(); length++) {
                String name = letters.substring(0, length);
                String text = "x%s 1\n%sx 2\n%s 3\n%s{l=\"m\"} 4\n".formatted(name, name, name, name);

                assertThat(page(text, name).samples(name)).containsExactly(sample(name, 3), sample(name, 4, "l", "m"));
            }
        }

        @Test
        void mayBeQuotedInsideTheBraces() {
            assertThat(page("""
                    {"vllm:foo", a="b"} 1
                    {"vllm:foo",a="c",} 2
                    { "vllm:foo" , "d.e"="f" } 3
                    {"vllm:foo"} 4
                    """, "vllm:foo").samples("vllm:foo"))
                    .containsExactly(
                            sample("vllm:foo", 1, "a", "b"),
                            sample("vllm:foo", 2, "a", "c"),
                            sample("vllm:foo", 3, "d.e", "f"),
                            sample("vllm:foo", 4));
        }

        @Test
        void mayBeOutsideTheOldAlphabetWhenItIsQuoted() {
            MetricPage page =
                    page("# TYPE \"größe.in bytes\" gauge\n{\"größe.in bytes\",a=\"b\"} 1\n", "größe.in bytes");

            assertThat(page.samples("größe.in bytes")).containsExactly(sample("größe.in bytes", 1, "a", "b"));
            assertThat(page.declares("größe.in bytes")).isTrue();
        }

        @Test
        void isMalformedWhenItIsQuotedAndWhatFollowsIsNotWellFormed() {
            MetricPage page = page("""
                    {"up"
                    {"up" 1
                    {"up" a="b"} 1
                    {"up",,a="b"} 1
                    {"up",a="b" 1
                    {"up"}
                    """, "up");

            assertThat(page.size()).isZero();
            assertThat(page.malformedLines()).isEqualTo(6);
        }

        @Test
        void isNobodysWhenTheQuotesHoldAnother() {
            MetricPage page =
                    page("{\"upper\"} 1\n{\"u\\p\"} 1\n{up} 1\n{a=\"up\"} 1\n{\"up\n{\n{}\n{\"\"} 1\n\"up\" 1\n", "up");

            assertThat(page.isEmpty()).isTrue();
            assertThat(page.malformedLines()).isZero();
        }
    }

    @Nested
    class ALine {
        @Test
        void mayBeginWithBlanksAndEndWithThem() {
            assertThat(page("  up 1  \n\t up{a=\"b\"} 2\t\n", "up").samples("up"))
                    .containsExactly(sample("up", 1), sample("up", 2, "a", "b"));
        }

        @Test
        void mayEndInCarriageReturnAndNewline() {
            MetricPage page = page("# TYPE up gauge\r\nup 1\r\n\r\nup{a=\"b\"} 2 77\r\ndown 3\r", "up", "down");

            assertThat(page.samples("up")).containsExactly(sample("up", 1), sample("up", 2, "a", "b"));
            assertThat(page.samples("down")).containsExactly(sample("down", 3));
            assertThat(page.declares("up")).isTrue();
            assertThat(page.malformedLines()).isZero();
        }

        @Test
        void mayBeBlank() {
            assertThat(page("\n\n  \n\t\nup 1\n\n\r\n", "up").samples("up")).containsExactly(sample("up", 1));
        }

        @Test
        void mayLackItsNewlineAtTheEndOfThePage() {
            assertThat(page("up 1\nup{a=\"b\"} 23", "up").samples("up"))
                    .containsExactly(sample("up", 1), sample("up", 23, "a", "b"));
        }

        @Test
        void thatIsACommentIsPassedOver() {
            MetricPage page = page("# up 1\n#up 1\n#\n# \n  # HELP\n# TYPE\n# TYPE \n# EOF\n# UNIT up seconds\n", "up");

            assertThat(page.isEmpty()).isTrue();
            assertThat(page.malformedLines()).isZero();
        }
    }

    @Nested
    class ADeclaration {
        @Test
        void standsWithoutSamples() {
            MetricPage page = page("# HELP up Whether it is.\n# TYPE up gauge\n", "up", "down");

            assertThat(page.samples("up")).isEmpty();
            assertThat(page.declares("up")).isTrue();
            assertThat(page.declares("down")).isFalse();
            assertThat(page.isEmpty()).isFalse();
        }

        @Test
        void isMadeByHelpAloneAndByTypeAlone() {
            MetricPage page = page("# HELP a x\n# TYPE b gauge\n# HELP c\n  # TYPE \t d  gauge\n", "a", "b", "c", "d");

            assertThat(List.of("a", "b", "c", "d")).allMatch(page::declares);
        }

        @Test
        void ofAFamilyDeclaresItsSamples() {
            MetricPage page = page(
                    "# TYPE tokens counter\n# TYPE wait_seconds histogram\n",
                    "tokens_total",
                    "wait_seconds_bucket",
                    "wait_seconds_sum",
                    "wait_seconds_count",
                    "wait_seconds_total_sum");

            assertThat(List.of("tokens_total", "wait_seconds_bucket", "wait_seconds_sum", "wait_seconds_count"))
                    .allMatch(page::declares);
            assertThat(page.declares("wait_seconds_total_sum")).isFalse();
        }

        @Test
        void ofALongerOrShorterNameDeclaresNothing() {
            MetricPage page = page("# TYPE upper gauge\n# TYPE u gauge\n# TYPE up{} gauge\n# TYPEup gauge\n", "up");

            assertThat(page.declares("up")).isFalse();
        }

        @Test
        void isNeverFoundOfWhatWasNotWanted() {
            assertThat(page("# TYPE up gauge\nup 1\n", "down").declares("up")).isFalse();
        }

        @Test
        void worksForTheLastOfManyNames() {
            List<String> names = new ArrayList<>();
            for (int i = 0; i < 200; i++) {
                names.add("metric_" + i);
            }
            MetricPage page = page("# TYPE metric_70 gauge\n# TYPE metric_199 gauge\n", names.toArray(String[]::new));

            assertThat(names.stream().filter(page::declares)).containsExactly("metric_70", "metric_199");
        }
    }

    @Nested
    class APage {
        @Test
        void keepsTheOrderOfItsSamplesByName() {
            MetricPage page = page("b{x=\"2\"} 1\na 2\nb{x=\"1\"} 3\nc 4\nb 5\n", "a", "b");

            assertThat(page.samples("b"))
                    .containsExactly(sample("b", 1, "x", "2"), sample("b", 3, "x", "1"), sample("b", 5));
            assertThat(page.samples("a")).containsExactly(sample("a", 2));
            assertThat(page.samples("c")).isEmpty();
            assertThat(page.size()).isEqualTo(4);
        }

        @Test
        void walksItsSamplesAsItListsThem() {
            MetricPage page = page("b{x=\"2\"} 1\na 2\nb 3\n", "a", "b", "c");
            List<Sample> walked = new ArrayList<>();
            page.forEach("b", (series, value) -> walked.add(new Sample(series, value)));
            page.forEach("c", (series, value) -> walked.add(new Sample(series, value)));

            assertThat(walked).isEqualTo(page.samples("b"));
        }

        @Test
        void holdsASummaryWithoutQuantiles() {
            MetricPage page = page("""
                    # TYPE size_bytes summary
                    size_bytes_count{handler="/v1/models"} 1.0
                    size_bytes_sum{handler="/v1/models"} 83.0
                    """, "size_bytes", "size_bytes_count", "size_bytes_sum");

            assertThat(page.samples("size_bytes")).isEmpty();
            assertThat(page.declares("size_bytes")).isTrue();
            assertThat(page.samples("size_bytes_sum"))
                    .containsExactly(sample("size_bytes_sum", 83, "handler", "/v1/models"));
        }

        @Test
        void mayBeEmpty() {
            MetricPage page = page("", "up");

            assertThat(page.isEmpty()).isTrue();
            assertThat(page.size()).isZero();
            assertThat(page.bytes()).isZero();
        }

        @Test
        void mayBeginWithAByteOrderMarkOnlyOnce() {
            MetricPage page = page("\ufeffup 1\n\ufeffup 2\n", "up");

            assertThat(page.samples("up")).containsExactly(sample("up", 1));
        }

        @Test
        void isEmptyWhenItIsHtml() {
            MetricPage page = page("<html>\n<head><title>502 Bad Gateway</title></head>\n<p>up</p>\n</html>\n", "up");

            assertThat(page.isEmpty()).isTrue();
            assertThat(page.malformedLines()).isZero();
        }

        @Test
        void isEmptyWhenItIsGarbage() {
            byte[] garbage = new byte[200_000];
            new Random(7).nextBytes(garbage);

            MetricPage page = page(garbage, "vllm:num_requests_running");

            assertThat(page.isEmpty()).isTrue();
            assertThat(page.bytes()).isEqualTo(200_000);
        }

        @Test
        void isReadAlikeFromTheMiddleOfALargerArray() {
            byte[] text = "up 1\nup{a=\"b\"} 2".getBytes(StandardCharsets.UTF_8);
            byte[] larger = "99999999\n9999999999999999999999999999".getBytes(StandardCharsets.UTF_8);
            System.arraycopy(text, 0, larger, 5, text.length);
            PrometheusText reader = new PrometheusText(Wanted.of(List.of("up")), Limits.DEFAULT);

            reader.begin();
            reader.feed(larger, 5, text.length);

            assertThat(((PageReading.Read) reader.end()).page().samples("up"))
                    .containsExactly(sample("up", 1), sample("up", 2, "a", "b"));
        }
    }
}
