package dev.pilotlight.gpu.nvml;

import dev.pilotlight.gpu.readings.Device;
import dev.pilotlight.gpu.readings.GpuClaim;
import dev.pilotlight.gpu.readings.GpuProbe;
import dev.pilotlight.gpu.readings.GpuReading;
import dev.pilotlight.gpu.readings.Scope;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Reads the GPUs by NVML; to be read by one thread at a time. */
public final class NvmlProbe implements GpuProbe {
    /** Handles of a GPU that failed stay dead after it was reset: from time to time they are got again. */
    static final Duration AGAIN_AFTER = Duration.ofSeconds(30);

    private final List<String> libraries;
    private final GpuClaim claim;
    private final Duration xidWait;
    private final XidCounts counts = new XidCounts();

    /** Every GPU seen working, by UUID: one that is gone later was lost, not never there. */
    private final Map<String, Device> seen = new LinkedHashMap<>();

    private Optional<Nvml.Loading> loading = Optional.empty();
    private Optional<NvmlSession> session = Optional.empty();
    private String origin = "";
    private Instant againAt = Instant.MAX;

    /**
     * @param library the name or path to load instead of the usual places
     * @param claim what is known of whose GPUs they are
     */
    public NvmlProbe(Optional<String> library, GpuClaim claim) {
        this(library.map(List::of).orElse(Nvml.LIBRARIES), claim, XidWatch.WAIT);
    }

    NvmlProbe(List<String> libraries, GpuClaim claim, Duration xidWait) {
        this.libraries = libraries;
        this.claim = claim;
        this.xidWait = xidWait;
    }

    @Override
    public GpuReading read(Instant now) {
        if (loading.isEmpty()) {
            loading = Optional.of(Nvml.load(libraries));
        }
        return switch (loading.get()) {
            case Nvml.Loading.Missing(String why) -> new GpuReading.Absent(now, why);
            case Nvml.Loading.Loaded(Nvml nvml) -> {
                try (NvmlFrame frame = new NvmlFrame()) {
                    yield read(nvml, frame, now);
                }
            }
        };
    }

    private GpuReading read(Nvml nvml, NvmlFrame frame, Instant now) {
        if (session.isPresent() && (!now.isBefore(againAt) || !session.get().fits(frame))) {
            close();
        }
        if (session.isEmpty()) {
            switch (NvmlSession.open(nvml, counts, xidWait, frame)) {
                case NvmlSession.Opening.Opened(NvmlSession opened) -> {
                    session = Optional.of(opened);
                    origin = "NVML of driver " + opened.driverVersion();
                }
                case NvmlSession.Opening.Refused(int code, String function) -> {
                    return refused(nvml, code, function, now);
                }
            }
        }
        List<Device> devices = withLost(session.get().read(frame), now);
        if (devices.isEmpty()) {
            return new GpuReading.Failed(
                    now, origin + " shows no GPU here; give the sidecar access to the GPU (docs/gpu.md)");
        }
        return switch (claim.on(devices)) {
            case GpuClaim.Outcome.NotThere(String why) -> new GpuReading.Failed(now, why);
            case GpuClaim.Outcome.Shown(Scope scope, List<Device> shown) ->
                new GpuReading.Devices(now, GpuReading.Source.NVML, scope, origin, shown);
        };
    }

    private static GpuReading refused(Nvml nvml, int code, String function, Instant now) {
        if (code == NvmlReturn.FUNCTION_NOT_FOUND) {
            return new GpuReading.Absent(
                    now, nvml.library() + " has no " + function + ": it is not NVIDIA's library, or one far too old");
        }
        return new GpuReading.Failed(now, function + " answers " + NvmlReturn.says(code) + ": " + NvmlReturn.fix(code));
    }

    /** Adds the GPUs seen before that NVML no longer tells of, and gives a lost one the name that it had. */
    private List<Device> withLost(List<Device> devices, Instant now) {
        boolean sound = true;
        for (Device device : devices) {
            if (device.state() instanceof Device.Working && !device.uuid().isEmpty()) {
                seen.put(device.uuid(), device);
            } else {
                sound = false;
            }
        }
        if (sound && seen.size() == devices.size()) {
            againAt = Instant.MAX;
            return devices;
        }
        List<Device> all = LostDevices.in(devices, seen);
        if (all.stream().noneMatch(NvmlProbe::failing)) {
            againAt = Instant.MAX;
        } else if (againAt.equals(Instant.MAX)) {
            againAt = now.plus(AGAIN_AFTER);
        }
        return all;
    }

    private static boolean failing(Device device) {
        return switch (device.state()) {
            case Device.Lost _, Device.ResetRequired _ -> true;
            case Device.Unreadable _ -> !device.uuid().isEmpty();
            case Device.Working _ -> false;
        };
    }

    /** Ends the session with the driver; a later read opens a new one. */
    @Override
    public void close() {
        session.ifPresent(NvmlSession::close);
        session = Optional.empty();
        againAt = Instant.MAX;
    }
}
