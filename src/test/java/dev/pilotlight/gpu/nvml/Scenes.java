package dev.pilotlight.gpu.nvml;

import dev.pilotlight.gpu.faults.GpuFault;
import dev.pilotlight.gpu.faults.GpuJudgement;
import dev.pilotlight.gpu.faults.GpuMemory;
import dev.pilotlight.gpu.faults.GpuPolicy;
import dev.pilotlight.gpu.readings.Device;
import dev.pilotlight.gpu.readings.Gauges;
import dev.pilotlight.gpu.readings.GpuReading;
import dev.pilotlight.gpu.readings.MemoryHealth;
import dev.pilotlight.gpu.readings.Scope;
import dev.pilotlight.gpu.readings.Throttle;
import dev.pilotlight.gpu.readings.Xids;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;

/** Scenes for the fake library, and the devices that a reader must make of them. */
public final class Scenes {
    public static final Instant NOON = Instant.parse("2026-11-24T12:00:00Z");
    public static final String FIRST = "GPU-7a2e92f2-be71-d37e-a744-541600ffc722";
    public static final String SECOND = "GPU-5f587dd4-6505-0873-c6db-8324dbfe5ba9";
    public static final String ONE_G = "MIG-11111111-6505-0873-c6db-8324dbfe5ba9";
    public static final String TWO_G = "MIG-22222222-6505-0873-c6db-8324dbfe5ba9";

    static final Scope ONLY_ONE = new Scope.Ours("it is the only one visible");
    static final String ORIGIN = "NVML of driver 570.86.15";

    private static final long GIB = 1L << 30;

    private Scenes() {}

    /** A sound H100 at work, and what is added to it. */
    public static String h100(String uuid, String... more) {
        return """
                gpu
                  uuid %s
                  name NVIDIA H100 80GB HBM3
                  utilization 97
                  memory_used 77309411328
                  memory_total 85899345920
                  memory_reserved 536870912
                  temperature 61
                  milliwatts 612345
                  reasons 4
                  ecc_volatile 0
                  ecc_aggregate 2
                  remapped 1
                  remap_pending 0
                  remap_failed 0
                """.formatted(uuid) + String.join("\n", more) + "\n";
    }

    /** An idle T4: no row remapping, no MIG, pages retired instead. */
    static String t4(String uuid) {
        return """
                gpu
                  uuid %s
                  name Tesla T4
                  utilization 0
                  memory_used 0
                  memory_total 16106127360
                  temperature 33
                  milliwatts 9000
                  reasons 1
                  ecc_volatile 0
                  ecc_aggregate 0
                  retired_single 2
                  retired_double 1
                """.formatted(uuid);
    }

    /** An A100 in two parts, each with errors of its own. */
    static String partitionedA100(String... more) {
        return """
                gpu
                  uuid %s
                  name NVIDIA A100-SXM4-40GB
                  temperature 37
                  milliwatts 116043
                  reasons 0
                  ecc_volatile 5
                  ecc_aggregate 5
                """.formatted(FIRST) + String.join("\n", more) + """

                  mig
                    uuid %s
                    name NVIDIA A100-SXM4-40GB MIG 1g.5gb
                    memory_used 1073741824
                    memory_total 5368709120
                    gi 7
                    ci 0
                    ecc_volatile 0
                  mig
                    uuid %s
                    name NVIDIA A100-SXM4-40GB MIG 2g.10gb
                    memory_used 2147483648
                    memory_total 10737418240
                    gi 5
                    ci 0
                    ecc_volatile 5
                """.formatted(ONE_G, TWO_G);
    }

    public static Device readH100(int index, String uuid) {
        return readH100(index, uuid, Map.of());
    }

    public static Device readH100(int index, String uuid, Map<Integer, Long> xids) {
        return new Device(
                index,
                uuid,
                "NVIDIA H100 80GB HBM3",
                new Device.Whole(),
                new Device.Working(),
                new Gauges(
                        OptionalDouble.of(0.97),
                        OptionalLong.of(72 * GIB),
                        OptionalLong.of(80 * GIB),
                        OptionalDouble.of(61),
                        OptionalDouble.of(612.345),
                        Optional.of(Set.of(Throttle.SW_POWER_CAP))),
                new MemoryHealth(
                        OptionalLong.of(0),
                        OptionalLong.of(2),
                        OptionalLong.empty(),
                        OptionalLong.of(1),
                        Optional.of(false),
                        Optional.of(false)),
                new Xids.Counted(xids));
    }

