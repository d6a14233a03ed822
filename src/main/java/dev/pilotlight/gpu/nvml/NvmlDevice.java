package dev.pilotlight.gpu.nvml;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.pilotlight.gpu.readings.MemoryHealth;
import dev.pilotlight.gpu.readings.Throttle;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.ToIntFunction;

/**
 * A GPU or MIG device by its handle, with typed answers: a value that the driver does not tell is empty, and the gravest
 * return code seen is kept in {@link #trouble}.
 */
final class NvmlDevice {
    private static final int GPU_SENSOR = 0;
    private static final int UNCORRECTED = 1;
    private static final int VOLATILE = 0;
    private static final int AGGREGATE = 1;
    private static final int MULTIPLE_SINGLE_BIT = 0;
    private static final int DOUBLE_BIT = 1;

    // A struct's version word is its size or'ed with the version in the top byte.
    private static final int MEMORY_V2 = 0x02000028;
    private static final int TEMPERATURE_V1 = 0x0100000c;

    private static final long MOST_PARTITIONS = 64;

    private final Nvml nvml;
    private final MemorySegment handle;
    private final NvmlFrame frame;
    private int trouble = NvmlReturn.SUCCESS;

    NvmlDevice(Nvml nvml, MemorySegment handle, NvmlFrame frame) {
        this.nvml = nvml;
        this.handle = handle;
        this.frame = frame;
    }

    /** The gravest code so far: lost, then reset required, then any that is neither "not supported" nor "missing". */
    int trouble() {
        return trouble;
    }

    private boolean ok(int code) {
        if (code == NvmlReturn.SUCCESS) {
            return true;
        }
        if (gravity(code) > gravity(trouble)) {
            trouble = code;
        }
        return false;
    }

    private static int gravity(int code) {
        return switch (code) {
            // Ordinary answers of a sound GPU: what it lacks, what MIG mode hides, what a container may not ask.
            case NvmlReturn.SUCCESS,
                    NvmlReturn.NOT_SUPPORTED,
                    NvmlReturn.NO_PERMISSION,
                    NvmlReturn.NOT_FOUND,
                    NvmlReturn.INSUFFICIENT_SIZE,
                    NvmlReturn.FUNCTION_NOT_FOUND,
                    21,
                    25,
                    26 -> 0;
            case NvmlReturn.RESET_REQUIRED -> 2;
            case NvmlReturn.GPU_LOST, NvmlReturn.GPU_NOT_FOUND -> 3;
            default -> 1;
        };
    }

    Optional<String> uuid() {
        return ok(nvml.nvmlDeviceGetUUID(handle, frame.text, frame.textLength()))
                ? Optional.of(frame.text())
                : Optional.empty();
    }

    Optional<String> name() {
        return ok(nvml.nvmlDeviceGetName(handle, frame.text, frame.textLength()))
                ? Optional.of(frame.text())
                : Optional.empty();
    }

    OptionalDouble utilizationRatio() {
        return ok(nvml.nvmlDeviceGetUtilizationRates(handle, frame.struct))
                ? OptionalDouble.of(NvmlFrame.u32(frame.struct, 0) / 100.0)
                : OptionalDouble.empty();
    }

    /** Used and total bytes; by the newer call, which leaves the driver's reserve out of used, where there is one. */
    Memory memory() {
        NvmlFrame.clean(frame.struct);
        frame.struct.set(JAVA_INT, 0, MEMORY_V2);
        if (ok(nvml.nvmlDeviceGetMemoryInfo_v2(handle, frame.struct))) {
            return new Memory(
                    OptionalLong.of(NvmlFrame.u64(frame.struct, 32)), OptionalLong.of(NvmlFrame.u64(frame.struct, 8)));
        }
        if (ok(nvml.nvmlDeviceGetMemoryInfo(handle, frame.struct))) {
            return new Memory(
                    OptionalLong.of(NvmlFrame.u64(frame.struct, 16)), OptionalLong.of(NvmlFrame.u64(frame.struct, 0)));
        }
        return Memory.UNKNOWN;
    }

    /** Bytes of GPU memory. */
    record Memory(OptionalLong usedBytes, OptionalLong totalBytes) {
        static final Memory UNKNOWN = new Memory(OptionalLong.empty(), OptionalLong.empty());
    }

    OptionalDouble temperatureCelsius() {
        if (ok(nvml.nvmlDeviceGetTemperature(handle, GPU_SENSOR, NvmlFrame.clean(frame.first)))) {
            return OptionalDouble.of(NvmlFrame.u32(frame.first));
        }
        // The call above is deprecated from API 13 on and may go; its successor is asked only then.
        NvmlFrame.clean(frame.struct);
        frame.struct.set(JAVA_INT, 0, TEMPERATURE_V1);
        if (ok(nvml.nvmlDeviceGetTemperatureV(handle, frame.struct))) {
            return OptionalDouble.of(frame.struct.get(JAVA_INT, 8));
        }
        return OptionalDouble.empty();
    }

