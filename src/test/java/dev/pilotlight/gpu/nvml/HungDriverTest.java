package dev.pilotlight.gpu.nvml;

import static dev.pilotlight.gpu.nvml.Scenes.FIRST;
import static dev.pilotlight.gpu.nvml.Scenes.h100;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pilotlight.gpu.faults.GpuJudgement;
import dev.pilotlight.gpu.faults.GpuMemory;
import dev.pilotlight.gpu.faults.GpuPolicy;
import dev.pilotlight.gpu.readings.GpuClaim;
import dev.pilotlight.gpu.readings.GpuReading;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

/** A call that never returns holds up its own thread and nothing else. */
class HungDriverTest {
    private static final Duration PERIOD = Duration.ofMillis(20);
    private static final int TURNS = 50;

    @Test
    void leavesTheLoopsPeriodAsItWasAndAgesTheReading() throws InterruptedException {
        // A library of its own: whatever goes wrong here, no other test waits for it.
        Optional<FakeNvml> built = FakeNvml.current("hanging");
        assumeTrue(built.isPresent(), "gcc is not here: the fake NVML library cannot be built");
        FakeNvml nvml = built.get();
        nvml.play(h100(FIRST));
        AtomicReference<GpuReading> latest = new AtomicReference<>();
        CountDownLatch hanging = new CountDownLatch(1);
        CountDownLatch done = new CountDownLatch(1);
        NvmlProbe probe = nvml.probe(new GpuClaim.Nothing());
        Thread poller = Thread.ofPlatform().daemon().name("gpu-poller").start(() -> {
            latest.set(probe.read(Instant.now()));
            nvml.play("hang 1\n" + h100(FIRST));
            hanging.countDown();
            latest.set(probe.read(Instant.now()));
            done.countDown();
        });
        hanging.await();

        List<Duration> ages = new ArrayList<>();
        List<Duration> turns = new ArrayList<>();
        long before = System.nanoTime();
        for (int turn = 0; turn < TURNS; turn++) {
            LockSupport.parkNanos(PERIOD.toNanos());
            // What a turn of the loop does with the GPU: it looks at the newest reading and weighs it.
            GpuReading reading = latest.get();
            GpuJudgement.advance(GpuMemory.EMPTY, reading, GpuPolicy.DEFAULT);
            ages.add(Duration.between(reading.at(), Instant.now()));
            long now = System.nanoTime();
            turns.add(Duration.ofNanos(now - before));
            before = now;
        }

        assertThat(poller.isAlive()).isTrue();
        assertThat(done.getCount()).isEqualTo(1);
        assertThat(ages).isSorted();
        assertThat(ages.getLast()).isGreaterThan(PERIOD.multipliedBy(TURNS - 1));
        // The median, because a busy machine delays a turn now and then and the driver has no part in that.
        assertThat(turns.stream().sorted().toList().get(TURNS / 2)).isBetween(PERIOD, PERIOD.multipliedBy(2));

        nvml.play(h100(FIRST));
        assertThat(done.await(10, TimeUnit.SECONDS)).isTrue();
        probe.close();
        assertThat(nvml.open()).isZero();
    }
}
