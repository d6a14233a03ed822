package dev.pilotlight.prometheus;

import java.lang.management.ManagementFactory;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What a page of a real vLLM's shape costs to read, beside the least that touching its bytes can cost. {@code -prof gc}
 * adds the bytes allocated per page. {@code gigabytes} is GB (10⁹ bytes) per second, {@code cpuSeconds} the share of a
 * core that the run was given: 1 on a quiet machine, and elsewhere the first over the second is the speed.
 */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(2)
@State(Scope.Benchmark)
public class PageReadingBench {
    private static final int PAGES = 64;
    private static final int CHUNK = 8 << 10;

    private final byte[][] pages = new byte[PAGES][];
    private final PrometheusText reader = new PrometheusText(Wanted.of(VllmPage.WANTED), Limits.DEFAULT);
    private int turn;

    public PageReadingBench() {
        // Many pages of other values: a reader of one page over and over would have its branches learnt by heart.
        VllmPage writer = new VllmPage("meta-llama/Llama-3.1-8B-Instruct", 1);
        for (int i = 0; i < PAGES; i++) {
            pages[i] = writer.next();
        }
    }

    /** Counts the bytes read and the processor time that it took. */
    @AuxCounters(AuxCounters.Type.OPERATIONS)
    @State(Scope.Thread)
    public static class Volume {
        public double gigabytes;
        private long start;

        @Setup(Level.Iteration)
        public void start() {
            start = processorNanos();
        }

        public double cpuSeconds() {
            return (processorNanos() - start) * 1e-9;
        }

        private static long processorNanos() {
            return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
        }

        void add(byte[] page) {
            gigabytes += page.length * 1e-9;
        }
    }

    /** The whole page at once. */
    @Benchmark
    public PageReading whole(Volume volume) {
        byte[] page = page();
        volume.add(page);
        return reader.read(page);
    }

    /** The page as an HTTP client hands it over. */
    @Benchmark
    public PageReading inChunks(Volume volume) {
        byte[] page = page();
        volume.add(page);
        reader.begin();
        for (int at = 0; at < page.length; at += CHUNK) {
            reader.feed(page, at, Math.min(CHUNK, page.length - at));
        }
        return reader.end();
    }

    /** The first page that a reader ever sees: every series is new to it. */
    @Benchmark
    public PageReading neverSeen(Volume volume) {
        byte[] page = page();
        volume.add(page);
        return new PrometheusText(Wanted.of(VllmPage.WANTED), Limits.DEFAULT).read(page);
    }

    /** Baseline: the newlines, counted byte by byte. */
    @Benchmark
    public int newlinesByteByByte(Volume volume) {
        byte[] page = page();
        volume.add(page);
        int lines = 0;
        for (byte b : page) {
            lines += b == '\n' ? 1 : 0;
        }
        return lines;
    }

    /** Baseline: the newlines, found one after the other as the reader finds them. */
    @Benchmark
    public int newlinesBySwar(Volume volume) {
        byte[] page = page();
        volume.add(page);
        int lines = 0;
        for (int at = Swar.newline(page, 0, page.length); at >= 0; at = Swar.newline(page, at + 1, page.length)) {
            lines++;
        }
        return lines;
    }

    private byte[] page() {
        return pages[turn++ & PAGES - 1];
    }
}
