package dev.pilotlight.gpu.nvml;

import dev.pilotlight.gpu.readings.Device;
import dev.pilotlight.gpu.readings.Gauges;
import dev.pilotlight.gpu.readings.MemoryHealth;
import dev.pilotlight.gpu.readings.Xids;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;

/** NVML from init to shutdown: the GPUs by index with what never changes of them, and the watch for their XIDs. */
final class NvmlSession implements AutoCloseable {
    /** NVML itself has room for 64. */
    private static final int MOST_GPUS = 256;

    private final Nvml nvml;
    private final XidCounts counts;
    private final String driverVersion;
    private final List<Slot> slots = new ArrayList<>();
    private Optional<XidWatch> watch = Optional.empty();

    private NvmlSession(Nvml nvml, XidCounts counts, String driverVersion) {
        this.nvml = nvml;
        this.counts = counts;
        this.driverVersion = driverVersion;
    }

    /** What opening, or reading, gave. */
    sealed interface Opening {
        record Opened(NvmlSession session) implements Opening {}

        record Refused(int code, String function) implements Opening {}
    }

    static Opening open(Nvml nvml, XidCounts counts, Duration xidWait, NvmlFrame frame) {
        int init = nvml.nvmlInit_v2();
        if (init != NvmlReturn.SUCCESS) {
            return new Opening.Refused(init, "nvmlInit_v2");
        }
        int count = nvml.nvmlDeviceGetCount_v2(NvmlFrame.clean(frame.first));
        if (count != NvmlReturn.SUCCESS) {
            nvml.nvmlShutdown();
            return new Opening.Refused(count, "nvmlDeviceGetCount_v2");
        }
        long gpus = NvmlFrame.u32(frame.first);
        if (gpus > MOST_GPUS) {
            nvml.nvmlShutdown();
            return new Opening.Refused(NvmlReturn.SUCCESS, "nvmlDeviceGetCount_v2 says " + gpus + " GPUs and");
        }
        String version = nvml.nvmlSystemGetDriverVersion(frame.text, frame.textLength()) == NvmlReturn.SUCCESS
                ? frame.text()
                : "unknown";
        NvmlSession session = new NvmlSession(nvml, counts, version);
        for (int index = 0; index < gpus; index++) {
            session.slots.add(new Slot(index));
        }
        session.slots.forEach(slot -> session.find(slot, frame));
        session.watchXids(xidWait, frame);
        return new Opening.Opened(session);
    }

    /** One GPU by index; without a handle as long as NVML refuses one. */
    private static final class Slot {
        final int index;
        MemorySegment handle = MemorySegment.NULL;
        String uuid = "";
        String name = "";
        int refusal;
        String xidsUnknown = "";

        Slot(int index) {
            this.index = index;
        }

        boolean found() {
            return handle.address() != 0;
        }
    }

    private void find(Slot slot, NvmlFrame frame) {
        slot.refusal = nvml.nvmlDeviceGetHandleByIndex_v2(slot.index, NvmlFrame.clean(frame.first));
        if (slot.refusal == NvmlReturn.SUCCESS) {
            slot.handle = NvmlFrame.pointer(frame.first);
            NvmlDevice device = new NvmlDevice(nvml, slot.handle, frame);
            slot.uuid = device.uuid().orElse("");
            slot.name = device.name().orElse("");
        }
    }

    private void watchXids(Duration xidWait, NvmlFrame frame) {
        switch (XidWatch.open(nvml, counts, xidWait, frame)) {
            case XidWatch.Opening.Refused(String why) -> slots.forEach(slot -> slot.xidsUnknown = why);
            case XidWatch.Opening.Opened(XidWatch opened) -> {
                for (Slot slot : slots) {
                    if (slot.found()) {
                        slot.xidsUnknown = register(opened, slot, frame);
                    }
                }
                opened.start();
                watch = Optional.of(opened);
            }
        }
    }

    /** Empty when registered, else why not. */
    private String register(XidWatch opened, Slot slot, NvmlFrame frame) {
        if (!new NvmlDevice(nvml, slot.handle, frame).tellsXids()) {
            return "the driver reports no XID events for this GPU";
        }
        int code = opened.add(slot.handle, slot.uuid);
        return code == NvmlReturn.SUCCESS ? "" : "nvmlDeviceRegisterEvents answers " + NvmlReturn.says(code);
    }

    String driverVersion() {
        return driverVersion;
    }

    /**
     * Whether the session still fits: false when GPUs came or went, one that was refused can be had now, or NVML wants to
     * be initialised again. Then it is to be closed and opened again.
     */
    boolean fits(NvmlFrame frame) {
        if (nvml.nvmlDeviceGetCount_v2(NvmlFrame.clean(frame.first)) != NvmlReturn.SUCCESS
                || NvmlFrame.u32(frame.first) != slots.size()) {
            return false;
        }
        for (Slot slot : slots) {
            if (!slot.found()) {
                find(slot, frame);
                if (slot.found()) {
                    return false;
                }
            }
        }
        return true;
    }

