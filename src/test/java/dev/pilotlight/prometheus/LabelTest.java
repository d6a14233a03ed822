package dev.pilotlight.prometheus;

import static dev.pilotlight.prometheus.Pages.page;
import static dev.pilotlight.prometheus.Pages.read;
import static dev.pilotlight.prometheus.Pages.sample;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What stands between the braces. */
class LabelTest {
    @Nested
    class ALabelValue {
        @ParameterizedTest
        @ValueSource(
                strings = {
                    "",
                    " ",
                    "[]",
                    "['auto', 'fp8']",
                    "/models/llama 3/8B",
                    "a,b=c",
                    "}",
                    "{",
                    "} 7",
                    "{a=}",
                    "#",
                    "# TYPE up gauge",
                    "1e+09",
                    "+Inf",
                    "it's",
                    "Modèle 模型 🚀",
                    "\u0001",
                    "a\tb",
                    "a\rb",
                    "`"
                })
        void isKeptAsItIs(String value) {
            assertThat(page("up{a=\"" + value + "\",b=\"c\"} 3\n", "up").samples("up"))
                    .containsExactly(sample("up", 3, "a", value, "b", "c"));
        }

        @Test
        void hasItsEscapesResolved() {
            assertThat(page("""
                    up{a="say \\"hi\\""} 1
                    up{a="C:\\\\dir\\\\"} 2
                    up{a="two\\nlines"} 3
                    up{a="\\\\n"} 4
                    up{a="\\"}"} 5
                    up{a="é\\"é"} 6
                    """, "up").samples("up"))
                    .containsExactly(
                            sample("up", 1, "a", "say \"hi\""),
                            sample("up", 2, "a", "C:\\dir\\"),
                            sample("up", 3, "a", "two\nlines"),
                            sample("up", 4, "a", "\\n"),
                            sample("up", 5, "a", "\"}"),
                            sample("up", 6, "a", "é\"é"));
        }

        @Test
        void keepsABackslashThatEscapesNothing() {
            assertThat(page("up{a=\"\\d+\\.\\t\"} 1\n", "up").samples("up"))
                    .containsExactly(sample("up", 1, "a", "\\d+\\.\\t"));
        }

        @Test
        void mayHoldBytesThatAreNoText() {
            byte[] page = {'u', 'p', '{', 'a', '=', '"', (byte) 0xff, 'x', '"', '}', ' ', '1', '\n'};

            assertThat(page(page, "up").samples("up")).containsExactly(sample("up", 1, "a", "\ufffdx"));
        }
    }

    @Nested
    class TheBraces {
        @ParameterizedTest
        @ValueSource(
                strings = {
                    "up{a=\"1\", b=\"2\"} 3",
                    "up{a=\"1\",b=\"2\",} 3",
                    "up{a=\"1\",b=\"2\" , } 3",
                    "up { a = \"1\" ,\tb = \"2\" } 3",
                    "up\t{b=\"2\",a=\"1\"}\t3",
                    "up  {a=\"1\",b=\"2\"}   3  ",
                    "up{a=\"1\",b=\"2\"}3",
                    "up{\"a\"=\"1\",b=\"2\"} 3",
                })
        void mayBeSpacedAndOrderedFreely(String line) {
            assertThat(page(line + "\n", "up").samples("up")).containsExactly(sample("up", 3, "a", "1", "b", "2"));
        }

        @ParameterizedTest
        @ValueSource(strings = {"up{} 1", "up { } 1", "up 1", "up  1", "\tup 1"})
        void mayBeEmptyOrMissing(String line) {
            assertThat(page(line + "\n", "up").samples("up")).containsExactly(sample("up", 1));
        }

