package dev.pilotlight.loop;

import dev.pilotlight.cluster.ClusterView;
import dev.pilotlight.drain.DrainPolicy;
import dev.pilotlight.engine.EngineReading;
import dev.pilotlight.engine.EngineReading.Pause;
import dev.pilotlight.engine.EngineSnapshot;
import dev.pilotlight.engine.HealthAnswer;
import dev.pilotlight.engine.Model;
import dev.pilotlight.engine.VllmMetrics;
import dev.pilotlight.engine.VllmPage;
import dev.pilotlight.gpu.faults.GpuPolicy;
import dev.pilotlight.gpu.readings.GpuReading;
import dev.pilotlight.lifecycle.LivenessPolicy;
import dev.pilotlight.lifecycle.Shape;
import dev.pilotlight.lifecycle.WarmUpPolicy;
import dev.pilotlight.pod.metadata.MetadataPolicy;
import dev.pilotlight.pool.role.RolePolicy;
import dev.pilotlight.prometheus.Limits;
import dev.pilotlight.prometheus.PageReading;
import dev.pilotlight.prometheus.PrometheusText;
import dev.pilotlight.prometheus.Wanted;
import dev.pilotlight.signal.OwnTraffic;
import dev.pilotlight.signal.SignalPolicy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** What one turn of the loop costs on a fresh reading of a loaded engine, and what it costs from the page's bytes on. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(2)
@State(Scope.Benchmark)
public class TickBench {
    private static final Policy POLICY = new Policy(
            new LivenessPolicy(
                    Duration.ofSeconds(10), Duration.ofSeconds(60), Duration.ofSeconds(60), Optional.empty()),
            new WarmUpPolicy(Shape.DEFAULT, 0.15, 8, Duration.ofMinutes(3), Duration.ofSeconds(2), false),
            new SignalPolicy(
                    0.7,
                    OptionalInt.of(64),
                    Optional.empty(),
                    Optional.empty(),
                    Duration.ofSeconds(60),
                    Optional.empty()),
            new DrainPolicy(Duration.ofSeconds(5)),
            GpuPolicy.DEFAULT,
            Duration.ofSeconds(10),
            Duration.ofSeconds(25),
            new RolePolicy.Observe(Duration.ofSeconds(60)),
            MetadataPolicy.DEFAULT);

    private final Tick tick = new Tick(POLICY);
    private final PrometheusText text = new PrometheusText(Wanted.of(VllmMetrics.wanted()), Limits.DEFAULT);
    private final byte[] page;
    private final EngineSnapshot snapshot;
    private Instant now = Instant.parse("2026-11-24T00:00:00Z");
    private final GpuReading noGpu = new GpuReading.Absent(now, "none");
    private Memory memory = Memory.begin(now);

    public TickBench() {
        try {
            page = Files.readAllBytes(Path.of("src/test/resources/captures/vllm-0.32.0-cpu/loaded.prom"));
        } catch (IOException missing) {
            throw new IllegalStateException("run from the root of the project", missing);
        }
        snapshot = read();
    }

    private EngineSnapshot read() {
        if (text.read(page) instanceof PageReading.Read(var samples)
                && VllmPage.read(samples) instanceof VllmPage.Found(EngineSnapshot found)) {
            return found;
        }
        throw new IllegalStateException("the capture can not be read");
    }

    @Benchmark
    public Turn turnOnANewReading() {
        return turn(snapshot);
    }

    @Benchmark
    public Turn pageToTurn() {
        return turn(read());
    }

    private Turn turn(EngineSnapshot read) {
        now = now.plusSeconds(1);
        EngineReading reading = new EngineReading.Answered(
                now,
                read,
                new HealthAnswer.Healthy(),
                Optional.of(new Model("tiny", OptionalInt.of(512))),
                "",
                OptionalDouble.empty(),
                Pause.UNKNOWN,
                "filtered");
        Turn turn = tick.advance(
                memory,
                new Observation(
                        new Polled<>(reading, Duration.ofMillis(2)),
                        new Polled<>(noGpu, Duration.ZERO),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        OwnTraffic.NONE,
                        Optional.empty(),
                        ClusterView.NONE),
                now);
        memory = turn.memory();
        return turn;
    }
}
