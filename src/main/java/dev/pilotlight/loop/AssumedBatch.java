package dev.pilotlight.loop;

import dev.pilotlight.gpu.readings.Device;
import dev.pilotlight.gpu.readings.GpuReading;
import java.util.Locale;

/**
 * The slot limit that vLLM takes where nobody set one. {@code EngineArgs} of 0.32 asks for the card: 1,024 with 70 GiB or more, but for the
 * A100, whose compute is no match for its memory; else 256.
 */
final class AssumedBatch {
    private static final int USUAL = 256;
    private static final int LARGE = 1024;
    private static final long LARGE_BYTES = 70L << 30;

    private AssumedBatch() {}

    static int of(GpuReading gpus) {
        return gpus instanceof GpuReading.Devices seen
                        && !seen.devices().isEmpty()
                        && seen.devices().stream().allMatch(AssumedBatch::isLarge)
                ? LARGE
                : USUAL;
    }

    private static boolean isLarge(Device device) {
        return device.gauges().memoryTotalBytes().orElse(0) >= LARGE_BYTES
                && !device.name().toLowerCase(Locale.ROOT).contains("a100");
    }
}
