package dev.pilotlight.signal;

/**
 * The requests that this sidecar itself sent to the engine's current process; they are nobody's traffic.
 *
 * @param sent so far
 * @param inFlight of these, not ended yet
 */
public record OwnTraffic(long sent, int inFlight) {
    public static final OwnTraffic NONE = new OwnTraffic(0, 0);

    /** Whether any of it was in the engine between this moment and a later one. */
    boolean overlaps(OwnTraffic later) {
        return inFlight > 0 || later.sent > sent;
    }
}
