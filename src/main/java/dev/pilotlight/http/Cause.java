package dev.pilotlight.http;

/** How a connection failed. */
public enum Cause {
    /** Nothing listens: the process is loading, or gone. */
    REFUSED,
    /** No answer in time. */
    TIMED_OUT,
    /** Name resolution, TLS, a broken connection. */
    BROKEN
}
