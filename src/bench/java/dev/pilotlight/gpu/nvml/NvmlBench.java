package dev.pilotlight.gpu.nvml;

import dev.pilotlight.gpu.readings.GpuClaim;
import dev.pilotlight.gpu.readings.GpuReading;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/**
 * What one read of the node's GPUs costs us, without the driver: the fake library answers at once. Held to under 200 µs
 * and 10 KB for 8 GPUs.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 2, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
public class NvmlBench {
    private static final Instant NOON = Instant.parse("2026-11-24T12:00:00Z");

    @Param({"1", "8"})
    int gpus;

    private NvmlProbe probe;

    @Setup(Level.Trial)
    public void open() {
        FakeNvml nvml = FakeNvml.current("bench").orElseThrow(() -> new IllegalStateException("gcc is not here"));
        nvml.play(scene(gpus));
        probe = new NvmlProbe(Optional.of(nvml.path()), GpuClaim.of(List.of(GpuClaim.VISIBLE), Optional.empty()));
    }

    static String scene(int gpus) {
        StringBuilder scene = new StringBuilder();
        for (int i = 0; i < gpus; i++) {
            scene.append(Scenes.h100("GPU-%08d-be71-d37e-a744-541600ffc722".formatted(i)));
        }
        return scene.toString();
    }

    @TearDown(Level.Trial)
    public void close() {
        probe.close();
    }

    @Benchmark
    public GpuReading read() {
        return probe.read(NOON);
    }

    public static void main(String... args) throws RunnerException {
        new Runner(new OptionsBuilder()
                        .include(NvmlBench.class.getSimpleName())
                        .addProfiler(GCProfiler.class)
                        .build())
                .run();
    }
}
