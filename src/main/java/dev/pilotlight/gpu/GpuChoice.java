package dev.pilotlight.gpu;

import dev.pilotlight.gpu.readings.GpuReading;
import dev.pilotlight.gpu.readings.Scope;
import java.util.Optional;

/**
 * Which source to read, and why.
 *
 * @param source empty: none
 * @param settled whether this is for good, or to be asked again because it may pass
 */
record GpuChoice(Optional<GpuReading.Source> source, boolean settled, String why) {
    /**
     * Chooses by what each source said when asked.
     *
     * @param nvml empty where it was not asked
     * @param dcgm empty where it was not asked, or there is no URL to ask
     */
    static GpuChoice of(GpuSettings.Source wanted, Optional<GpuReading> nvml, Optional<GpuReading> dcgm) {
        return switch (wanted) {
            case NONE -> new GpuChoice(Optional.empty(), true, "pilotlight.gpu.source is none");
            case NVML -> named(GpuReading.Source.NVML, "nvml");
            case DCGM -> named(GpuReading.Source.DCGM, "dcgm");
            case AUTO -> auto(nvml, dcgm);
        };
    }

    private static GpuChoice named(GpuReading.Source source, String setting) {
        return new GpuChoice(Optional.of(source), true, "pilotlight.gpu.source is " + setting);
    }

    private static GpuChoice auto(Optional<GpuReading> nvml, Optional<GpuReading> dcgm) {
        if (isOurs(nvml)) {
            return new GpuChoice(Optional.of(GpuReading.Source.NVML), true, lookedAt(nvml, "NVML"));
        }
        String why = lookedAt(nvml, "NVML") + "; " + lookedAt(dcgm, "DCGM");
        if (isOurs(dcgm)) {
            return new GpuChoice(Optional.of(GpuReading.Source.DCGM), true, why);
        }
        // Nothing that is known to be ours. Take what shows most, and go on asking.
        if (shows(nvml)) {
            return new GpuChoice(Optional.of(GpuReading.Source.NVML), false, why);
        }
        if (shows(dcgm)) {
            return new GpuChoice(Optional.of(GpuReading.Source.DCGM), false, why);
        }
        return new GpuChoice(Optional.empty(), !mayPass(nvml) && !mayPass(dcgm), why);
    }

    static boolean isOurs(Optional<GpuReading> reading) {
        return reading.isPresent()
                && reading.get() instanceof GpuReading.Devices devices
                && devices.scope() instanceof Scope.Ours;
    }

    private static boolean shows(Optional<GpuReading> reading) {
        return reading.isPresent() && reading.get() instanceof GpuReading.Devices;
    }

    private static boolean mayPass(Optional<GpuReading> reading) {
        return reading.isPresent() && reading.get() instanceof GpuReading.Failed;
    }

    private static String lookedAt(Optional<GpuReading> reading, String source) {
        return reading.map(read -> switch (read) {
                    case GpuReading.Absent absent -> absent.why();
                    case GpuReading.Failed failed -> failed.why();
                    case GpuReading.Devices devices ->
                        switch (devices.scope()) {
                            case Scope.Ours ours -> devices.why() + " shows this pod's GPUs (" + ours.why() + ")";
                            case Scope.Unscoped unscoped -> devices.why() + ": " + unscoped.why();
                        };
                })
                .orElse(source + " is not asked"
                        + ("DCGM".equals(source) ? ": neither pilotlight.gpu.dcgm-url nor HOST_IP is set" : ""));
    }
}
