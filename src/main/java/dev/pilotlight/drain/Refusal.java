package dev.pilotlight.drain;

import java.util.Locale;

/** Why a drain was refused: the label of {@code pilotlight_drains_refused_total}, and the status of the answer. */
public enum Refusal {
    /** Not a POST. */
    METHOD(405),
    /** No {@link DrainRight#HEADER}. */
    HEADER(403),
    BROWSER(403),
    FORWARDED(403),
    /** A Host header that is no address of this pod. */
    HOST(403),
    /** From elsewhere, without a token, and with no API server to ask. */
    STRANGER(403),
    /** The API server says that this pod is not being deleted. */
    STAYS(403),
    /** The API server could not be asked. */
    UNHEARD(403),
    /** The loop does not turn. */
    STUCK(503);

    private final int status;

    Refusal(int status) {
        this.status = status;
    }

    /** Of HTTP. */
    public int status() {
        return status;
    }

    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
