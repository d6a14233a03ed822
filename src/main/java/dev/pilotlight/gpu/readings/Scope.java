package dev.pilotlight.gpu.readings;

/** Whether the devices of a reading are known to be this pod's; {@code why} says how that is known, or what is missing. */
public sealed interface Scope {
    String why();

    /** These devices serve this pod and no other. */
    record Ours(String why) implements Scope {}

    /** Devices that may be anybody's: shown, never blamed on this pod. */
    record Unscoped(String why) implements Scope {}
}