    OptionalDouble powerWatts() {
        return ok(nvml.nvmlDeviceGetPowerUsage(handle, NvmlFrame.clean(frame.first)))
                ? OptionalDouble.of(NvmlFrame.u32(frame.first) / 1000.0)
                : OptionalDouble.empty();
    }

    Optional<Set<Throttle>> throttles() {
        // Drivers before 12.2 know only the older name; the bits are the same.
        if (ok(nvml.nvmlDeviceGetCurrentClocksEventReasons(handle, NvmlFrame.clean(frame.first)))
                || ok(nvml.nvmlDeviceGetCurrentClocksThrottleReasons(handle, NvmlFrame.clean(frame.first)))) {
            return Optional.of(Throttle.of(NvmlFrame.u64(frame.first)));
        }
        return Optional.empty();
    }

    OptionalLong eccUncorrectedVolatile() {
        return eccUncorrected(VOLATILE);
    }

    OptionalLong eccUncorrectedAggregate() {
        return eccUncorrected(AGGREGATE);
    }

    private OptionalLong eccUncorrected(int counter) {
        return ok(nvml.nvmlDeviceGetTotalEccErrors(handle, UNCORRECTED, counter, NvmlFrame.clean(frame.first)))
                ? OptionalLong.of(NvmlFrame.u64(frame.first))
                : OptionalLong.empty();
    }

    MemoryHealth memoryHealth() {
        OptionalLong eccVolatile = eccUncorrectedVolatile();
        OptionalLong eccAggregate = eccUncorrectedAggregate();
        if (ok(nvml.nvmlDeviceGetRemappedRows(
                handle,
                NvmlFrame.clean(frame.first),
                NvmlFrame.clean(frame.second),
                NvmlFrame.clean(frame.third),
                NvmlFrame.clean(frame.fourth)))) {
            return new MemoryHealth(
                    eccVolatile,
                    eccAggregate,
                    OptionalLong.empty(),
                    OptionalLong.of(NvmlFrame.u32(frame.second)),
                    Optional.of(NvmlFrame.u32(frame.third) != 0),
                    Optional.of(NvmlFrame.u32(frame.fourth) != 0));
        }
        return new MemoryHealth(
                eccVolatile, eccAggregate, retiredPages(), OptionalLong.empty(), Optional.empty(), Optional.empty());
    }

    private OptionalLong retiredPages() {
        OptionalLong singleBit = retiredPages(MULTIPLE_SINGLE_BIT);
        OptionalLong doubleBit = retiredPages(DOUBLE_BIT);
        if (singleBit.isEmpty() && doubleBit.isEmpty()) {
            return OptionalLong.empty();
        }
        return OptionalLong.of(singleBit.orElse(0) + doubleBit.orElse(0));
    }

    private OptionalLong retiredPages(int cause) {
        // A capacity of 0 asks how many there are: "too small" is then the good answer.
        int code = nvml.nvmlDeviceGetRetiredPages(handle, cause, NvmlFrame.clean(frame.first), MemorySegment.NULL);
        return code == NvmlReturn.INSUFFICIENT_SIZE || ok(code)
                ? OptionalLong.of(NvmlFrame.u32(frame.first))
                : OptionalLong.empty();
    }

    /** True where the GPU is partitioned; parts without MIG answer "not supported", which is the same as off. */
    boolean migEnabled() {
        return ok(nvml.nvmlDeviceGetMigMode(handle, NvmlFrame.clean(frame.first), NvmlFrame.clean(frame.second)))
                && NvmlFrame.u32(frame.first) == 1;
    }

    List<MemorySegment> migHandles() {
        if (!ok(nvml.nvmlDeviceGetMaxMigDeviceCount(handle, NvmlFrame.clean(frame.first)))) {
            return List.of();
        }
        // A GPU has 7 partitions at most.
        long most = Math.min(MOST_PARTITIONS, NvmlFrame.u32(frame.first));
        List<MemorySegment> handles = new ArrayList<>();
        for (int i = 0; i < most; i++) {
            // An empty slot answers "not found", one of another tenant's "no permission".
            if (ok(nvml.nvmlDeviceGetMigDeviceHandleByIndex(handle, i, NvmlFrame.clean(frame.first)))) {
                handles.add(NvmlFrame.pointer(frame.first));
            }
        }
        return handles;
    }

    OptionalInt gpuInstance() {
        return id(out -> nvml.nvmlDeviceGetGpuInstanceId(handle, out));
    }

    OptionalInt computeInstance() {
        return id(out -> nvml.nvmlDeviceGetComputeInstanceId(handle, out));
    }

    private OptionalInt id(ToIntFunction<MemorySegment> call) {
        return ok(call.applyAsInt(NvmlFrame.clean(frame.first)))
                ? OptionalInt.of((int) NvmlFrame.u32(frame.first))
                : OptionalInt.empty();
    }

    /** False where the driver reports no XID events for this GPU. */
    boolean tellsXids() {
        return ok(nvml.nvmlDeviceGetSupportedEventTypes(handle, NvmlFrame.clean(frame.first)))
                && (NvmlFrame.u64(frame.first) & XidWatch.XID_EVENT) != 0;
    }
}
