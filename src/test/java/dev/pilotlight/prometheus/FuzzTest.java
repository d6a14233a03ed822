package dev.pilotlight.prometheus;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** The reader agrees with the plain one, whatever is done to a page and however it is cut; a failure says its seed. */
class FuzzTest {
    private static final Duration EACH = Duration.ofMillis(1500);
    private static final List<String> WANTED = wanted();

    /** Small, and with everything in it that a page may hold. */
    private static final byte[] SMALL = """
            # HELP vllm:num_requests_running Number of requests.
            # TYPE vllm:num_requests_running gauge
            vllm:num_requests_running{engine="0",model_name="a\\\\b \\"c\\" {d}, #"} 4.0
            vllm:num_requests_running{model_name="tiny", engine="1",} 1e+01 1395066363000
            # TYPE vllm:iteration_tokens_total histogram
            vllm:iteration_tokens_total_bucket{le="1e+09"} 17.0 # {trace_id="x"} 1 123
            # TYPE tokens counter
            tokens_total 12
            tokens_total{} 13\r
            {"tokens_total", a="ä"} -Inf
              process_start_time_seconds\t1.7954773632236104e+09
            tokens_total x
            vllm:kv_cache_usage_perc NaN
            # EOF""".getBytes(StandardCharsets.UTF_8);

    private final long seed = System.nanoTime();
    private final Random random = new Random(seed);
    private final byte[] large = new VllmPage("tiny", seed).next();
    private final PrometheusText reader = new PrometheusText(Wanted.of(WANTED), Limits.DEFAULT);

    @Nested
    class APageReadInChunks {
        @Test
        void isTheSameWhereverItIsCutInTwo() {
            for (int cut = 0; cut <= SMALL.length; cut++) {
                reader.begin();
                reader.feed(SMALL, 0, cut);
                reader.feed(SMALL, cut, SMALL.length - cut);
                assertAsPlain(reader.end(), SMALL);
            }
        }

        @Test
        void isTheSameByteByByte() {
            assertAsPlain(readInChunks(SMALL, 1), SMALL);
            assertAsPlain(readInChunks(large, 1), large);
        }

        @Test
        void isTheSameInChunksOfAnySize() {
            PlainParser.Page expected = PlainParser.parse(large, WANTED);
            for (long end = end(); System.nanoTime() < end; ) {
                assertIs(readInChunks(large, 1 + random.nextInt(1 + random.nextInt(20_000))), expected);
            }
        }
    }

    @Nested
    class APageCutShort {
        @Test
        void isReadUpToTheCut() {
            for (int length = 0; length <= SMALL.length; length++) {
                byte[] cut = Arrays.copyOf(SMALL, length);
                assertAsPlain(reader.read(cut), cut);
            }
            for (long end = end(); System.nanoTime() < end; ) {
                byte[] cut = Arrays.copyOf(large, random.nextInt(large.length));
                assertAsPlain(reader.read(cut), cut);
            }
        }
    }

    @Nested
    class APageWithDamage {
        @Test
        void isReadAsThePlainReaderReadsItWhenBitsAreFlipped() {
            for (long end = end(); System.nanoTime() < end; ) {
                assertStillAsPlain(flipped(SMALL, 1 + random.nextInt(8)));
            }
            for (long end = end(); System.nanoTime() < end; ) {
                assertStillAsPlain(flipped(large, 1 + random.nextInt(500)));
            }
        }

        @Test
        void isReadAsThePlainReaderReadsItWhenBytesTakeTheLookOfSyntax() {
            byte[] syntax = "{}\"\\,=# \t\n\r+-.eE0NI:_".getBytes(StandardCharsets.ISO_8859_1);
            for (long end = end(); System.nanoTime() < end; ) {
                byte[] page = SMALL.clone();
                for (int i = 1 + random.nextInt(6); i > 0; i--) {
                    page[random.nextInt(page.length)] = syntax[random.nextInt(syntax.length)];
                }
                assertStillAsPlain(page);
            }
        }

        @Test
        void isReadAsThePlainReaderReadsItWhenLinesAreMovedRepeatedAndLost() {
            for (long end = end(); System.nanoTime() < end; ) {
                assertStillAsPlain(shuffled(random.nextBoolean() ? SMALL : large));
            }
        }

