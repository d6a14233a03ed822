package dev.pilotlight.gpu;

import dev.pilotlight.gpu.dcgm.DcgmProbe;
import dev.pilotlight.gpu.dcgm.PageSource;
import dev.pilotlight.gpu.dcgm.PodIdentity;
import dev.pilotlight.gpu.nvml.NvmlProbe;
import dev.pilotlight.gpu.readings.GpuClaim;
import dev.pilotlight.gpu.readings.GpuProbe;
import dev.pilotlight.gpu.readings.GpuReading;
import dev.pilotlight.gpu.readings.GuardedProbe;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Supplier;

/** Chooses a source and reads it: once where the choice is good, again now and then while it only may pass. */
public final class AutoProbe implements GpuProbe {
    /** A poll asks one source; the other is looked at this often, since its timeout is a poll's. */
    static final Duration ASK_AGAIN_AFTER = Duration.ofSeconds(30);

    private final GpuSettings.Source wanted;
    private final GpuProbe nvml;
    private final Optional<GpuProbe> dcgm;

    private Optional<GpuChoice> choice = Optional.empty();
    private Instant askAgainAt = Instant.MIN;

    AutoProbe(GpuSettings.Source wanted, GpuProbe nvml, Optional<GpuProbe> dcgm) {
        this.wanted = wanted;
        this.nvml = nvml;
        this.dcgm = dcgm;
    }

    /**
     * The probe that the settings ask for.
     *
     * @param nvidiaVisibleDevices the variable of that name
     * @param pod this pod, where it is known
     * @param pages fetches {@link GpuSettings#dcgmUrl}; asked only where that is present
     * @param againstNvml why NVML is not to be loaded; asked once, on the thread that reads
     */
    public static AutoProbe of(
            GpuSettings settings,
            Optional<String> nvidiaVisibleDevices,
            Optional<PodIdentity> pod,
            PageSource pages,
            Supplier<Optional<String>> againstNvml) {
        GpuClaim claim = GpuClaim.of(settings.uuids(), nvidiaVisibleDevices);
        Optional<URI> url = settings.dcgmUrl();
        return new AutoProbe(
                settings.source(),
                new GuardedProbe(new NvmlProbe(settings.nvmlLibrary(), claim), againstNvml),
                url.map(at -> new DcgmProbe(at, pages, pod, claim)));
    }

    @Override
    public GpuReading read(Instant now) {
        if (choice.isEmpty() || (!choice.get().settled() && !now.isBefore(askAgainAt))) {
            return choose(now);
        }
        GpuChoice made = choice.get();
        return told(made, made.source().flatMap(source -> ask(source, now)), now);
    }

    private GpuReading choose(Instant now) {
        boolean auto = wanted == GpuSettings.Source.AUTO;
        Optional<GpuReading> fromNvml =
                auto || wanted == GpuSettings.Source.NVML ? ask(GpuReading.Source.NVML, now) : Optional.empty();
        Optional<GpuReading> fromDcgm = wanted == GpuSettings.Source.DCGM || (auto && !GpuChoice.isOurs(fromNvml))
                ? ask(GpuReading.Source.DCGM, now)
                : Optional.empty();
        GpuChoice made = GpuChoice.of(wanted, fromNvml, fromDcgm);
        choice = Optional.of(made);
        askAgainAt = now.plus(ASK_AGAIN_AFTER);
        if (made.settled() && !made.source().equals(Optional.of(GpuReading.Source.NVML))) {
            // An open session would keep the driver from being unloaded.
            nvml.close();
        }
        Optional<GpuReading> taken = made.source().flatMap(source -> switch (source) {
            case NVML -> fromNvml;
            case DCGM -> fromDcgm;
        });
        return told(made, taken, now);
    }

    private Optional<GpuReading> ask(GpuReading.Source source, Instant now) {
        return switch (source) {
            case NVML -> Optional.of(nvml.read(now));
            case DCGM -> dcgm.map(probe -> probe.read(now));
        };
    }

    private GpuReading told(GpuChoice made, Optional<GpuReading> taken, Instant now) {
        if (taken.isEmpty()) {
            return made.settled() ? new GpuReading.Absent(now, made.why()) : new GpuReading.Failed(now, made.why());
        }
        return switch (taken.get()) {
            case GpuReading.Absent absent -> absent;
            case GpuReading.Failed failed -> failed;
            case GpuReading.Devices devices
            when wanted == GpuSettings.Source.AUTO ->
                new GpuReading.Devices(devices.at(), devices.source(), devices.scope(), made.why(), devices.devices());
            case GpuReading.Devices devices -> devices;
        };
    }

    @Override
    public void close() {
        nvml.close();
        dcgm.ifPresent(GpuProbe::close);
    }
}
