package dev.pilotlight.gpu.faults;

/** What a GPU fault does to the engine's liveness. */
public enum OnFault {
    /** The engine is reported dead, so the kubelet restarts it. */
    FAIL,
    /** The fault is shown and nothing else. */
    REPORT
}
