package dev.pilotlight.gpu.readings;

import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * One GPU or MIG device as last seen; what the source did not tell is empty, never 0.
 *
 * @param index the source's number of the GPU (of the parent, for a MIG device); it may change over a reboot
 * @param uuid as the source spells it; empty when the GPU was never reachable
 */
public record Device(
        int index, String uuid, String name, Kind kind, State state, Gauges gauges, MemoryHealth memory, Xids xids) {
    public Device {
        Objects.requireNonNull(uuid);
        Objects.requireNonNull(name);
        Objects.requireNonNull(kind);
        Objects.requireNonNull(state);
        Objects.requireNonNull(gauges);
        Objects.requireNonNull(memory);
        Objects.requireNonNull(xids);
    }

    /** What tells this device from every other of the same source, also where MIG instances share a UUID. */
    public String key() {
        String base = uuid.isEmpty() ? "#" + index : uuid;
        return switch (kind) {
            case Whole _, MigParent _ -> base;
            case MigInstance mig
            when mig.gpuInstance().isPresent() && uuid.equals(mig.parentUuid()) ->
                base + "/" + mig.gpuInstance().getAsInt();
            case MigInstance _ -> base;
        };
    }

    /** How people are told which device is meant. */
    public String label() {
        return switch (kind) {
            case Whole _, MigParent _ -> gpu(uuid);
            case MigInstance mig ->
                "MIG device"
                        + mig.profile().map(profile -> " " + profile).orElse("")
                        + (uuid.equals(mig.parentUuid()) ? "" : " (" + uuid + ")")
                        + (mig.gpuInstance().isEmpty()
                                ? ""
                                : ", GPU instance " + mig.gpuInstance().getAsInt() + ",")
                        + " of " + gpu(mig.parentUuid());
        };
    }

    private String gpu(String gpuUuid) {
        return "GPU " + index + (gpuUuid.isEmpty() ? "" : " (" + gpuUuid + ")");
    }

    /** What kind of thing a {@link Device} is. */
    public sealed interface Kind {}

    /** A GPU that is not partitioned. */
    public record Whole() implements Kind {
        public static final Whole WHOLE = new Whole();
    }

    /** A partitioned GPU; its MIG devices are listed beside it, and may be other pods'. */
    public record MigParent() implements Kind {
        public static final MigParent PARENT = new MigParent();
    }

    /** A partition of a GPU. */
    public record MigInstance(
            String parentUuid, OptionalInt gpuInstance, OptionalInt computeInstance, Optional<String> profile)
            implements Kind {}

    /** Whether the device answers. */
    public sealed interface State {}

    /** Answers. */
    public record Working() implements State {
        public static final Working WORKING = new Working();
    }

    /** Fallen off the bus, or no longer listed. */
    public record Lost(String why) implements State {}

    /** The driver wants the GPU reset before it works again. */
    public record ResetRequired(String why) implements State {}

    /** There, but not to be read: no permission, or an error that says nothing about the GPU's health. */
    public record Unreadable(String why) implements State {}
}
