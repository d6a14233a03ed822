package dev.pilotlight.drain;

import java.util.Optional;

/**
 * What is known of a caller who wants the drain.
 *
 * @param method of HTTP
 * @param header the value of {@link DrainRight#HEADER}; neither a URL that somebody makes vLLM fetch nor a page in a browser can send it
 * @param token shown as bearer
 * @param inThisPod both ends of its connection are the loopback address
 * @param browser it bears a header that browsers alone send
 * @param forwarded it bears a header of a proxy, which speaks for somebody elsewhere
 * @param ownHost its Host header, and the authority of its target if it has one, names this pod by an address or as localhost, and is no name that somebody made to point here
 */
public record Caller(
        String method,
        Optional<String> header,
        Optional<String> token,
        boolean inThisPod,
        boolean browser,
        boolean forwarded,
        boolean ownHost) {}
