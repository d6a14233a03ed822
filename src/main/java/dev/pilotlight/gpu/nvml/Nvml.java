package dev.pilotlight.gpu.nvml;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.util.List;
import java.util.Optional;

/**
 * NVIDIA's management library: one Java method for each C function used, under its C name, answering the return code.
 *
 * <p>The names are the versioned symbols: those without suffix are other functions with older layouts. A function that
 * the driver's library lacks answers {@link NvmlReturn#FUNCTION_NOT_FOUND}.
 */
final class Nvml {
    /** Where container runtimes put the library: the loader's path first, then where GKE and bare mounts leave it. */
    static final List<String> LIBRARIES = List.of(
            "libnvidia-ml.so.1",
            "/usr/local/nvidia/lib64/libnvidia-ml.so.1",
            "/usr/lib64/libnvidia-ml.so.1",
            "/usr/lib/x86_64-linux-gnu/libnvidia-ml.so.1",
            "/usr/lib/aarch64-linux-gnu/libnvidia-ml.so.1");

    private final String library;
    private final MemorySegment nvmlInit_v2;
    private final MemorySegment nvmlShutdown;
    private final MemorySegment nvmlSystemGetDriverVersion;
    private final MemorySegment nvmlDeviceGetCount_v2;
    private final MemorySegment nvmlDeviceGetHandleByIndex_v2;
    private final MemorySegment nvmlDeviceGetUUID;
    private final MemorySegment nvmlDeviceGetName;
    private final MemorySegment nvmlDeviceGetUtilizationRates;
    private final MemorySegment nvmlDeviceGetMemoryInfo_v2;
    private final MemorySegment nvmlDeviceGetMemoryInfo;
    private final MemorySegment nvmlDeviceGetTemperature;
    private final MemorySegment nvmlDeviceGetTemperatureV;
    private final MemorySegment nvmlDeviceGetPowerUsage;
    private final MemorySegment nvmlDeviceGetCurrentClocksEventReasons;
    private final MemorySegment nvmlDeviceGetCurrentClocksThrottleReasons;
    private final MemorySegment nvmlDeviceGetTotalEccErrors;
    private final MemorySegment nvmlDeviceGetRemappedRows;
    private final MemorySegment nvmlDeviceGetRetiredPages;
    private final MemorySegment nvmlDeviceGetMigMode;
    private final MemorySegment nvmlDeviceGetMaxMigDeviceCount;
    private final MemorySegment nvmlDeviceGetMigDeviceHandleByIndex;
    private final MemorySegment nvmlDeviceGetGpuInstanceId;
    private final MemorySegment nvmlDeviceGetComputeInstanceId;
    private final MemorySegment nvmlDeviceGetSupportedEventTypes;
    private final MemorySegment nvmlEventSetCreate;
    private final MemorySegment nvmlDeviceRegisterEvents;
    private final MemorySegment nvmlEventSetWait_v2;
    private final MemorySegment nvmlEventSetFree;

