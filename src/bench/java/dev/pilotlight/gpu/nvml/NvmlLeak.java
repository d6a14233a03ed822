package dev.pilotlight.gpu.nvml;

import dev.pilotlight.gpu.readings.GpuClaim;
import dev.pilotlight.gpu.readings.GpuReading;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * Reads 8 GPUs, one of them in two partitions, 100,000 times and prints resident memory and the thread's processor time on the way: the memory
 * is to stay flat once the compiler is done.
 */
public final class NvmlLeak {
    private NvmlLeak() {}

    public static void main(String... args) throws IOException {
        int reads = args.length > 0 ? Integer.parseInt(args[0]) : 100_000;
        FakeNvml nvml = FakeNvml.current("leak-bench").orElseThrow(() -> new IllegalStateException("gcc is not here"));
        nvml.play(Scenes.partitionedA100() + NvmlBench.scene(7));
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        try (NvmlProbe probe =
                new NvmlProbe(Optional.of(nvml.path()), GpuClaim.of(List.of(GpuClaim.VISIBLE), Optional.empty()))) {
            long before = threads.getCurrentThreadCpuTime();
            for (int i = 1; i <= reads; i++) {
                if (!(probe.read(Instant.EPOCH) instanceof GpuReading.Devices)) {
                    throw new AssertionError("the fake library was not read");
                }
                if (i % (reads / 10) == 0) {
                    long now = threads.getCurrentThreadCpuTime();
                    System.out.printf(
                            "%7d reads: resident %d KiB, %.1f us of CPU a read, %d open%n",
                            i, residentKib(), (now - before) / 1e3 / (reads / 10), nvml.open());
                    before = now;
                }
            }
        }
    }

    private static long residentKib() throws IOException {
        return Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(line -> line.startsWith("VmRSS:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                .findFirst()
                .orElseThrow();
    }
}
