package dev.pilotlight.health;

/** An answer to a probe, with its reason. */
public record Verdict(boolean up, String reason) {
    static Verdict yes(String reason) {
        return new Verdict(true, reason);
    }

    static Verdict no(String reason) {
        return new Verdict(false, reason);
    }
}