    private Nvml(String library, SymbolLookup symbols) {
        this.library = library;
        nvmlInit_v2 = find(symbols, "nvmlInit_v2");
        nvmlShutdown = find(symbols, "nvmlShutdown");
        nvmlSystemGetDriverVersion = find(symbols, "nvmlSystemGetDriverVersion");
        nvmlDeviceGetCount_v2 = find(symbols, "nvmlDeviceGetCount_v2");
        nvmlDeviceGetHandleByIndex_v2 = find(symbols, "nvmlDeviceGetHandleByIndex_v2");
        nvmlDeviceGetUUID = find(symbols, "nvmlDeviceGetUUID");
        nvmlDeviceGetName = find(symbols, "nvmlDeviceGetName");
        nvmlDeviceGetUtilizationRates = find(symbols, "nvmlDeviceGetUtilizationRates");
        nvmlDeviceGetMemoryInfo_v2 = find(symbols, "nvmlDeviceGetMemoryInfo_v2");
        nvmlDeviceGetMemoryInfo = find(symbols, "nvmlDeviceGetMemoryInfo");
        nvmlDeviceGetTemperature = find(symbols, "nvmlDeviceGetTemperature");
        nvmlDeviceGetTemperatureV = find(symbols, "nvmlDeviceGetTemperatureV");
        nvmlDeviceGetPowerUsage = find(symbols, "nvmlDeviceGetPowerUsage");
        nvmlDeviceGetCurrentClocksEventReasons = find(symbols, "nvmlDeviceGetCurrentClocksEventReasons");
        nvmlDeviceGetCurrentClocksThrottleReasons = find(symbols, "nvmlDeviceGetCurrentClocksThrottleReasons");
        nvmlDeviceGetTotalEccErrors = find(symbols, "nvmlDeviceGetTotalEccErrors");
        nvmlDeviceGetRemappedRows = find(symbols, "nvmlDeviceGetRemappedRows");
        nvmlDeviceGetRetiredPages = find(symbols, "nvmlDeviceGetRetiredPages");
        nvmlDeviceGetMigMode = find(symbols, "nvmlDeviceGetMigMode");
        nvmlDeviceGetMaxMigDeviceCount = find(symbols, "nvmlDeviceGetMaxMigDeviceCount");
        nvmlDeviceGetMigDeviceHandleByIndex = find(symbols, "nvmlDeviceGetMigDeviceHandleByIndex");
        nvmlDeviceGetGpuInstanceId = find(symbols, "nvmlDeviceGetGpuInstanceId");
        nvmlDeviceGetComputeInstanceId = find(symbols, "nvmlDeviceGetComputeInstanceId");
        nvmlDeviceGetSupportedEventTypes = find(symbols, "nvmlDeviceGetSupportedEventTypes");
        nvmlEventSetCreate = find(symbols, "nvmlEventSetCreate");
        nvmlDeviceRegisterEvents = find(symbols, "nvmlDeviceRegisterEvents");
        nvmlEventSetWait_v2 = find(symbols, "nvmlEventSetWait_v2");
        nvmlEventSetFree = find(symbols, "nvmlEventSetFree");
    }

    /** What loading gave. */
    sealed interface Loading {
        record Loaded(Nvml nvml) implements Loading {}

        record Missing(String why) implements Loading {}
    }

    /** Loads the first of the libraries that is there; once loaded it stays for the life of the process. */
    @SuppressWarnings("restricted")
    static Loading load(List<String> libraries) {
        StringBuilder why = new StringBuilder();
        for (String library : libraries) {
            try {
                return new Loading.Loaded(new Nvml(library, SymbolLookup.libraryLookup(library, Arena.global())));
            } catch (IllegalArgumentException notThere) {
                reason(library).ifPresent(said -> why.append("; ").append(said));
            }
        }
        return new Loading.Missing("no NVIDIA driver in sight: " + libraries.getFirst() + " does not load" + why
                + "; give the sidecar access to the GPU (docs/gpu.md) or set pilotlight.gpu.source to dcgm or none");
    }

    /** Why the loader refuses a file that is there: a lookup keeps that to itself, and the older way of loading tells. */
    @SuppressWarnings("restricted")
    private static Optional<String> reason(String library) {
        if (!library.startsWith("/")) {
            return Optional.empty();
        }
        try {
            System.load(library);
            return Optional.empty();
        } catch (UnsatisfiedLinkError refused) {
            // Of one that is not there it says no more than that.
            return Optional.of(String.valueOf(refused.getMessage()).replaceAll("\\p{Cntrl}", "?"))
                    .filter(why -> !why.startsWith("Can't load library"));
        }
    }

    private static MemorySegment find(SymbolLookup symbols, String name) {
        return symbols.find(name).orElse(MemorySegment.NULL);
    }

    /** The name or path under which the library was loaded. */
    String library() {
        return library;
    }

    int nvmlInit_v2() {
        return Downcalls.call(nvmlInit_v2);
    }

    int nvmlShutdown() {
        return Downcalls.call(nvmlShutdown);
    }

    int nvmlSystemGetDriverVersion(MemorySegment version, int length) {
        return Downcalls.callPI(nvmlSystemGetDriverVersion, version, length);
    }

    int nvmlDeviceGetCount_v2(MemorySegment count) {
        return Downcalls.callP(nvmlDeviceGetCount_v2, count);
    }

    int nvmlDeviceGetHandleByIndex_v2(int index, MemorySegment device) {
        return Downcalls.callIP(nvmlDeviceGetHandleByIndex_v2, index, device);
    }

    int nvmlDeviceGetUUID(MemorySegment device, MemorySegment uuid, int length) {
        return Downcalls.callPPI(nvmlDeviceGetUUID, device, uuid, length);
    }

    int nvmlDeviceGetName(MemorySegment device, MemorySegment name, int length) {
        return Downcalls.callPPI(nvmlDeviceGetName, device, name, length);
    }

