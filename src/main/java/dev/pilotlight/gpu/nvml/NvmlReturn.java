package dev.pilotlight.gpu.nvml;

/** NVML's return codes: data, not exceptions. */
final class NvmlReturn {
    static final int SUCCESS = 0;
    static final int UNINITIALIZED = 1;
    static final int NOT_SUPPORTED = 3;
    static final int NO_PERMISSION = 4;
    static final int NOT_FOUND = 6;
    static final int INSUFFICIENT_SIZE = 7;
    static final int DRIVER_NOT_LOADED = 9;
    static final int TIMEOUT = 10;
    static final int FUNCTION_NOT_FOUND = 13;
    static final int GPU_LOST = 15;
    static final int RESET_REQUIRED = 16;
    static final int VERSION_MISMATCH = 18;
    static final int GPU_NOT_FOUND = 28;

    private NvmlReturn() {}

    /** The code in words, with its number; a code of a newer driver is told by its number alone. */
    static String says(int code) {
        String words =
                switch (code) {
                    case SUCCESS -> "ok";
                    case UNINITIALIZED -> "not initialised";
                    case 2 -> "bad argument";
                    case NOT_SUPPORTED -> "not supported";
                    case NO_PERMISSION -> "no permission";
                    case NOT_FOUND -> "not found";
                    case INSUFFICIENT_SIZE -> "buffer too small";
                    case 8 -> "power cable not attached";
                    case DRIVER_NOT_LOADED -> "driver not loaded";
                    case TIMEOUT -> "timeout";
                    case 11 -> "interrupt problem";
                    case 12 -> "library missing";
                    case FUNCTION_NOT_FOUND -> "function missing in this driver's library";
                    case 14 -> "infoROM corrupt";
                    case GPU_LOST -> "GPU lost";
                    case RESET_REQUIRED -> "GPU reset required";
                    case 17 -> "blocked by the operating system or a cgroup";
                    case VERSION_MISMATCH -> "driver and library versions differ";
                    case 19 -> "in use";
                    case 20 -> "out of memory";
                    case 21 -> "no data";
                    case 22 -> "vGPU refused because of ECC";
                    case 23 -> "out of resources";
                    case 25 -> "struct version unknown to this driver";
                    case 26 -> "deprecated";
                    case 27 -> "not ready";
                    case GPU_NOT_FOUND -> "GPU not found";
                    case 29 -> "invalid state";
                    case 999 -> "unknown error";
                    default -> "a code this version does not know";
                };
        return code + " (" + words + ")";
    }

    /** What to do about a failing {@code nvmlInit_v2}. */
    static String fix(int code) {
        return switch (code) {
            case DRIVER_NOT_LOADED -> "load the nvidia kernel module on the node; asked again until it is there";
            case NO_PERMISSION, 17 -> "give the sidecar access to the GPU (docs/gpu.md, \"GPU access\")";
            case VERSION_MISMATCH ->
                "the driver was updated under a running node: reboot the node, or reload the kernel module, then"
                        + " recreate the pod";
            case NOT_FOUND, GPU_NOT_FOUND -> "no GPU is visible here: see docs/gpu.md, \"GPU access\"";
            default -> "run nvidia-smi on the node and look at its kernel log";
        };
    }
}
