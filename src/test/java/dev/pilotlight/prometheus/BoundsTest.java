package dev.pilotlight.prometheus;

import static dev.pilotlight.prometheus.Pages.sample;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** Whatever arrives, a page costs no more than its limits say. */
class BoundsTest {
    private static final long MEGABYTE = 1 << 20;

    private final PrometheusText reader = new PrometheusText(Wanted.of(List.of("up", "down")), Limits.DEFAULT);

    @Nested
    class APageTooLarge {
        @Test
        void isRefusedWithTheSizeSeenAndTheLimit() {
            PrometheusText small = new PrometheusText(Wanted.of(List.of("up")), new Limits(10, 5));

            assertThat(small.read(bytes("up 1\nup 2\n"))).isInstanceOf(PageReading.Read.class);
            assertThat(small.read(bytes("up 1\nup 2\n#")))
                    .isEqualTo(new PageReading.Refused("metrics page is larger than 10 bytes "
                            + "(pilotlight.engine.max-page-bytes): 11 had come when it was cut off"));
        }

        @Test
        void isNotReadFurther() {
            byte[] line = bytes("up{a=\"b\"} 1\n");
            reader.begin();
            long fed = 0;
            while (fed < 100 * MEGABYTE && reader.feed(line, 0, line.length)) {
                fed += line.length;
            }

            assertThat(fed).isBetween(16 * MEGABYTE - line.length, 16 * MEGABYTE);
            assertThat(reader.feed(line, 0, line.length)).isFalse();
            assertThat(reader.feed(new byte[0], 0, 0)).isFalse();
            assertThat(reader.end()).isInstanceOf(PageReading.Refused.class);
        }

        @Test
        void isForgottenByTheNext() {
            reader.read(new byte[(int) (17 * MEGABYTE)]);

            assertThat(Pages.read(reader, "up 1\n").samples("up")).containsExactly(sample("up", 1));
        }

        @Test
        void costsNothingWhenItIsOneEndlessLine() {
            byte[] chunk = bytes("x".repeat(8192));
            PrometheusText patient = new PrometheusText(Wanted.of(List.of("up")), new Limits(1 << 30, 10));
            long allocated = allocatedBy(() -> {
                patient.begin();
                for (long fed = 0; fed < 100 * MEGABYTE; fed += chunk.length) {
                    assertThat(patient.feed(chunk, 0, chunk.length)).isTrue();
                }
                assertThat(patient.end()).isInstanceOf(PageReading.Read.class);
            });

            // 12,800 assertions cost their part; a line kept whole would cost 100 MB and more.
            assertThat(allocated).isLessThan(20 * MEGABYTE);
        }
    }

    @Nested
    class APageOfTooManySeries {
        @Test
        void isRefusedWithTheNumberAndTheLimit() {
            PrometheusText small = new PrometheusText(Wanted.of(List.of("up")), new Limits(1000, 2));

            assertThat(small.read(bytes("up{a=\"1\"} 1\nup{a=\"2\"} 1\nup{a=\"1\"} 1\nother 1\nup x\n")))
                    .isInstanceOf(PageReading.Read.class);
            assertThat(small.read(bytes("up{a=\"1\"} 1\nup{a=\"2\"} 1\nup{a=\"3\"} 1\n")))
                    .isEqualTo(new PageReading.Refused("metrics page has more than 2 wanted series "
                            + "(pilotlight.engine.max-series): number 3 is one of up"));
        }

        @Test
        void isRefusedAlsoWhenItSpellsOneSeriesInEndlessWays() {
            PrometheusText small = new PrometheusText(Wanted.of(List.of("up")), new Limits(1000, 2));

            assertThat(small.read(bytes("up 1\nup{} 1\nup{ } 1\n"))).isInstanceOf(PageReading.Refused.class);
        }

        @Test
        void leavesNothingBehind() {
            long before = retained();
            reader.begin();
            int fed = 0;
            long during = 0;
            while (fed < 1_000_000) {
                byte[] line = bytes("up{path=\"" + "/".repeat(200) + fed + "\"} 1\n");
                if (!reader.feed(line, 0, line.length)) {
                    break;
                }
                fed++;
                during = fed == 10_000 ? retained() : during;
            }
            PageReading reading = reader.end();

            assertThat(fed).isEqualTo(10_000);
            assertThat(reading).isInstanceOf(PageReading.Refused.class);
            // The second bound shows that the first could have failed: the series were held, and were let go.
            assertThat(retained() - before).isLessThan(MEGABYTE);
            assertThat(during - before).isBetween(5 * MEGABYTE, 24 * MEGABYTE);
        }

        /** Two bytes each as they come, and as they are kept: what counts is what they are spelt with. */
        @Test
        void isRefusedForTheLengthOfItsLabelsToo() {
            reader.begin();
            int fed = 0;
            for (boolean more = true; more && fed < 10_000; fed++) {
                byte[] line = bytes("up{path=\"" + "ж".repeat(20_000) + fed + "\"} 1\n");
                more = reader.feed(line, 0, line.length);
            }
            assertThat(fed).isLessThan(100);
            assertThat(reader.end())
                    .isInstanceOfSatisfying(PageReading.Refused.class, refused -> assertThat(refused.why())
                            .contains(
                                    "more than 2560000 bytes of names and labels",
                                    "256 for each of pilotlight.engine.max-series"));
        }

