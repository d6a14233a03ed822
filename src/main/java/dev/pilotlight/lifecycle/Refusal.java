package dev.pilotlight.lifecycle;

import dev.pilotlight.engine.OrderedStop;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** Why a request for a token came back without one: which of those tell something of the engine. */
public enum Refusal {
    /** 401, 403: we lack the key. */
    KEY,
    /** 429, or a 503 that says so: one too many, or held on request. */
    BUSY,
    /** Any other 4xx: the server has no such endpoint, or dislikes the request. Or a redirect: somebody else answers. */
    UNSUPPORTED,
    /** 500, or an error within a stream: requests fail. */
    ERROR,
    /** 502, 503, 504: requests fail, too. But vLLM itself says 500 of an engine that is dead, and a gateway says these for one that is well. */
    UNAVAILABLE,
    /** The connection broke: it tells nothing. */
    BROKEN;

    /**
     * Source: vLLM's exceptions.py, QueueOverflowError and MaxQueuedTokensError (503, or an error event in a stream);
     * "too many requests" is what proxies say.
     */
    private static final List<String> BY_LIMIT = List.of(
            "currently busy",
            "cannot accept new requests",
            "queued",
            "queue is full",
            "too many requests",
            "overloaded");

    private static final Set<Integer> GATEWAY = Set.of(502, 503, 504);

    /** @param status 0 where no answer came; 200 where a stream began and then reported an error */
    static Refusal of(int status, String body) {
        return switch (status) {
            case 0 -> BROKEN;
            case 401, 403 -> KEY;
            case 429 -> BUSY;
            default ->
                status >= 300 && status < 500
                        ? UNSUPPORTED
                        : isByLimitOrOrder(status, body) ? BUSY : GATEWAY.contains(status) ? UNAVAILABLE : ERROR;
        };
    }

    boolean isError() {
        return this == ERROR || this == UNAVAILABLE;
    }

    private static boolean isByLimitOrOrder(int status, String body) {
        String said = body.toLowerCase(Locale.ROOT);
        return OrderedStop.in(status, body).isPresent() || BY_LIMIT.stream().anyMatch(said::contains);
    }
}
