package dev.pilotlight.engine;

/** What the sleep gauge says; older versions and the Rust front-end have none. */
public enum Sleep {
    AWAKE,
    ASLEEP,
    UNKNOWN
}