    List<Device> read(NvmlFrame frame) {
        List<Device> devices = new ArrayList<>(slots.size());
        for (Slot slot : slots) {
            if (slot.found()) {
                read(slot, frame, devices);
            } else {
                devices.add(silent(slot, state(slot.refusal, "nvmlDeviceGetHandleByIndex_v2")));
            }
        }
        return devices;
    }

    private void read(Slot slot, NvmlFrame frame, List<Device> devices) {
        NvmlDevice device = new NvmlDevice(nvml, slot.handle, frame);
        boolean partitioned = device.migEnabled();
        NvmlDevice.Memory memory = device.memory();
        Gauges gauges = new Gauges(
                device.utilizationRatio(),
                memory.usedBytes(),
                memory.totalBytes(),
                device.temperatureCelsius(),
                device.powerWatts(),
                device.throttles());
        MemoryHealth health = device.memoryHealth();
        Device.State state = state(device.trouble(), !gauges.equals(Gauges.UNKNOWN));
        if (!(state instanceof Device.Working)) {
            devices.add(silent(slot, state));
            return;
        }
        devices.add(new Device(
                slot.index,
                slot.uuid,
                slot.name,
                partitioned ? Device.MigParent.PARENT : Device.Whole.WHOLE,
                state,
                gauges,
                health,
                xids(slot, partitioned ? counts.ofWholeGpu(slot.uuid) : counts.ofGpu(slot.uuid))));
        if (partitioned) {
            device.migHandles().forEach(mig -> devices.add(partition(slot, mig, frame)));
        }
    }

    private Device partition(Slot parent, MemorySegment handle, NvmlFrame frame) {
        NvmlDevice mig = new NvmlDevice(nvml, handle, frame);
        OptionalInt instance = mig.gpuInstance();
        NvmlDevice.Memory memory = mig.memory();
        // NVML tells no utilisation, temperature or power of a partition.
        Gauges gauges = new Gauges(
                OptionalDouble.empty(),
                memory.usedBytes(),
                memory.totalBytes(),
                OptionalDouble.empty(),
                OptionalDouble.empty(),
                Optional.empty());
        OptionalLong eccVolatile = mig.eccUncorrectedVolatile();
        String name = mig.name().orElse("");
        return new Device(
                parent.index,
                mig.uuid().orElse(""),
                name,
                new Device.MigInstance(parent.uuid, instance, mig.computeInstance(), profile(name)),
                state(mig.trouble(), memory.usedBytes().isPresent()),
                gauges,
                new MemoryHealth(
                        eccVolatile,
                        mig.eccUncorrectedAggregate(),
                        OptionalLong.empty(),
                        OptionalLong.empty(),
                        Optional.empty(),
                        Optional.empty()),
                instance.isEmpty()
                        ? new Xids.Unknown("the MIG device has no GPU instance id")
                        : xids(parent, counts.ofInstance(parent.uuid, instance.getAsInt())));
    }

    /** The last word of a MIG device's name: {@code NVIDIA A100-SXM4-40GB MIG 1g.5gb}. */
    private static Optional<String> profile(String name) {
        int mig = name.lastIndexOf("MIG ");
        return mig < 0 ? Optional.empty() : Optional.of(name.substring(mig + 4).strip());
    }

    private static Xids xids(Slot slot, Xids.Counted counted) {
        return slot.xidsUnknown.isEmpty() ? counted : new Xids.Unknown(slot.xidsUnknown);
    }

    private static Device silent(Slot slot, Device.State state) {
        return new Device(
                slot.index,
                slot.uuid,
                slot.name,
                Device.Whole.WHOLE,
                state,
                Gauges.UNKNOWN,
                MemoryHealth.UNKNOWN,
                new Xids.Unknown("the GPU does not answer"));
    }

    /** Lost or to be reset is what any call may say; another error counts only where no call said anything else. */
    private static Device.State state(int trouble, boolean answers) {
        return switch (trouble) {
            case NvmlReturn.GPU_LOST, NvmlReturn.GPU_NOT_FOUND, NvmlReturn.RESET_REQUIRED ->
                state(trouble, "its calls");
            default -> answers || trouble == NvmlReturn.SUCCESS ? Device.Working.WORKING : state(trouble, "its calls");
        };
    }

    private static Device.State state(int code, String calls) {
        String why = calls + " answered " + NvmlReturn.says(code);
        return switch (code) {
            case NvmlReturn.GPU_LOST, NvmlReturn.GPU_NOT_FOUND -> new Device.Lost(why);
            case NvmlReturn.RESET_REQUIRED -> new Device.ResetRequired(why);
            default -> new Device.Unreadable(why);
        };
    }

    @Override
    public void close() {
        watch.ifPresent(XidWatch::close);
        nvml.nvmlShutdown();
    }
}
