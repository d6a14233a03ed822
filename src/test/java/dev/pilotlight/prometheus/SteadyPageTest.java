package dev.pilotlight.prometheus;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.List;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** What a page costs that is spelt like the one before. */
class SteadyPageTest {
    private static final int ROUNDS = 200;
    private static final long BUDGET = 4 << 10;

    private final PrometheusText reader = new PrometheusText(Wanted.of(VllmPage.WANTED), Limits.DEFAULT);
    private final VllmPage engine = new VllmPage("meta-llama/Llama-3.1-8B-Instruct", 5);

    @Nested
    class ASteadyPage {
        @Test
        void costsItsValuesAndLittleElse() {
            byte[][] pages = new byte[ROUNDS][];
            for (int i = 0; i < ROUNDS; i++) {
                pages[i] = engine.next();
            }
            MetricPage first = Pages.read(reader, pages[0]);
            ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
            long before = threads.getCurrentThreadAllocatedBytes();
            for (byte[] page : pages) {
                reader.read(page);
            }
            long each = (threads.getCurrentThreadAllocatedBytes() - before) / ROUNDS;

            assertThat(first.size()).isGreaterThan(100);
            assertThat(each).isBetween(first.size() * (long) Double.BYTES, BUDGET);
        }

        @Test
        void sharesItsSeriesWithThePageBefore() {
            MetricPage first = Pages.read(reader, engine.next());
            MetricPage second = Pages.read(reader, engine.next());

            for (String name : VllmPage.WANTED) {
                List<Sample> before = first.samples(name);
                List<Sample> after = second.samples(name);
                assertThat(after).hasSameSizeAs(before);
                for (int i = 0; i < after.size(); i++) {
                    assertThat(after.get(i).series()).isSameAs(before.get(i).series());
                }
            }
        }
    }
}
