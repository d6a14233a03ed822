package dev.pilotlight.gpu.nvml;

import dev.pilotlight.gpu.readings.Device;
import dev.pilotlight.gpu.readings.GpuClaim;
import dev.pilotlight.gpu.readings.GpuReading;
import java.io.PrintStream;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/**
 * Prints what NVML says of every GPU, once a second, one value a line, to be compared with {@code nvidia-smi}; needs
 * only a JDK and the classes of this package ({@code scripts/gpu-check.sh}).
 */
public final class NvmlReport {
    private NvmlReport() {}

    /** {@code NvmlReport [times [library]]}. */
    public static void main(String... args) throws InterruptedException {
        int times = args.length > 0 ? Integer.parseInt(args[0]) : 1;
        Optional<String> library = args.length > 1 ? Optional.of(args[1]) : Optional.empty();
        try (NvmlProbe probe = new NvmlProbe(
                library, GpuClaim.of(List.of(), Optional.ofNullable(System.getenv("NVIDIA_VISIBLE_DEVICES"))))) {
            for (int i = 0; i < times; i++) {
                if (i > 0) {
                    Thread.sleep(1000);
                }
                long before = System.nanoTime();
                GpuReading reading = probe.read(Instant.now());
                long micros = (System.nanoTime() - before) / 1000;
                print(reading, micros, System.out);
            }
        }
    }

    static void print(GpuReading reading, long micros, PrintStream out) {
        out.println("reading at " + reading.at() + " took " + micros + " us");
        switch (reading) {
            case GpuReading.Absent absent -> out.println("absent: " + absent.why());
            case GpuReading.Failed failed -> out.println("failed: " + failed.why());
            case GpuReading.Devices devices -> {
                out.println("source " + devices.source() + ": " + devices.why());
                out.println("scope " + devices.scope());
                devices.devices().forEach(device -> print(device, out));
            }
        }
    }

    private static void print(Device device, PrintStream out) {
        out.println(device.label());
        line(out, "name", device.name());
        line(out, "kind", device.kind());
        line(out, "state", device.state());
        line(out, "utilization %", value(device.gauges().utilizationRatio(), 100));
        line(out, "memory used MiB", mebibytes(device.gauges().memoryUsedBytes()));
        line(out, "memory total MiB", mebibytes(device.gauges().memoryTotalBytes()));
        line(out, "temperature C", value(device.gauges().temperatureCelsius(), 1));
        line(out, "power W", value(device.gauges().powerWatts(), 1));
        line(out, "throttles", device.gauges().throttles().map(Object::toString).orElse("unknown"));
        line(out, "ecc uncorrected volatile", value(device.memory().eccUncorrectedVolatile()));
        line(out, "ecc uncorrected aggregate", value(device.memory().eccUncorrectedAggregate()));
        line(out, "retired pages", value(device.memory().retiredPages()));
        line(out, "remapped rows", value(device.memory().remappedRows()));
        line(
                out,
                "remap pending",
                device.memory().remapPending().map(Object::toString).orElse("unknown"));
        line(
                out,
                "remap failed",
                device.memory().remapFailed().map(Object::toString).orElse("unknown"));
        line(out, "xids", device.xids());
    }

    private static void line(PrintStream out, String what, Object value) {
        out.printf("  %-26s %s%n", what, value);
    }

    private static String value(OptionalDouble value, double times) {
        return value.isPresent() ? String.format("%.2f", value.getAsDouble() * times) : "unknown";
    }

    private static String value(OptionalLong value) {
        return value.isPresent() ? Long.toString(value.getAsLong()) : "unknown";
    }

    private static String mebibytes(OptionalLong bytes) {
        return bytes.isPresent() ? Long.toString(bytes.getAsLong() >> 20) : "unknown";
    }
}
