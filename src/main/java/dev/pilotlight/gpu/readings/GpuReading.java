package dev.pilotlight.gpu.readings;

import java.time.Instant;
import java.util.List;
import java.util.Objects;

/** What one look at the GPUs gave; failing to learn is one of the readings. */
public sealed interface GpuReading {
    /** When the look began. */
    Instant at();

    /** One sentence for people; the same from reading to reading until something changes, so it is logged on change. */
    String why();

    /** The devices, as told by {@code source}; only those of this pod where the scope is {@link Scope.Ours}. */
    record Devices(Instant at, Source source, Scope scope, String why, List<Device> devices) implements GpuReading {
        public Devices {
            Objects.requireNonNull(at);
            Objects.requireNonNull(source);
            Objects.requireNonNull(scope);
            Objects.requireNonNull(why);
            devices = List.copyOf(devices);
        }
    }

    /** There is nothing to read here, and asking again cannot change that. */
    record Absent(Instant at, String why) implements GpuReading {
        public Absent {
            Objects.requireNonNull(at);
            Objects.requireNonNull(why);
        }
    }

    /** Nothing was learned this time; it may pass. */
    record Failed(Instant at, String why) implements GpuReading {
        public Failed {
            Objects.requireNonNull(at);
            Objects.requireNonNull(why);
        }
    }

    /** Who told. */
    enum Source {
        NVML,
        DCGM
    }
}