        @Test
        void keepsEveryValueOfTheLinesThatWereNotTouched() {
            List<Sample> whole = Pages.read(reader, large).samples("vllm:time_to_first_token_seconds_bucket");
            String line = "\nvllm:time_to_first_token_seconds_bucket{le=\"0.5\"";
            int at = new String(large, StandardCharsets.ISO_8859_1).indexOf(line) + 1;
            for (int i = 0; i < line.length() + 40; i++) {
                byte[] page = large.clone();
                page[at + i] = page[at + i] == '\n' ? (byte) '\n' : (byte) 0xfe;
                List<Sample> rest = Pages.read(reader, page).samples("vllm:time_to_first_token_seconds_bucket");
                assertThat(rest).as("seed %d, byte %d", seed, i).containsAll(untouched(whole));
            }
        }

        private List<Sample> untouched(List<Sample> samples) {
            return samples.stream()
                    .filter(sample ->
                            !List.of("0.5", "0.75").contains(sample.series().label("le")))
                    .toList();
        }
    }

    private static List<String> wanted() {
        List<String> wanted = new ArrayList<>(VllmPage.WANTED);
        wanted.addAll(List.of("tokens_total", "vllm:iteration_tokens_total", "vllm:iteration_tokens_total_bucket"));
        return wanted;
    }

    private long end() {
        return System.nanoTime() + EACH.toNanos() / 2;
    }

    private PageReading readInChunks(byte[] page, int chunk) {
        // Cut from a buffer that goes on after each chunk, as a network buffer does, with what a reader must not look
        // at.
        byte[] buffer = new byte[chunk + 9];
        reader.begin();
        for (int at = 0; at < page.length; at += chunk) {
            int length = Math.min(chunk, page.length - at);
            Arrays.fill(buffer, (byte) '9');
            System.arraycopy(page, at, buffer, 1, length);
            assertThat(reader.feed(buffer, 1, length)).isTrue();
        }
        return reader.end();
    }

    private byte[] flipped(byte[] page, int flips) {
        byte[] flipped = page.clone();
        for (int i = 0; i < flips; i++) {
            flipped[random.nextInt(flipped.length)] ^= (byte) (1 << random.nextInt(8));
        }
        return flipped;
    }

    private byte[] shuffled(byte[] page) {
        List<String> lines = new ArrayList<>(List.of(new String(page, StandardCharsets.ISO_8859_1).split("\n")));
        for (int i = random.nextInt(30); i > 0; i--) {
            int one = random.nextInt(lines.size());
            int other = random.nextInt(lines.size());
            switch (random.nextInt(4)) {
                case 0 -> Collections.swap(lines, one, other);
                case 1 -> lines.add(one, lines.get(other));
                case 2 -> lines.set(one, lines.get(one) + lines.get(other));
                default -> lines.remove(lines.size() > 5 ? one : 0);
            }
            if (lines.isEmpty()) {
                lines.add("");
            }
        }
        return String.join("\n", lines).getBytes(StandardCharsets.ISO_8859_1);
    }

    /** Read by the reader that has seen the pages before, by a fresh one, and in chunks. */
    private void assertStillAsPlain(byte[] page) {
        PlainParser.Page expected = PlainParser.parse(page, WANTED);
        assertIs(reader.read(page), expected);
        assertIs(new PrometheusText(Wanted.of(WANTED), Limits.DEFAULT).read(page), expected);
        assertIs(readInChunks(page, 1 + random.nextInt(page.length)), expected);
    }

    private void assertAsPlain(PageReading reading, byte[] page) {
        assertIs(reading, PlainParser.parse(page, WANTED));
    }

    private void assertIs(PageReading reading, PlainParser.Page expected) {
        assertThat(reading).as("seed %d", seed).isInstanceOf(PageReading.Read.class);
        PlainParser.Page read = PlainParser.Page.of(((PageReading.Read) reading).page(), WANTED);
        // Comparing first: to describe a page for each of some 10,000 assertions would take most of the time.
        if (!read.equals(expected)) {
            assertThat(read).as("seed %d", seed).isEqualTo(expected);
        }
    }
}