    int nvmlDeviceGetUtilizationRates(MemorySegment device, MemorySegment utilization) {
        return Downcalls.callPP(nvmlDeviceGetUtilizationRates, device, utilization);
    }

    int nvmlDeviceGetMemoryInfo_v2(MemorySegment device, MemorySegment memory) {
        return Downcalls.callPP(nvmlDeviceGetMemoryInfo_v2, device, memory);
    }

    int nvmlDeviceGetMemoryInfo(MemorySegment device, MemorySegment memory) {
        return Downcalls.callPP(nvmlDeviceGetMemoryInfo, device, memory);
    }

    int nvmlDeviceGetTemperature(MemorySegment device, int sensor, MemorySegment celsius) {
        return Downcalls.callPIP(nvmlDeviceGetTemperature, device, sensor, celsius);
    }

    int nvmlDeviceGetTemperatureV(MemorySegment device, MemorySegment temperature) {
        return Downcalls.callPP(nvmlDeviceGetTemperatureV, device, temperature);
    }

    int nvmlDeviceGetPowerUsage(MemorySegment device, MemorySegment milliwatts) {
        return Downcalls.callPP(nvmlDeviceGetPowerUsage, device, milliwatts);
    }

    int nvmlDeviceGetCurrentClocksEventReasons(MemorySegment device, MemorySegment mask) {
        return Downcalls.callPP(nvmlDeviceGetCurrentClocksEventReasons, device, mask);
    }

    int nvmlDeviceGetCurrentClocksThrottleReasons(MemorySegment device, MemorySegment mask) {
        return Downcalls.callPP(nvmlDeviceGetCurrentClocksThrottleReasons, device, mask);
    }

    int nvmlDeviceGetTotalEccErrors(MemorySegment device, int errorType, int counterType, MemorySegment count) {
        return Downcalls.callPIIP(nvmlDeviceGetTotalEccErrors, device, errorType, counterType, count);
    }

    int nvmlDeviceGetRemappedRows(
            MemorySegment device,
            MemorySegment correctable,
            MemorySegment uncorrectable,
            MemorySegment pending,
            MemorySegment failed) {
        return Downcalls.callPPPPP(nvmlDeviceGetRemappedRows, device, correctable, uncorrectable, pending, failed);
    }

    int nvmlDeviceGetRetiredPages(MemorySegment device, int cause, MemorySegment count, MemorySegment addresses) {
        return Downcalls.callPIPP(nvmlDeviceGetRetiredPages, device, cause, count, addresses);
    }

    int nvmlDeviceGetMigMode(MemorySegment device, MemorySegment current, MemorySegment pending) {
        return Downcalls.callPPP(nvmlDeviceGetMigMode, device, current, pending);
    }

    int nvmlDeviceGetMaxMigDeviceCount(MemorySegment device, MemorySegment count) {
        return Downcalls.callPP(nvmlDeviceGetMaxMigDeviceCount, device, count);
    }

    int nvmlDeviceGetMigDeviceHandleByIndex(MemorySegment device, int index, MemorySegment mig) {
        return Downcalls.callPIP(nvmlDeviceGetMigDeviceHandleByIndex, device, index, mig);
    }

    int nvmlDeviceGetGpuInstanceId(MemorySegment mig, MemorySegment id) {
        return Downcalls.callPP(nvmlDeviceGetGpuInstanceId, mig, id);
    }

    int nvmlDeviceGetComputeInstanceId(MemorySegment mig, MemorySegment id) {
        return Downcalls.callPP(nvmlDeviceGetComputeInstanceId, mig, id);
    }

    int nvmlDeviceGetSupportedEventTypes(MemorySegment device, MemorySegment mask) {
        return Downcalls.callPP(nvmlDeviceGetSupportedEventTypes, device, mask);
    }

    int nvmlEventSetCreate(MemorySegment set) {
        return Downcalls.callP(nvmlEventSetCreate, set);
    }

    int nvmlDeviceRegisterEvents(MemorySegment device, long mask, MemorySegment set) {
        return Downcalls.callPLP(nvmlDeviceRegisterEvents, device, mask, set);
    }

    int nvmlEventSetWait_v2(MemorySegment set, MemorySegment event, int timeoutMillis) {
        return Downcalls.callPPI(nvmlEventSetWait_v2, set, event, timeoutMillis);
    }

    int nvmlEventSetFree(MemorySegment set) {
        return Downcalls.callP(nvmlEventSetFree, set);
    }
}
