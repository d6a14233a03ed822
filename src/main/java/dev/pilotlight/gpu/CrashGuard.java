package dev.pilotlight.gpu;

import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Whether NVML is to be left alone in this start. A driver that crashes takes the process with it, and no code of ours can catch that; what
 * is left is not to load it a third time. Of no other part of the sidecar is a crash by signal known.
 */
public final class CrashGuard {
    /** One crash may be chance, and the kubelet starts the first restart at once. */
    private static final int PATIENCE = 2;

    /** By exit code, as a shell and a container runtime give it: 128 and the signal's number. */
    private static final Map<Integer, String> CRASHES =
            Map.of(132, "SIGILL", 134, "SIGABRT", 135, "SIGBUS", 139, "SIGSEGV");

    private CrashGuard() {}

    /**
     * Why NVML is left out, and the fix; empty where it may be loaded.
     *
     * @param ends how often this container ended before
     * @param lastExitCode of the newest end
     */
    public static Optional<String> leavesOut(int ends, OptionalInt lastExitCode) {
        if (ends < PATIENCE || lastExitCode.isEmpty()) {
            return Optional.empty();
        }
        return Optional.ofNullable(CRASHES.get(lastExitCode.getAsInt()))
                .map(signal -> "NVML is left out of this start: the sidecar ended " + ends + " times, the last time by "
                        + signal + " (exit code " + lastExitCode.getAsInt()
                        + "), as a driver that crashes ends it; set pilotlight.gpu.source to dcgm or none, or replace the"
                        + " pod once the node's driver is sound");
    }
}
