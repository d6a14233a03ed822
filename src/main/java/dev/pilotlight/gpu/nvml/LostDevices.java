package dev.pilotlight.gpu.nvml;

import dev.pilotlight.gpu.readings.Device;
import dev.pilotlight.gpu.readings.Gauges;
import dev.pilotlight.gpu.readings.MemoryHealth;
import dev.pilotlight.gpu.readings.Xids;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Squares what NVML lists now with what it listed before: a GPU that is gone was lost. */
final class LostDevices {
    private LostDevices() {}

    /**
     * The devices, with UUID and name for those that lost even these, and with an entry for each GPU that is no longer
     * listed and each partition of a GPU that no longer works. Partitions that vanish from a working GPU were removed by
     * somebody, and are forgotten.
     *
     * @param seen every device seen working, by UUID; what is to be forgotten is taken out
     */
    static List<Device> in(List<Device> devices, Map<String, Device> seen) {
        List<Device> all = new ArrayList<>();
        for (Device device : devices) {
            all.add(device.state() instanceof Device.Working ? device : asBefore(device, devices, seen));
        }
        for (Device before : List.copyOf(seen.values())) {
            if (find(all, before.uuid()) != null) {
                continue;
            }
            switch (before.kind()) {
                case Device.Whole _, Device.MigParent _ ->
                    all.add(silent(before, before.index(), new Device.Lost("NVML no longer lists it")));
                case Device.MigInstance mig -> {
                    Device parent = find(all, mig.parentUuid());
                    if (parent == null || !(parent.state() instanceof Device.Working)) {
                        all.add(silent(
                                before,
                                before.index(),
                                parent == null ? new Device.Lost("NVML no longer lists its GPU") : parent.state()));
                    } else {
                        seen.remove(before.uuid());
                    }
                }
            }
        }
        return all;
    }

    /**
     * A failing GPU with the kind and name that it had. One refused by index has not even a UUID: it is the one that had
     * the index before, unless that one is elsewhere now.
     */
    private static Device asBefore(Device failing, List<Device> devices, Map<String, Device> seen) {
        for (Device before : seen.values()) {
            boolean same = failing.uuid().isEmpty()
                    ? before.index() == failing.index()
                            && !(before.kind() instanceof Device.MigInstance)
                            && find(devices, before.uuid()) == null
                    : before.uuid().equals(failing.uuid());
            if (same) {
                return silent(before, failing.index(), failing.state());
            }
        }
        return failing;
    }

    private static Device silent(Device before, int index, Device.State state) {
        return new Device(
                index,
                before.uuid(),
                before.name(),
                before.kind(),
                state,
                Gauges.UNKNOWN,
                MemoryHealth.UNKNOWN,
                new Xids.Unknown("the GPU does not answer"));
    }

    private static Device find(List<Device> devices, String uuid) {
        for (Device device : devices) {
            if (device.uuid().equalsIgnoreCase(uuid)) {
                return device;
            }
        }
        return null;
    }
}