        @ParameterizedTest
        @ValueSource(
                strings = {
                    "up{",
                    "up{a",
                    "up{a=",
                    "up{a=}",
                    "up{a=\"",
                    "up{a=\"b\\",
                    "up{a=\"b\\\"",
                    "up{a=\"b\"",
                    "up{a=\"b\" 1",
                    "up{a=\"b} 1",
                    "up{a=b} 1",
                    "up{a='b'} 1",
                    "up{=\"b\"} 1",
                    "up{\"\"=\"b\"} 1",
                    "up{,} 1",
                    "up{,a=\"b\"} 1",
                    "up{a=\"b\",,} 1",
                    "up{a=\"b\" c=\"d\"} 1",
                    "up{a=\"b\"c=\"d\"} 1",
                    "up{a=\"b\",a=\"c\"} 1",
                    "up{1a=\"b\"} 1",
                    "up{a-b=\"c\"} 1",
                    "up{a\"=\"b\"} 1",
                    "up{é=\"c\"} 1",
                    "up{\"a\"} 1",
                    "up{a=\"b\"}} 1",
                    "up{a=\"b\"}{c=\"d\"} 1",
                    "up{a=\"b\"}",
                    "up{a=\"b\"} ",
                    "up} 1",
                    "up{a=\"b\"}x 1",
                    "up{a==\"b\"} 1",
                    "up{{a=\"b\"}} 1"
                })
        void areSkippedAndCountedWhenTheyAreNotWellFormed(String line) {
            MetricPage page = page(line + "\nup{a=\"z\"} 5\n", "up");

            assertThat(page.samples("up")).containsExactly(sample("up", 5, "a", "z"));
            assertThat(page.malformedLines()).isEqualTo(1);
        }

        @Test
        void mayHoldTheLongLineOfAConfiguration() {
            String line = "vllm:cache_config_info{_block_size_resolved=\"True\",block_size=\"16\",cache_dtype=\"auto\","
                    + "engine=\"0\",kv_cache_dtype_skip_layers=\"[]\",num_gpu_blocks=\"None\",prefix=\"a,b}\"} 1.0\n";

            Series series = page(line, "vllm:cache_config_info")
                    .samples("vllm:cache_config_info")
                    .getFirst()
                    .series();

            assertThat(series.labels().keySet())
                    .containsExactly(
                            "_block_size_resolved",
                            "block_size",
                            "cache_dtype",
                            "engine",
                            "kv_cache_dtype_skip_layers",
                            "num_gpu_blocks",
                            "prefix");
            assertThat(series.label("kv_cache_dtype_skip_layers")).isEqualTo("[]");
            assertThat(series.label("num_gpu_blocks")).isEqualTo("None");
            assertThat(series.label("prefix")).isEqualTo("a,b}");
            assertThat(series.label("no_such_label")).isEmpty();
        }
    }

    @Nested
    class ASeries {
        private final PrometheusText reader = new PrometheusText(Wanted.of(List.of("up")), Limits.DEFAULT);

        @Test
        void isTheSameInstanceFromPageToPage() {
            Series first =
                    read(reader, "up{a=\"1\"} 1\n").samples("up").getFirst().series();
            Series second = read(reader, "up 4\nup{a=\"1\"} 2\n")
                    .samples("up")
                    .getLast()
                    .series();

            assertThat(second).isSameAs(first);
        }

        @Test
        void isTheSameHoweverItsLabelsAreOrdered() {
            MetricPage one = read(reader, "up{a=\"1\",b=\"2\"} 3\n");
            MetricPage other = read(reader, "up{ b=\"2\", a=\"1\" } 4\n");

            assertThat(one.samples("up")).containsExactly(sample("up", 3, "a", "1", "b", "2"));
            assertThat(other.samples("up")).containsExactly(sample("up", 4, "a", "1", "b", "2"));
        }

        @Test
        void isKeptOnceInItsFirstPlaceWithItsLastValue() {
            MetricPage page = read(reader, """
                    up{a="1",b="2"} 1
                    up{a="0"} 2
                    up{a="1",b="2"} 3
                    up{b="2",a="1"} 4
                    """);

            assertThat(page.samples("up"))
                    .containsExactly(sample("up", 4, "a", "1", "b", "2"), sample("up", 2, "a", "0"));
            assertThat(page.size()).isEqualTo(2);
        }

        @Test
        void keepsTheLastGoodValueWhenItsRepetitionIsMalformed() {
            MetricPage page = read(reader, "up 1\nup x\n");

            assertThat(page.samples("up")).containsExactly(sample("up", 1));
            assertThat(page.malformedLines()).isEqualTo(1);
        }

        @Test
        void isSortedByLabelNameHoweverItIsMade() {
            assertThat(new Series("up", Map.of("b", "1", "c", "2", "a", "3"))
                            .labels()
                            .keySet())
                    .containsExactly("a", "b", "c");
        }
    }
}