        @Test
        void goesOnBeingRefusedWhileAMillionSeriesArrive() {
            long before = retained();
            reader.begin();
            int taken = 0;
            long sent = 0;
            for (int i = 0; i < 1_000_000; i++) {
                byte[] line = churned(0, i);
                sent += line.length;
                taken += reader.feed(line, 0, line.length) ? 1 : 0;
            }

            assertThat(sent).isGreaterThan(100 * MEGABYTE);
            assertThat(taken).isEqualTo(10_000);
            assertThat(retained() - before).isLessThan(MEGABYTE);
            assertThat(reader.end())
                    .isEqualTo(new PageReading.Refused("metrics page has more than 10000 wanted series "
                            + "(pilotlight.engine.max-series): number 10001 is one of up"));
            assertThat(retained() - before).isLessThan(MEGABYTE);
        }

        @Test
        void neverAccumulatesOverPagesThatChange() {
            int perPage = 5_000;
            long first = 0;
            for (int round = 0; round < 40; round++) {
                readChurned(round, perPage);
                first = round == 1 ? retained() : first;
            }
            long last = retained();

            // Forty pages of it would be 60 MB.
            assertThat(last - first).isLessThan(MEGABYTE);
            assertThat(Pages.read(reader, "up 1\n").size()).isEqualTo(1);
            assertThat(last - retained()).isGreaterThan(MEGABYTE);
        }

        @Test
        void neverAccumulatesOverPagesThatBreakOff() {
            long first = 0;
            for (int round = 0; round < 40; round++) {
                reader.begin();
                for (int i = 0; i < 5_000; i++) {
                    byte[] line = churned(round, i);
                    reader.feed(line, 0, line.length);
                }
                first = round == 1 ? retained() : first;
            }

            assertThat(retained() - first).isLessThan(MEGABYTE);
        }

        private void readChurned(int round, int series) {
            reader.begin();
            for (int i = 0; i < series; i++) {
                byte[] line = churned(round, i);
                reader.feed(line, 0, line.length);
            }
            assertThat(((PageReading.Read) reader.end()).page().size()).isEqualTo(series);
        }

        private byte[] churned(int round, int series) {
            return bytes("up{round=\"" + round + "\",series=\"" + series + "\",x=\"" + "y".repeat(100) + "\"} 1\n");
        }
    }

    @Nested
    class ALineTooLong {
        private final String megabyte = "x".repeat((int) MEGABYTE);

        @Test
        void isMalformedWhenItIsWanted() {
            assertReadsAlike(
                    "up 1\nup{a=\"" + megabyte + "\"} 2\n{\"up\",a=\"" + megabyte + "\"} 2\nup 1" + "0".repeat(70_000)
                            + "\ndown 3\n",
                    3);
        }

        @Test
        void isNobodysWhenItIsNotWanted() {
            assertReadsAlike(
                    "up 1\n" + megabyte + " 2\n# HELP up " + megabyte + "\nupper{a=\"" + megabyte + "\"} 2\n"
                            + " ".repeat(70_000) + "up 2\ndown 3\n",
                    0);
        }

        @Test
        void beginsAtOneByteMoreThanTheLongest() {
            String longest = "up{a=\"" + "x".repeat(LineReader.LONGEST - "up{a=\"\"} 2".length()) + "\"} 2";

            assertThat(Pages.read(reader, longest).size()).isEqualTo(1);
            assertThat(Pages.read(reader, longest + "\n").size()).isEqualTo(1);
            assertThat(Pages.read(reader, longest + "3\n").size()).isZero();
            assertThat(Pages.read(reader, longest + "3").malformedLines()).isEqualTo(1);
        }

        private void assertReadsAlike(String text, int malformed) {
            byte[] page = bytes(text);
            for (int chunk : new int[] {page.length, 65_536, 8_192, 100}) {
                reader.begin();
                for (int at = 0; at < page.length; at += chunk) {
                    reader.feed(page, at, Math.min(chunk, page.length - at));
                }
                MetricPage read = ((PageReading.Read) reader.end()).page();
                assertThat(read.samples("up")).containsExactly(sample("up", 1));
                assertThat(read.samples("down")).containsExactly(sample("down", 3));
                assertThat(read.malformedLines()).isEqualTo(malformed);
            }
        }
    }

    @Nested
    class ALimit {
        @Test
        void isAtLeastOne() {
            assertThatThrownBy(() -> new Limits(0, 1))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("limits must be at least 1: 0 bytes, 1 series");
            assertThatThrownBy(() -> new Limits(1, -1)).isInstanceOf(IllegalArgumentException.class);
        }

        @Test
        void isGenerousByDefault() {
            assertThat(Limits.DEFAULT).isEqualTo(new Limits(16_777_216, 10_000));
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static long allocatedBy(Runnable work) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getCurrentThreadAllocatedBytes();
        work.run();
        return threads.getCurrentThreadAllocatedBytes() - before;
    }

    /** Bytes in use after a full collection. */
    private static long retained() {
        System.gc();
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }
}