    public static Device readT4(int index, String uuid) {
        return new Device(
                index,
                uuid,
                "Tesla T4",
                new Device.Whole(),
                new Device.Working(),
                new Gauges(
                        OptionalDouble.of(0),
                        OptionalLong.of(0),
                        OptionalLong.of(15 * GIB),
                        OptionalDouble.of(33),
                        OptionalDouble.of(9),
                        Optional.of(Set.of())),
                new MemoryHealth(
                        OptionalLong.of(0),
                        OptionalLong.of(0),
                        OptionalLong.of(3),
                        OptionalLong.empty(),
                        Optional.empty(),
                        Optional.empty()),
                new Xids.Counted(Map.of()));
    }

    public static Device readA100() {
        return new Device(
                0,
                FIRST,
                "NVIDIA A100-SXM4-40GB",
                new Device.MigParent(),
                new Device.Working(),
                new Gauges(
                        OptionalDouble.empty(),
                        OptionalLong.empty(),
                        OptionalLong.empty(),
                        OptionalDouble.of(37),
                        OptionalDouble.of(116.043),
                        Optional.of(Set.of())),
                new MemoryHealth(
                        OptionalLong.of(5),
                        OptionalLong.of(5),
                        OptionalLong.empty(),
                        OptionalLong.empty(),
                        Optional.empty(),
                        Optional.empty()),
                new Xids.Counted(Map.of()));
    }

    public static Device readPart(String uuid, String profile, int gpuInstance, long usedGib, long totalGib, long ecc) {
        return readPart(uuid, profile, gpuInstance, usedGib, totalGib, ecc, Map.of());
    }

    public static Device readPart(
            String uuid,
            String profile,
            int gpuInstance,
            long usedGib,
            long totalGib,
            long ecc,
            Map<Integer, Long> xids) {
        return new Device(
                0,
                uuid,
                "NVIDIA A100-SXM4-40GB MIG " + profile,
                new Device.MigInstance(FIRST, OptionalInt.of(gpuInstance), OptionalInt.of(0), Optional.of(profile)),
                new Device.Working(),
                new Gauges(
                        OptionalDouble.empty(),
                        OptionalLong.of(usedGib * GIB),
                        OptionalLong.of(totalGib * GIB),
                        OptionalDouble.empty(),
                        OptionalDouble.empty(),
                        Optional.empty()),
                new MemoryHealth(
                        OptionalLong.of(ecc),
                        OptionalLong.empty(),
                        OptionalLong.empty(),
                        OptionalLong.empty(),
                        Optional.empty(),
                        Optional.empty()),
                new Xids.Counted(xids));
    }

    /** A device of which nothing is known but its state. */
    public static Device silent(int index, String uuid, String name, Device.State state) {
        return new Device(
                index,
                uuid,
                name,
                new Device.Whole(),
                state,
                Gauges.UNKNOWN,
                MemoryHealth.UNKNOWN,
                new Xids.Unknown("the GPU does not answer"));
    }

    /** A reading of the only GPU visible. */
    static GpuReading.Devices ours(Device... devices) {
        return new GpuReading.Devices(NOON, GpuReading.Source.NVML, ONLY_ONE, ORIGIN, List.of(devices));
    }

    /** The faults that stand after the last of these readings. */
    static List<GpuFault> faults(GpuReading... readings) {
        GpuMemory memory = GpuMemory.EMPTY;
        for (GpuReading reading : readings) {
            memory = GpuJudgement.advance(memory, reading, GpuPolicy.DEFAULT).memory();
        }
        return memory.faults();
    }

    /** Reads until as many XIDs are there; the watch counts them on its own thread. */
    static GpuReading.Devices untilXids(NvmlProbe probe, long wanted) {
        for (int i = 0; i < 500; i++) {
            GpuReading.Devices reading = (GpuReading.Devices) probe.read(NOON);
            if (xids(reading) >= wanted) {
                return reading;
            }
            LockSupport.parkNanos(10_000_000);
        }
        throw new AssertionError("the XIDs did not come within 5 s");
    }

    private static long xids(GpuReading.Devices reading) {
        return reading.devices().stream()
                .map(Device::xids)
                .mapToLong(xids -> xids instanceof Xids.Counted(Map<Integer, Long> byXid)
                        ? byXid.values().stream().mapToLong(Long::longValue).sum()
                        : 0)
                .sum();
    }
}
