package dev.pilotlight.gpu.readings;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/** What is known beforehand of which GPUs are this pod's; {@code by} names the setting or variable that says so. */
public sealed interface GpuClaim {
    /** The word for {@code pilotlight.gpu.uuids} that says: what the sidecar sees is what the pod has. */
    String VISIBLE = "visible";

    String BY_SETTING = "pilotlight.gpu.uuids";
    String BY_RUNTIME = "NVIDIA_VISIBLE_DEVICES";

    /** As {@code nvidia-smi -L} prints them; {@code MIG-GPU-…/1/0} is the form of drivers before 470. */
    Pattern UUID = Pattern.compile(
            "((GPU|MIG)-HEX)|(MIG-GPU-HEX/\\d+/\\d+)".replace("HEX", "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
            Pattern.CASE_INSENSITIVE);

    /** These and no others; {@code binding} when a missing one is a mistake to be told. */
    record Named(Set<String> uuids, String by, boolean binding) implements GpuClaim {
        public Named {
            TreeSet<String> anyCase = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
            anyCase.addAll(uuids);
            uuids = Collections.unmodifiableSet(anyCase);
        }
    }

    /** All that are visible. */
    record AllVisible(String by) implements GpuClaim {}

    /** All that are visible, if they are this many: the runtime was given indices, which mean nothing in here. */
    record Counted(int devices, String by) implements GpuClaim {}

    /** Nothing is known. */
    record Nothing() implements GpuClaim {}

    /** The setting decides; else the container runtime's variable, where it names GPUs rather than all or none. */
    static GpuClaim of(List<String> configured, Optional<String> nvidiaVisibleDevices) {
        if (configured.size() == 1 && configured.getFirst().equalsIgnoreCase(VISIBLE)) {
            return new AllVisible(BY_SETTING);
        }
        if (!configured.isEmpty()) {
            return new Named(Set.copyOf(configured), BY_SETTING, true);
        }
        Set<String> given = new TreeSet<>();
        for (String part : nvidiaVisibleDevices.orElse("").split(",")) {
            if (!part.isBlank()) {
                given.add(part.strip());
            }
        }
        if (given.isEmpty()) {
            return new Nothing();
        }
        if (given.stream().allMatch(part -> UUID.matcher(part).matches())) {
            return new Named(given, BY_RUNTIME, false);
        }
        if (given.stream().allMatch(part -> part.matches("\\d{1,4}(:\\d{1,4})?"))) {
            return new Counted(given.size(), BY_RUNTIME);
        }
        // "all", "none" and "void" say nothing of whose they are.
        return new Nothing();
    }

    /** What a claim makes of the devices that are there. */
    sealed interface Outcome {
        /** To be shown, in this scope. */
        record Shown(Scope scope, List<Device> devices) implements Outcome {}

        /** What was named is not there. */
        record NotThere(String why) implements Outcome {}
    }

    /** Those of the devices that are ours; or all of them, unscoped. */
    default Outcome on(List<Device> devices) {
        List<Device> visible = devices.stream()
                .filter(device -> !(device.state() instanceof Device.Unreadable)
                        || !device.uuid().isEmpty())
                .toList();
        if (visible.isEmpty()) {
            return new Outcome.NotThere("none of the " + devices.size() + " GPUs here may be opened; give the sidecar"
                    + " access to this pod's (docs/gpu.md)");
        }
        // A partitioned GPU with one visible partition is one device, and so is the partition's own entry.
        long whole = visible.stream()
                .filter(device -> !(device.kind() instanceof Device.MigInstance))
                .count();
        long units = visible.stream()
                .filter(device -> !(device.kind() instanceof Device.MigParent))
                .count();
        Optional<String> ours =
                switch (this) {
                    case AllVisible all -> Optional.of(all.by() + " says that what is visible is this pod's");
                    case Counted counted ->
                        counted.devices() == units || counted.devices() == whole
                                ? Optional.of(counted.by() + " gives as many as are visible")
                                : Optional.empty();
                    case Named _, Nothing _ -> Optional.empty();
                };
        if (ours.isPresent()) {
            return new Outcome.Shown(new Scope.Ours(ours.get()), visible);
        }
        if (this instanceof Named named) {
            Set<String> missing = missing(named.uuids(), visible);
            if (missing.isEmpty()) {
                return new Outcome.Shown(new Scope.Ours(named.by() + " names them"), named(named.uuids(), visible));
            }
            if (named.binding()) {
                return new Outcome.NotThere(named.by() + " names " + String.join(", ", missing)
                        + ", which is not here; " + there(devices) + ": correct the setting");
            }
        }
        if (units == 1 || (units == 0 && whole == 1)) {
            return new Outcome.Shown(new Scope.Ours("it is the only one visible"), visible);
        }
        return new Outcome.Shown(
                new Scope.Unscoped(
                        units + " GPUs or MIG devices are visible and nothing says which are this pod's; set "
                                + BY_SETTING + " to their UUIDs, or to \"" + VISIBLE + "\" if all are"),
                devices);
    }

    private static Set<String> missing(Set<String> uuids, List<Device> visible) {
        Set<String> missing = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
        missing.addAll(uuids);
        for (Device device : visible) {
            missing.remove(device.uuid());
        }
        return missing;
    }

    /** The named ones, the partitions of a named GPU, and the GPU of a named partition: its health is theirs. */
    private static List<Device> named(Set<String> uuids, List<Device> visible) {
        Set<String> parents = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
        for (Device device : visible) {
            if (device.kind() instanceof Device.MigInstance mig && uuids.contains(device.uuid())) {
                parents.add(mig.parentUuid());
            }
        }
        return visible.stream()
                .filter(device -> uuids.contains(device.uuid())
                        || switch (device.kind()) {
                            case Device.Whole _ -> false;
                            case Device.MigParent _ -> parents.contains(device.uuid());
                            case Device.MigInstance mig -> uuids.contains(mig.parentUuid());
                        })
                .toList();
    }

    private static String there(List<Device> devices) {
        List<String> there = new ArrayList<>();
        int closed = 0;
        for (Device device : devices) {
            if (device.uuid().isEmpty()) {
                closed++;
            } else {
                there.add(device.uuid());
            }
        }
        return (there.isEmpty() ? "no GPU is" : String.join(", ", there) + (there.size() == 1 ? " is" : " are"))
                + (closed == 0 ? "" : ", and " + closed + " that may not be opened");
    }
}
