package dev.pilotlight.gpu.readings;

import java.time.Instant;
import java.util.Optional;
import java.util.function.Supplier;

/** A source that is read unless there is a word against it, which is asked for once, before the first reading. */
public final class GuardedProbe implements GpuProbe {
    private final GpuProbe probe;
    private final Supplier<Optional<String>> against;
    private Optional<Optional<String>> verdict = Optional.empty();

    /** @param against why it is not to be read; may take some seconds to find out */
    public GuardedProbe(GpuProbe probe, Supplier<Optional<String>> against) {
        this.probe = probe;
        this.against = against;
    }

    @Override
    public GpuReading read(Instant now) {
        if (verdict.isEmpty()) {
            verdict = Optional.of(against.get());
        }
        return verdict.get()
                .<GpuReading>map(why -> new GpuReading.Absent(now, why))
                .orElseGet(() -> probe.read(now));
    }

    @Override
    public void close() {
        probe.close();
    }
}
