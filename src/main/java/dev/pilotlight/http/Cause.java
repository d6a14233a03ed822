package dev.pilotlight.http;

/** How a request failed. Only a refused connection says anything of the server's process. */
public enum Cause {
    /** Nothing listens: the process is loading, or gone. */
    REFUSED,
    /** No answer in time. */
    TIMED_OUT,
    /** Something listens, and the two sides do not agree on TLS: a certificate, or whether to speak it at all. */
    TLS,
    /** The host's name is not resolved. */
    NAME,
    /** A broken connection, or an answer that is no HTTP. */
    BROKEN
}
